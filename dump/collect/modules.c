// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <string.h>

#include "dump/collect/modules.h"
#include "dump/collect/pagewalk.h"

/* Far more than anybody has loaded, and than a module has symbols; and the longest name of one (KSYM_NAME_LEN). */
#define MODULES_MAX	   4096
#define MODULE_SYMBOLS_MAX (64 * KIB)
#define SYMBOL_NAME_MAX	   512
/* MODULE_NAME_LEN */
#define MODULE_NAME_MAX 56
/* Of enum mod_mem_type; MOD_TEXT is 0. */
#define MOD_INIT_TEXT 4

/* Code that stays, and code that is gone when a module has been loaded: it is there if that is what crashed. */
#define TEXTS 2

struct layout_of_modules {
	struct member list, name, kallsyms;
	struct member text[TEXTS], text_size[TEXTS]; /* the module's code */
	struct member symtab, num_symtab, strtab;    /* of struct mod_kallsyms */
	struct member num_orcs, orc_ips, orc_entries;
	bool has_orc;
};

struct modules {
	struct page_reader memory;
	struct layout_of_modules layout;
	struct symbols *symbols;
	struct orc *orc;
	size_t left; /* symbols that may still be read: a damaged list has modules time and again */
};

static bool inside(const struct kv *v, const char *outer, const char *inner, struct member *ret)
{
	struct member m;

	if (!member_find(v, outer, 0, &m) || !member_find(v, inner, 0, ret))
		return false;
	*ret = member_inside(&m, ret);
	return true;
}

/* Up to 6.3 there was one piece of memory, which begins with the code, and another one for loading. */
static bool find_old_texts(struct layout_of_modules *l, const struct kv *v)
{
	static const char *const layouts[TEXTS] = { "module.core_layout", "module.init_layout" };

	for (size_t i = 0; i < TEXTS; i++)
		if (!inside(v, layouts[i], "module_layout.base", &l->text[i]) ||
		    !inside(v, layouts[i], "module_layout.text_size", &l->text_size[i]))
			return false;
	return true;
}

static bool find_texts(struct layout_of_modules *l, const struct kv *v)
{
	uint64_t size;

	if (!inside(v, "module.mem", "module_memory.base", &l->text[0]) ||
	    !inside(v, "module.mem", "module_memory.size", &l->text_size[0]) ||
	    kv_size(v, "module_memory", &size) < 0 || size > MEMBER_PLACE_MAX / 8)
		return find_old_texts(l, v);
	l->text[1] = l->text[0];
	l->text_size[1] = l->text_size[0];
	l->text[1].bit += MOD_INIT_TEXT * size * 8;
	l->text_size[1].bit += MOD_INIT_TEXT * size * 8;
	return true;
}

static bool find_layout(struct layout_of_modules *l, const struct kv *v)
{
	l->has_orc = inside(v, "module.arch", "mod_arch_specific.num_orcs", &l->num_orcs) &&
		     inside(v, "module.arch", "mod_arch_specific.orc_unwind_ip", &l->orc_ips) &&
		     inside(v, "module.arch", "mod_arch_specific.orc_unwind", &l->orc_entries);
	return member_find(v, "module.list", 0, &l->list) && member_find(v, "module.name", 0, &l->name) &&
	       member_find(v, "module.kallsyms", 0, &l->kallsyms) && find_texts(l, v) &&
	       member_find(v, "mod_kallsyms.symtab", 0, &l->symtab) &&
	       member_find(v, "mod_kallsyms.num_symtab", 0, &l->num_symtab) &&
	       member_find(v, "mod_kallsyms.strtab", 0, &l->strtab);
}

static bool read_number(struct modules *m, uint64_t structure, const struct member *member, uint64_t *ret)
{
	uint64_t bytes = 0, first = member_first(member);

	if (!member_is_number(member) ||
	    !page_reader_read(&m->memory, structure + first, &bytes, member_end(member) - first))
		return false;
	*ret = member_number(member, &bytes);
	return true;
}

/* As much of a text as there is up to its NUL. */
static size_t read_text(struct modules *m, uint64_t addr, char *buf, size_t max)
{
	size_t n = 0;

	while (n < max && page_reader_read(&m->memory, addr + n, buf + n, 1) && buf[n])
		n++;
	return n;
}

/* arm64 marks code and data with names like "$x". */
static bool is_name(const char *name, size_t len)
{
	return len && name[0] != '$' && name[0] != '.';
}

struct module {
	char name[MODULE_NAME_MAX];
	size_t name_len;
	uint64_t text[TEXTS], text_size[TEXTS], strtab;
};

static bool is_text(const struct module *mod, uint64_t addr)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (addr - mod->text[i] < mod->text_size[i])
			return true;
	return false;
}

static bool add_symbol(struct modules *m, const struct module *mod, const Elf64_Sym *sym)
{
	char name[SYMBOL_NAME_MAX];
	size_t len;

	if (sym->st_shndx == SHN_UNDEF || !(sym->st_value >> 63))
		return true;
	len = read_text(m, mod->strtab + sym->st_name, name, sizeof(name));
	if (!is_name(name, len))
		return true;
	if (!symbols_add(m->symbols, sym->st_value, is_text(mod, sym->st_value) ? 't' : 'd', name, len))
		return false;
	symbols_in_module(m->symbols, mod->name, mod->name_len);
	return true;
}

static void add_symbols(struct modules *m, const struct module *mod, uint64_t kallsyms)
{
	const struct layout_of_modules *l = &m->layout;
	_cleanup_free_ Elf64_Sym *symbols = NULL;
	uint64_t symtab, n;

	if (!read_number(m, kallsyms, &l->symtab, &symtab) || !read_number(m, kallsyms, &l->num_symtab, &n) ||
	    n > MODULE_SYMBOLS_MAX || n > m->left)
		return;
	m->left -= n;
	symbols = xcalloc(n, sizeof(*symbols));
	if (!page_reader_read(&m->memory, symtab, symbols, n * sizeof(*symbols)))
		return;
	for (uint64_t i = 0; i < n && add_symbol(m, mod, &symbols[i]); i++)
		;
	for (size_t i = 0; i < TEXTS; i++)
		if (mod->text_size[i])
			symbols_add_end(m->symbols, mod->text[i] + mod->text_size[i]);
}

static void add_orc(struct modules *m, uint64_t module)
{
	const struct layout_of_modules *l = &m->layout;
	_cleanup_free_ int32_t *ips = NULL;
	_cleanup_free_ uint8_t *entries = NULL;
	uint64_t n, ips_at, entries_at;

	if (!l->has_orc || !m->orc->n || !read_number(m, module, &l->num_orcs, &n) ||
	    !read_number(m, module, &l->orc_ips, &ips_at) || !read_number(m, module, &l->orc_entries, &entries_at) ||
	    n > ORC_ENTRIES_MAX / MODULES_MAX * 64)
		return;
	ips = xcalloc(n, sizeof(*ips));
	entries = xcalloc(n, ORC_ENTRY_SIZE);
	if (page_reader_read(&m->memory, ips_at, ips, n * sizeof(*ips)) &&
	    page_reader_read(&m->memory, entries_at, entries, n * ORC_ENTRY_SIZE))
		orc_add(m->orc, ips_at, ips, entries, n);
}

static void add_module(struct modules *m, uint64_t module)
{
	const struct layout_of_modules *l = &m->layout;
	struct module mod = { .name_len = 0 };
	uint64_t kallsyms;

	for (size_t i = 0; i < TEXTS; i++)
		if (!read_number(m, module, &l->text[i], &mod.text[i]) ||
		    !read_number(m, module, &l->text_size[i], &mod.text_size[i]))
			return;
	if (!read_number(m, module, &l->kallsyms, &kallsyms) || !read_number(m, kallsyms, &l->strtab, &mod.strtab))
		return;
	mod.name_len = read_text(m, module + member_first(&l->name), mod.name, sizeof(mod.name));
	add_symbols(m, &mod, kallsyms);
	add_orc(m, module);
}

void modules_add(const struct collection *c, struct symbols *s, struct orc *orc)
{
	struct modules m = { .symbols = s, .orc = orc, .left = SYMBOLS_MAX };
	uint64_t head, at, offset, first = 0;

	if (!find_layout(&m.layout, &c->kernel_note) || !symbols_address(s, "modules", &head) ||
	    !page_reader_start(&m.memory, &c->img, &c->vmcoreinfo))
		return;
	offset = member_first(&m.layout.list);
	at = head;
	for (size_t i = 0; i < MODULES_MAX && page_reader_read(&m.memory, at, &at, sizeof(at)) && at != head; i++) {
		/* A damaged list may come round without its head. */
		if (at == first)
			break;
		first = first ?: at;
		add_module(&m, at - offset);
	}
	symbols_finish(s);
	orc_finish(orc);
}
