// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "dump/collect/kernel-view.h"
#include "dump/collect/pagewalk.h"
#include "dump/collect/toc-kernel.h"
#include "dump/collect/toc.h"
#include "dump/core/elfnote.h"
#include "dump/stack/kallsyms.h"

/* struct module begins with a number and its place in the list, behind which is the name: with any configuration. */
#define NAME_BEHIND_LIST 16
#define MODULE_NAME	 "qcom_minidump_ram"
/* Far more than anybody has loaded. */
#define MODULES_MAX 4096
/* Of the module's memory, on either side of its struct module: far more than it has. */
#define PAGES_MAX 64

static bool find_module(struct page_reader *memory, uint64_t head, uint64_t *ret)
{
	char name[sizeof(MODULE_NAME)];
	uint64_t at = head;

	/* A damaged list may come round without its head. */
	for (size_t i = 0; i < MODULES_MAX; i++) {
		if (!page_reader_read(memory, at, &at, sizeof(at)) || at == head)
			return false;
		if (page_reader_read(memory, at + NAME_BEHIND_LIST, name, sizeof(name)) &&
		    !memcmp(name, MODULE_NAME, sizeof(name))) {
			*ret = at;
			return true;
		}
	}
	return false;
}

/* A variable that points to the header of a table: whichever it is, nothing else looks like that. */
static bool is_pointer(const struct page_reader *memory, uint64_t value, uint64_t *header)
{
	struct minidump_ram_header h;
	uint64_t size;

	if (value >> 56 != 0xff || value % DUMP_PAGE || !pagewalk(memory->img, &memory->tables, value, header, &size) ||
	    image_read(memory->img, *header, &h, sizeof(h)) < 0)
		return false;
	return toc_header_plausible(&h) && le64toh(h.self) == *header && toc_header_checksum_ok(&h);
}

static bool look_in_page(struct page_reader *memory, uint64_t page, uint64_t *header)
{
	uint64_t words[DUMP_PAGE / sizeof(uint64_t)];

	if (!page_reader_read(memory, page, words, sizeof(words)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (is_pointer(memory, words[i], header))
			return true;
	return false;
}

/* struct module is among the module's variables. What is mapped in front of it and behind it is the module's. */
static bool look_around(struct page_reader *memory, uint64_t module, uint64_t *header)
{
	uint64_t from = page_down(module), paddr, size;

	for (size_t i = 0; i < PAGES_MAX && pagewalk(memory->img, &memory->tables, from, &paddr, &size); i++) {
		if (look_in_page(memory, from, header))
			return true;
		from -= DUMP_PAGE;
	}
	from = page_down(module) + DUMP_PAGE;
	for (size_t i = 1; i < PAGES_MAX && pagewalk(memory->img, &memory->tables, from, &paddr, &size); i++) {
		if (look_in_page(memory, from, header))
			return true;
		from += DUMP_PAGE;
	}
	return false;
}

bool toc_of_vmcoreinfo(const struct image *img, const struct kv *v, uint64_t *header)
{
	struct page_reader memory;
	struct corefile view;
	struct kmap k;
	uint64_t head, module;
	bool known;

	if (!page_reader_start(&memory, img, v))
		return false;
	kmap_image(&k, v);
	kernel_view_open(&view, img, &k, v);
	known = kallsyms_address(&view, "modules", &head);
	kernel_view_close(&view);
	return known && find_module(&memory, head, &module) && look_around(&memory, module, header);
}

bool toc_of_kernel(const struct image *img, uint64_t *header)
{
	struct elfnote note;
	size_t pos = 0;

	while (elfnote_next(img->elf.notes, img->elf.notes_size, &pos, &note)) {
		struct kv v;
		bool found;

		if (!elfnote_is(&note, VMCOREINFO_NAME, 0))
			continue;
		kv_parse(&v, note.desc, note.desc_size);
		found = toc_of_vmcoreinfo(img, &v, header);
		kv_clear(&v);
		return found;
	}
	return false;
}
