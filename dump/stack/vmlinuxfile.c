// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "dump/core/elfnote.h"
#include "dump/stack/kallsyms.h"
#include "dump/stack/vmlinuxfile.h"
#include "dump/stack/vmlinuz.h"
#include "lib/file.h"
#include "lib/text.h"

/* With debug symbols, kernels have some 80 sections, 400,000 symbols and 8 MiB of names. */
#define SECTIONS_MAX 4096
#define SYMTAB_MAX   (256 * MIB)
#define NOTES_MAX    (64 * KIB)

struct sections {
	Elf64_Shdr *v;
	size_t n;
};

static int not_vmlinux(const char *path, const char *what, struct derr *err)
{
	return derr_set(err, -EINVAL, "%s is no vmlinux: %s.", path, what);
}

static int read_sections(struct sections *s, int fd, uint64_t size, const char *path, struct derr *err)
{
	Elf64_Ehdr e;

	if (size < sizeof(e) || pread_full(fd, &e, sizeof(e), 0) < 0 || memcmp(e.e_ident, ELFMAG, SELFMAG))
		return not_vmlinux(path, "it is not an ELF file", err);
	if (e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_type == ET_CORE ||
	    e.e_shentsize != sizeof(Elf64_Shdr))
		return not_vmlinux(path, "it is not a program of 64 bits, little-endian", err);
	if (!e.e_shnum || e.e_shnum > SECTIONS_MAX || e.e_shoff > size ||
	    size - e.e_shoff < e.e_shnum * sizeof(Elf64_Shdr))
		return not_vmlinux(path, "it has no sections, or is cut off", err);
	s->n = e.e_shnum;
	s->v = xcalloc(s->n, sizeof(*s->v));
	if (pread_full(fd, s->v, s->n * sizeof(*s->v), e.e_shoff) < 0)
		return not_vmlinux(path, "it cannot be read", err);
	return 0;
}

/* NULL: it is not all in the file, or larger than max. */
static char *read_section(int fd, const Elf64_Shdr *sh, uint64_t max)
{
	char *buf;

	if (sh->sh_type == SHT_NOBITS || sh->sh_size > max || sh->sh_offset > INT64_MAX)
		return NULL;
	buf = xcalloc(sh->sh_size + 1, 1);
	if (pread_full(fd, buf, sh->sh_size, sh->sh_offset) == 0)
		return buf;
	free(buf);
	return NULL;
}

bool build_id_text(const char *notes, size_t size, char buf[static BUILD_ID_TEXT_MAX])
{
	struct elfnote note;
	size_t pos = 0;

	while (elfnote_next(notes, size, &pos, &note)) {
		if (!elfnote_is(&note, "GNU", NT_GNU_BUILD_ID) || note.desc_size * 2 >= BUILD_ID_TEXT_MAX)
			continue;
		for (size_t i = 0; i < note.desc_size; i++)
			sprintf(buf + 2 * i, "%02x", (unsigned char)note.desc[i]);
		return note.desc_size > 0;
	}
	return false;
}

static int check_build_id(const struct sections *s, int fd, const struct corefile *core, const char *path,
			  struct derr *err)
{
	const char *wanted = kv_get(&core->vmcoreinfo, "BUILD-ID");
	char id[BUILD_ID_TEXT_MAX];

	if (!wanted)
		return derr_set(err, -EINVAL,
				"Whether %s is that of the kernel in %s cannot be told: VMCOREINFO has no "
				"BUILD-ID. Give --kallsyms instead.",
				path, core->path);
	for (size_t i = 0; i < s->n; i++) {
		_cleanup_free_ char *notes = NULL;

		if (s->v[i].sh_type != SHT_NOTE)
			continue;
		notes = read_section(fd, &s->v[i], NOTES_MAX);
		if (!notes || !build_id_text(notes, s->v[i].sh_size, id))
			continue;
		if (!strcmp(id, wanted))
			return 0;
		return derr_set(err, -EINVAL, "%s is of another kernel than %s: its build ID is %s, the dump's %s.",
				path, core->path, id, quote(wanted, strlen(wanted)).s);
	}
	return derr_set(err, -EINVAL, "%s has no build ID: whether it is that of the kernel in %s cannot be told.",
			path, core->path);
}

/* As nm(1) would call it, as far as it matters; 0: it is no symbol of a place in memory. */
static char symbol_type(const struct sections *s, const Elf64_Sym *sym)
{
	unsigned int type = ELF64_ST_TYPE(sym->st_info);

	if ((type != STT_NOTYPE && type != STT_OBJECT && type != STT_FUNC) || sym->st_shndx == SHN_UNDEF ||
	    sym->st_shndx >= s->n || !(sym->st_value >> 63))
		return 0;
	if (!(s->v[sym->st_shndx].sh_flags & SHF_EXECINSTR))
		return 'd';
	return ELF64_ST_BIND(sym->st_info) == STB_WEAK ? 'w' : 't';
}

static int add_symbols(struct symbols *s, const struct sections *sections, const char *symtab, size_t n,
		       const char *names, size_t names_size, uint64_t slide)
{
	for (size_t i = 0; i < n; i++) {
		Elf64_Sym sym;
		char type;

		memcpy(&sym, symtab + i * sizeof(sym), sizeof(sym));
		type = symbol_type(sections, &sym);
		if (!type || sym.st_name >= names_size || !names[sym.st_name] || names[sym.st_name] == '.')
			continue;
		/* The buffer has a NUL behind its end. */
		if (!symbols_add(s, sym.st_value + slide, type, names + sym.st_name, strlen(names + sym.st_name)))
			return -E2BIG;
	}
	return 0;
}

static uint64_t find_stext(const char *symtab, size_t n, const char *names, size_t names_size)
{
	for (size_t i = 0; i < n; i++) {
		Elf64_Sym sym;

		memcpy(&sym, symtab + i * sizeof(sym), sizeof(sym));
		if (sym.st_name < names_size && !strcmp(names + sym.st_name, "_stext"))
			return sym.st_value;
	}
	return 0;
}

static int read_symbols(const struct sections *sections, int fd, const struct corefile *core, const char *path,
			struct symbols *s, uint64_t *slide, struct derr *err)
{
	for (size_t i = 0; i < sections->n; i++) {
		const Elf64_Shdr *sh = &sections->v[i];
		_cleanup_free_ char *symtab = NULL, *names = NULL;
		size_t n = sh->sh_size / sizeof(Elf64_Sym);
		uint64_t stext;
		int r;

		if (sh->sh_type != SHT_SYMTAB || sh->sh_link >= sections->n)
			continue;
		symtab = read_section(fd, sh, SYMTAB_MAX);
		names = read_section(fd, &sections->v[sh->sh_link], SYMTAB_MAX);
		if (!symtab || !names)
			return not_vmlinux(path, "its symbols are cut off", err);
		stext = find_stext(symtab, n, names, sections->v[sh->sh_link].sh_size);
		if (!stext)
			return not_vmlinux(path, "it has no symbol _stext", err);
		r = symbols_slide(core, stext, slide, err);
		if (r < 0)
			return r;
		if (add_symbols(s, sections, symtab, n, names, sections->v[sh->sh_link].sh_size, *slide) < 0)
			return not_vmlinux(path, "it has more symbols than any kernel", err);
		symbols_finish(s);
		return 0;
	}
	return not_vmlinux(path, "it has no symbols. Debian has those in the package linux-image-RELEASE-dbg", err);
}

/* Code is changed while the kernel runs, and so is other memory; what the unwinder needs is not. */
static void map_memory(struct vmlinux *v, const struct sections *s, uint64_t slide)
{
	for (size_t i = 0; i < s->n; i++) {
		const Elf64_Shdr *sh = &s->v[i];

		if (sh->sh_type == SHT_PROGBITS && (sh->sh_flags & SHF_ALLOC) &&
		    !(sh->sh_flags & (SHF_WRITE | SHF_EXECINSTR)) && sh->sh_offset < INT64_MAX)
			rangemap_add(&v->memory, sh->sh_addr + slide, sh->sh_size, sh->sh_offset);
	}
	rangemap_finish(&v->memory);
}

/* The kernel's code begins at a multiple of this in an image for arm64, behind its header. */
#define ARM64_SEGMENT 0x10000

static bool is_elf(int fd, uint64_t size)
{
	char magic[SELFMAG] = "";

	return size >= sizeof(magic) && pread_full(fd, magic, sizeof(magic), 0) == 0 && !memcmp(magic, ELFMAG, SELFMAG);
}

/* A file to boot gives way to what is in it. */
static int unpack(struct vmlinux *v, uint64_t *size, const char *path, struct derr *err)
{
	int fd;

	if (is_elf(v->fd, *size))
		return 0;
	fd = vmlinuz_unpack(v->fd, size, path, err);
	if (fd == -ENOTSUP)
		return 0;
	if (fd < 0)
		return fd;
	closep(&v->fd);
	v->fd = fd;
	v->unpacked = true;
	v->image_size = is_elf(fd, *size) ? 0 : *size;
	return 0;
}

/* Where an image has its notes nothing says: the build ID is somewhere. */
static int check_image(const struct vmlinux *v, const struct corefile *core, const char *path, struct derr *err)
{
	const char *wanted = kv_get(&core->vmcoreinfo, "BUILD-ID");
	_cleanup_free_ char *data = xcalloc(v->image_size, 1);
	size_t n = 0, len = wanted ? strlen(wanted) : 0;
	unsigned char id[BUILD_ID_TEXT_MAX];

	while (n < sizeof(id) && 2 * n + 2 <= len && sscanf(wanted + 2 * n, "%2hhx", &id[n]) == 1)
		n++;
	if (n >= 8 && 2 * n == len && pread_full(v->fd, data, v->image_size, 0) == 0 &&
	    memmem(data, v->image_size, id, n))
		return 0;
	return derr_set(err, -EINVAL, "%s is of another kernel than %s: it has another build ID.", path, core->path);
}

/* Opens what is the file of that kernel. */
static int open_sections(struct vmlinux *v, struct sections *s, const char *path, const struct corefile *core,
			 struct derr *err)
{
	uint64_t size;
	int r;

	*v = (struct vmlinux){ .fd = -1 };
	r = dumpfile_open(path, &size, NULL, err);
	if (r < 0)
		return r;
	v->fd = r;
	r = unpack(v, &size, path, err);
	if (r == 0 && v->image_size)
		return check_image(v, core, path, err);
	if (r == 0)
		r = read_sections(s, v->fd, size, path, err);
	return r < 0 ? r : check_build_id(s, v->fd, core, path, err);
}

/* All that has contents: the kernel's table of symbols is in a section that it writes to when it starts. */
static int map_unpacked(struct vmlinux *v, const struct sections *s, const struct corefile *core, struct derr *err)
{
	const char *moved = kv_get(&core->vmcoreinfo, "KERNELOFFSET");
	uint64_t stext;

	if (kv_symbol(&core->vmcoreinfo, "_stext", &stext) < 0 || (!v->image_size && !moved))
		return derr_set(err, -ENOENT, "Names cannot be found: %s does not say where its kernel was.",
				core->path);
	if (v->image_size)
		rangemap_add(&v->memory, stext - ARM64_SEGMENT, v->image_size, 0);
	for (size_t i = 0; i < s->n; i++) {
		const Elf64_Shdr *sh = &s->v[i];

		if (sh->sh_type == SHT_PROGBITS && (sh->sh_flags & SHF_ALLOC) && sh->sh_offset < INT64_MAX)
			rangemap_add(&v->memory, sh->sh_addr + strtoull(moved, NULL, 16), sh->sh_size, sh->sh_offset);
	}
	rangemap_finish(&v->memory);
	return 0;
}

static int read_unpacked(struct vmlinux *v, const struct sections *sections, const struct corefile *core,
			 const char *path, struct symbols *s, struct derr *err)
{
	struct corefile file = { .fd = v->fd, .path = (char *)path, .vmcoreinfo = core->vmcoreinfo };
	int r = map_unpacked(v, sections, core, err);

	if (r < 0)
		return r;
	file.virt = v->memory;
	if (kallsyms_read_file(s, &file) < 0)
		return derr_set(err, -EINVAL, "%s has no names where VMCOREINFO says they are.", path);
	return 0;
}

int vmlinux_open(struct vmlinux *v, const char *path, const struct corefile *core, struct symbols *s, struct derr *err)
{
	struct sections sections = { 0 };
	uint64_t slide = 0;
	int r;

	*s = (struct symbols){ 0 };
	r = open_sections(v, &sections, path, core, err);
	if (r == 0 && v->unpacked) {
		r = read_unpacked(v, &sections, core, path, s, err);
	} else if (r == 0) {
		r = read_symbols(&sections, v->fd, core, path, s, &slide, err);
		if (r == 0)
			map_memory(v, &sections, slide);
		if (r == 0)
			s->source = xstrndup(path, strlen(path));
	}
	if (r < 0)
		symbols_clear(s);
	free(sections.v);
	return r;
}

void vmlinux_close(struct vmlinux *v)
{
	closep(&v->fd);
	rangemap_clear(&v->memory);
	*v = (struct vmlinux){ .fd = -1 };
}

/* Takes the path, and gives it back if the file is that of the kernel. */
static char *if_right(char *path, const struct corefile *core)
{
	struct sections sections = { 0 };
	struct vmlinux v = { .fd = -1 };
	struct derr err;
	bool right = access(path, R_OK) == 0 && open_sections(&v, &sections, path, core, &err) == 0;

	vmlinux_close(&v);
	free(sections.v);
	if (right)
		return path;
	free(path);
	return NULL;
}

/* Release and build ID are from the dump: nobody vouches for them. */
static const char *release_of(const struct corefile *core)
{
	const char *release = kv_get(&core->vmcoreinfo, "OSRELEASE");

	return release && !strchr(release, '/') ? release : NULL;
}

static const char *build_id_of(const struct corefile *core)
{
	const char *id = kv_get(&core->vmcoreinfo, "BUILD-ID");

	return id && strlen(id) >= 3 && strspn(id, "0123456789abcdef") == strlen(id) ? id : NULL;
}

char *vmlinux_find(const struct corefile *core)
{
	const char *release = release_of(core), *id = build_id_of(core);
	char *found;

	if (!id)
		return NULL;
	found = if_right(xprintf("/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2), core);
	if (!release)
		return found;
	found = found ?: if_right(xprintf("/usr/lib/debug/boot/vmlinux-%s", release), core);
	return found ?: if_right(xprintf("/usr/lib/debug/lib/modules/%s/vmlinux", release), core);
}

char *vmlinuz_find(const struct corefile *core)
{
	const char *release = release_of(core);
	char *found;

	if (!release || !build_id_of(core))
		return NULL;
	found = if_right(xprintf("/lib/modules/%s/vmlinux", release), core);
	found = found ?: if_right(xprintf("/boot/vmlinuz-%s", release), core);
	return found ?: if_right(xprintf("/lib/modules/%s/vmlinuz", release), core);
}
