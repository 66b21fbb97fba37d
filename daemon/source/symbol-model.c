// SPDX-License-Identifier: GPL-2.0-only
/* Where the kernel has what tells readers of a dump its version and how its memory is laid out. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/source/symbol-private.h"
#include "lib/cleanup.h"
#include "lib/strv.h"

#define VMCOREINFO_MAX 65536

/* All that is looked up here. There may be no memory model of this kind. */
static const char *const names[] = { "init_uts_ns",	"-node_states",	   "-mem_section",
				     "vmcoreinfo_data", "vmcoreinfo_size", "__highest_present_section_nr" };

static bool read_variable(struct symbol_reader *r, const char *name, uint64_t *ret, struct symbol_place *place)
{
	const struct ksym *sym;

	return symbol_look_up(r, name, &sym, place) &&
	       symbol_read_word(r, sym->address, policy_symbol_name(name), ret, place);
}

/* n words from address on, to be freed; NULL: place says why. */
static struct kread_word *read_words(struct symbol_reader *r, uint64_t address, size_t n, struct symbol_place *place)
{
	struct kread_word *words = calloc(n + 1, sizeof(*words));
	int err = words ? 0 : -ENOMEM;

	for (size_t i = 0; words && i < n; i++)
		words[i].address = address + i * sizeof(words->value);
	if (words)
		err = kread_words(r->kread, words, n);
	for (size_t i = 0; i < n && err >= 0; i++)
		err = words[i].error;
	if (err >= 0)
		return words;
	free(words);
	symbol_fail(place, err, "the memory model can't be read: %s", strerror(-err));
	return NULL;
}

/* The kernel's VMCOREINFO, as text. */
static char *read_vmcoreinfo(struct symbol_reader *r, struct symbol_place *place)
{
	_cleanup_free_ struct kread_word *words = NULL;
	uint64_t address, size;
	char *text;

	if (!read_variable(r, "vmcoreinfo_data", &address, place) || !read_variable(r, "vmcoreinfo_size", &size, place))
		return NULL;
	if (size > VMCOREINFO_MAX) {
		symbol_fail(place, -ERANGE, "VMCOREINFO has %" PRIu64 " bytes", size);
		return NULL;
	}
	words = read_words(r, address, (size + 7) / 8, place);
	text = words ? calloc(1, size + 8) : NULL;
	for (size_t i = 0; text && i < (size + 7) / 8; i++)
		memcpy(text + 8 * i, &words[i].value, 8);
	if (words && !text)
		symbol_fail(place, -ENOMEM, "out of memory");
	return text;
}

static bool number_of(const char *text, const char *key, uint64_t *ret, struct symbol_place *place)
{
	const char *at = strstr(text, key);

	*ret = at ? strtoull(at + strlen(key), NULL, 10) : 0;
	return *ret ? true : symbol_fail(place, -EOPNOTSUPP, "VMCOREINFO has no %s", key);
}

/* The pointers that mem_section points to, as many as the kernel could ever use. */
static bool find_roots(struct symbol_reader *r, struct symbol_model *m, uint64_t *ret_section_size)
{
	struct symbol_place *place = &m->roots;
	_cleanup_free_ char *text = NULL;
	uint64_t address, n;

	if (!read_variable(r, "-mem_section", &address, place))
		return false;
	text = read_vmcoreinfo(r, place);
	if (!text || !number_of(text, "LENGTH(mem_section)=", &n, place) ||
	    !number_of(text, "SIZE(mem_section)=", ret_section_size, place))
		return false;
	*place = (struct symbol_place){ .address = address, .size = n * sizeof(uint64_t) };
	return true;
}

/* What each of them points to: a page of struct mem_section. */
static bool find_sections(struct symbol_reader *r, struct symbol_model *m, uint64_t section_size)
{
	uint64_t page = sysconf(_SC_PAGESIZE), per_root = page / section_size, highest, n;
	_cleanup_free_ struct kread_word *roots = NULL;

	if (!per_root)
		return symbol_fail(m->sections, -ERANGE, "struct mem_section has %" PRIu64 " bytes", section_size);
	if (!read_variable(r, "__highest_present_section_nr", &highest, m->sections))
		return false;
	n = highest / per_root + 1;
	roots = read_words(r, m->roots.address, n < SYMBOL_SECTIONS_MAX ? n : SYMBOL_SECTIONS_MAX, m->sections);
	for (size_t i = 0; roots && i < n && i < SYMBOL_SECTIONS_MAX; i++)
		if (roots[i].value)
			m->sections[m->n_sections++] = (struct symbol_place){
				.address = roots[i].value,
				.size = per_root * section_size,
			};
	return roots;
}

int symbol_model_names(char ***all)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && r >= 0; i++)
		r = strv_append(all, names[i]);
	return r;
}

void symbol_model(struct symbol_reader *r, struct symbol_model *ret)
{
	uint64_t section_size;

	*ret = (struct symbol_model){};
	symbol_find(r, names[0], &ret->uts);
	symbol_find(r, names[1], &ret->nodes);
	symbol_find(r, names[2], &ret->section);
	if (!ret->section.error)
		ret->section.size = sizeof(uint64_t);
	if (!find_roots(r, ret, &section_size)) {
		ret->sections[0] = ret->roots;
		ret->n_sections = 1;
	} else if (!find_sections(r, ret, section_size)) {
		ret->n_sections = 1;
	}
}
