// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "dump/core/elffile.h"
#include "dump/core/elfnote.h"
#include "dump/collect/kernel-text.h"
#include "lib/text.h"

/* arch/x86/include/asm/orc_lookup.h: a block of code for each entry of the lookup table */
#define LOOKUP_BLOCK 256

#define SECTION_MAX (256 * MIB)

struct vmlinux {
	Elf *elf;
	const char *path;
	uint64_t offset; /* by which the kernel was moved when it started */
	const struct kmap *k;
	struct made_list *made;
};

/* A section of the file, with its header; NULL: there is none. */
static Elf_Scn *find_section(const struct vmlinux *v, const char *name, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(v->elf, &names) < 0)
		return NULL;
	while ((scn = elf_nextscn(v->elf, scn))) {
		const char *s = gelf_getshdr(scn, shdr) ? elf_strptr(v->elf, names, shdr->sh_name) : NULL;

		if (s && !strcmp(s, name) && shdr->sh_size <= SECTION_MAX)
			return scn;
	}
	return NULL;
}

static Elf_Data *section_data(const struct vmlinux *v, const char *name, GElf_Shdr *shdr)
{
	Elf_Scn *scn = find_section(v, name, shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;

	return data && data->d_buf && data->d_size == shdr->sh_size ? data : NULL;
}

static bool find_symbol(const struct vmlinux *v, const char *name, GElf_Sym *ret)
{
	GElf_Shdr shdr;
	Elf_Data *data = section_data(v, ".symtab", &shdr);

	for (int i = 0; data && gelf_getsym(data, i, ret); i++) {
		const char *s = elf_strptr(v->elf, shdr.sh_link, ret->st_name);

		if (s && !strcmp(s, name))
			return true;
	}
	return false;
}

/* What is at an address, and how much of it up to the end of its section; NULL: nothing. */
static const char *contents(const struct vmlinux *v, uint64_t addr, uint64_t *left)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(v->elf, scn))) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) || !(shdr.sh_flags & SHF_ALLOC) || shdr.sh_type != SHT_PROGBITS ||
		    addr < shdr.sh_addr || addr - shdr.sh_addr >= shdr.sh_size || shdr.sh_size > SECTION_MAX)
			continue;
		data = elf_getdata(scn, NULL);
		*left = shdr.sh_size - (addr - shdr.sh_addr);
		return data && data->d_buf && data->d_size == shdr.sh_size ?
			       (const char *)data->d_buf + (addr - shdr.sh_addr) :
			       NULL;
	}
	return NULL;
}

/* An address of the file is one of the dump. */
static char *add(const struct vmlinux *v, uint64_t addr, uint64_t size)
{
	uint64_t vaddr = addr + v->offset;

	return made_add(v->made, vaddr, vaddr - v->k->image_offset, size);
}

static bool add_section(const struct vmlinux *v, const char *name)
{
	GElf_Shdr shdr;
	Elf_Data *data = section_data(v, name, &shdr);

	if (!data)
		return false;
	memcpy(add(v, shdr.sh_addr, shdr.sh_size), data->d_buf, shdr.sh_size);
	return true;
}

/*
 * What functions return by is a jump in the file. The kernel makes a return of it, as apply_returns() in
 * arch/x86/kernel/alternative.c does, but on CPUs that need more: programs that disassemble know that alone.
 */
static void patch_returns(const struct vmlinux *v, struct made *text)
{
	static const unsigned char ret[] = { 0xc3, 0xcc, 0xcc, 0xcc, 0xcc };
	GElf_Shdr shdr;
	Elf_Data *sites = section_data(v, ".return_sites", &shdr);

	for (size_t i = 0; sites && i + sizeof(int32_t) <= sites->d_size; i += sizeof(int32_t)) {
		uint64_t at;
		int32_t to;

		memcpy(&to, (const char *)sites->d_buf + i, sizeof(to));
		at = shdr.sh_addr + i + (int64_t)to + v->offset - text->vaddr;
		if (at < text->size && text->size - at >= sizeof(ret) && (unsigned char)text->data[at] == 0xe9)
			memcpy(text->data + at, ret, sizeof(ret));
	}
}

/* The last entry whose code is not behind ip. The file may have the table at any offset. */
static uint32_t find_entry(const char *ips, size_t n, uint64_t table, uint64_t ip)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int32_t offset;

		memcpy(&offset, ips + mid * sizeof(offset), sizeof(offset));
		if (table + mid * sizeof(offset) + (int64_t)offset <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : 0;
}

/* The kernel builds this at boot, see unwind_init() in arch/x86/kernel/unwind_orc.c. */
static bool add_lookup(const struct vmlinux *v)
{
	GElf_Shdr ips_shdr, lookup_shdr;
	Elf_Data *ips = section_data(v, ".orc_unwind_ip", &ips_shdr);
	GElf_Sym variable, start, stop;
	uint32_t blocks, *lookup;

	if (!ips || !find_section(v, ".orc_lookup", &lookup_shdr) || !find_symbol(v, "lookup_num_blocks", &variable) ||
	    !find_symbol(v, "_stext", &start) || !find_symbol(v, "_etext", &stop))
		return false;
	blocks = lookup_shdr.sh_size / sizeof(*lookup);
	if (!blocks)
		return false;
	lookup = (uint32_t *)add(v, lookup_shdr.sh_addr, lookup_shdr.sh_size);
	for (uint32_t i = 0; i < blocks; i++)
		lookup[i] = find_entry(ips->d_buf, ips->d_size / sizeof(int32_t), ips_shdr.sh_addr,
				       i + 1 < blocks ? start.st_value + (uint64_t)i * LOOKUP_BLOCK : stop.st_value);
	memcpy(add(v, variable.st_value, sizeof(blocks)), &blocks, sizeof(blocks));
	return true;
}

/* An array of texts, by pointers that moved with the kernel. */
static void add_texts(const struct vmlinux *v, const char *array)
{
	GElf_Sym sym;
	uint64_t left, addr;
	const char *from = find_symbol(v, array, &sym) ? contents(v, sym.st_value, &left) : NULL;
	char *to;

	if (!from || left < sym.st_size)
		return;
	to = add(v, sym.st_value, sym.st_size);
	for (uint64_t i = 0; i + sizeof(addr) <= sym.st_size; i += sizeof(addr)) {
		const char *text;
		uint64_t moved;
		size_t len;

		memcpy(&addr, from + i, sizeof(addr));
		text = contents(v, addr, &left);
		if (!text)
			continue;
		len = strnlen(text, left);
		memcpy(add(v, addr, len + 1), text, len);
		moved = addr + v->offset;
		memcpy(to + i, &moved, sizeof(moved));
	}
}

static bool same_build(const struct vmlinux *v, const char *build_id)
{
	GElf_Shdr shdr;
	Elf_Data *data = section_data(v, ".notes", &shdr);
	struct elfnote note;
	char hex[2 * 64 + 1];
	size_t pos = 0;

	while (data && elfnote_next(data->d_buf, data->d_size, &pos, &note)) {
		if (!elfnote_is(&note, "GNU", NT_GNU_BUILD_ID) || note.desc_size > sizeof(hex) / 2)
			continue;
		for (size_t i = 0; i < note.desc_size; i++)
			sprintf(hex + 2 * i, "%02x", (unsigned char)note.desc[i]);
		return !strcmp(hex, build_id);
	}
	return false;
}

static int add_all(const struct vmlinux *v, const struct kv *vmcoreinfo, struct derr *err)
{
	const char *build_id = kv_get(vmcoreinfo, "BUILD-ID"), *offset = kv_get(vmcoreinfo, "KERNELOFFSET");
	struct vmlinux moved = *v;
	size_t first = v->made->n;
	uint64_t size = 0;

	if (!v->k->has_image || !offset || !build_id)
		return derr_set(err, -ENODATA,
				"The dump does not say which kernel it is of and where that was in memory: leave "
				"--vmlinux out.");
	moved.offset = strtoull(offset, NULL, 16);
	if (!same_build(v, build_id))
		return derr_set(err, -EINVAL, "%s is of another kernel: its build ID is not the one in the dump, %s.",
				v->path, quote(build_id, strlen(build_id)).s);
	if (!add_section(&moved, ".text"))
		return derr_set(err, -EINVAL, "%s has no code in it: it is no vmlinux.", v->path);
	patch_returns(&moved, &v->made->v[v->made->n - 1]);
	if (add_section(&moved, ".orc_unwind_ip") && add_section(&moved, ".orc_unwind"))
		add_lookup(&moved);
	/* Of these crash takes the numbers that states have. */
	add_texts(&moved, "task_state_array");
	for (size_t i = first; i < v->made->n; i++)
		size += v->made->v[i].size;
	strlist_addf(&v->made->what, "code of the kernel, tables to unwind its stacks and names of states, from %s: %s",
		     v->path, size_text(size).s);
	return 0;
}

int ktext_add(struct made_list *made, const char *path, const struct kmap *k, const struct kv *vmcoreinfo,
	      struct derr *err)
{
	struct vmlinux v = { .path = path, .k = k, .made = made };
	_cleanup_close_ int fd = -1;
	uint64_t size;
	int r;

	r = fd = dumpfile_open(path, &size, NULL, err);
	if (r < 0)
		return r;
	elf_version(EV_CURRENT);
	v.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!v.elf || elf_kind(v.elf) != ELF_K_ELF)
		r = derr_set(err, -EINVAL, "%s is no vmlinux: it is not an ELF file.", path);
	else
		r = add_all(&v, vmcoreinfo, err);
	elf_end(v.elf);
	return r;
}
