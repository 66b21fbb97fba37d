// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/stack/symbols.h"
#include "lib/outfile.h"

/* Nothing that a call returns into is larger: what is farther behind a symbol does not belong to it. */
#define SYMBOL_SIZE_MAX MIB

/* Of the end of a function: another one may begin there. */
#define TYPE_END ' '

/* Linkers' names for the ends of sections come after others, and the more underscores the later: as in the kernel. */
static uint32_t rank(char type, const char *name, size_t len)
{
	uint32_t underscores = 0;

	if (type == TYPE_END)
		return UINT32_MAX;
	while (underscores < len && name[underscores] == '_')
		underscores++;
	return underscores + (type == 'w' || type == 'W' ? 0x10000 : 0);
}

bool symbols_add(struct symbols *s, uint64_t addr, char type, const char *name, size_t len)
{
	if (s->n == SYMBOLS_MAX)
		return false;
	s->v = xgrow(s->v, &s->capacity, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct symbol){
		.addr = addr,
		.name = s->names_size,
		.rank = rank(type, name, len),
		.text = strchr("tTwW", type),
	};
	s->names = xgrow(s->names, &s->names_capacity, s->names_size + len + 1, 1);
	memcpy(s->names + s->names_size, name, len);
	s->names[s->names_size + len] = '\0';
	s->names_size += len + 1;
	return true;
}

void symbols_in_module(struct symbols *s, const char *module, size_t len)
{
	s->names = xgrow(s->names, &s->names_capacity, s->names_size + len + 1, 1);
	memcpy(s->names + s->names_size, module, len);
	s->names[s->names_size + len] = '\0';
	s->v[s->n - 1].module = s->names_size;
	s->names_size += len + 1;
}

bool symbols_add_end(struct symbols *s, uint64_t addr)
{
	return symbols_add(s, addr, TYPE_END, "", 0);
}

static int cmp_symbol(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

/*
 * From 7.0 on the kernel's data is in sections that claim to be code: what lies in the kernel itself is code between
 * these symbols. Others are of modules, or of a list that lacks them.
 */
static void tell_code_from_data(struct symbols *s)
{
	uint64_t start, end, init_start, init_end, image_end;

	if (!symbols_address(s, "_stext", &start) || !symbols_address(s, "_etext", &end) ||
	    !symbols_address(s, "_sinittext", &init_start) || !symbols_address(s, "_einittext", &init_end) ||
	    !symbols_address(s, "_end", &image_end))
		return;
	for (size_t i = 0; i < s->n; i++) {
		uint64_t addr = s->v[i].addr;

		if (addr >= start && addr < image_end)
			s->v[i].text = addr < end || (addr >= init_start && addr < init_end);
	}
}

/* The kernel has its own in order but for a few. False: they are not. */
static bool move_few(struct symbol *v, size_t n)
{
	size_t left = n;

	for (size_t i = 1; i < n; i++) {
		struct symbol this = v[i];
		size_t to = i;

		for (; to && cmp_symbol(&v[to - 1], &this) > 0 && left; left--, to--)
			v[to] = v[to - 1];
		v[to] = this;
	}
	return left;
}

/* What is added later is of modules, which mostly lie behind the kernel. */
void symbols_finish(struct symbols *s)
{
	struct symbol *new = s->v + s->finished;
	size_t n = s->n - s->finished;

	if (!n)
		return;
	if (!s->finished)
		tell_code_from_data(s);
	if (!move_few(new, n))
		qsort(new, n, sizeof(*new), cmp_symbol);
	if (s->finished && cmp_symbol(new - 1, new) > 0)
		qsort(s->v, s->n, sizeof(*s->v), cmp_symbol);
	s->finished = s->n;
}

void symbols_clear(struct symbols *s)
{
	free(s->v);
	free(s->names);
	free(s->source);
	*s = (struct symbols){ 0 };
}

bool symbols_find(const struct symbols *s, uint64_t addr, struct symbol_place *ret)
{
	size_t lo = 0, hi = s->n, next;
	const struct symbol *sym;

	/* lo: how many are not above addr */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	next = lo--;
	while (lo && s->v[lo - 1].addr == s->v[lo].addr)
		lo--;
	sym = &s->v[lo];
	*ret = (struct symbol_place){ .name = s->names + sym->name, .offset = addr - sym->addr, .text = sym->text };
	ret->module = sym->module ? s->names + sym->module : NULL;
	ret->size = next < s->n ? s->v[next].addr - sym->addr : SYMBOL_SIZE_MAX;
	return *ret->name && ret->offset < SYMBOL_SIZE_MAX;
}

bool symbols_address(const struct symbols *s, const char *name, uint64_t *ret)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *this = s->names + s->v[i].name;

		if (*this != *name || strcmp(this, name))
			continue;
		*ret = s->v[i].addr;
		return true;
	}
	return false;
}

int symbols_slide(const struct corefile *core, uint64_t stext, uint64_t *slide, struct derr *err)
{
	uint64_t at;

	if (kv_symbol(&core->vmcoreinfo, "_stext", &at) < 0)
		return derr_set(err, -ENOENT,
				"Names cannot be found: %s does not say where its kernel was (VMCOREINFO has no "
				"SYMBOL(_stext)).",
				core->path);
	*slide = at - stext;
	return 0;
}

/* Symbols that VMCOREINFO has by the name that they really have: were they there in this kernel? */
static bool same_kernel(const struct symbols *s, const struct corefile *core)
{
	static const char *const names[] = { "init_uts_ns", "init_top_pgt", "printk_rb_static", "kallsyms_names" };
	uint64_t in_dump, in_list;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (kv_symbol(&core->vmcoreinfo, names[i], &in_dump) == 0 && symbols_address(s, names[i], &in_list) &&
		    in_dump != in_list)
			return false;
	return true;
}

/* "ffffffff81000000 T _stext", and behind a tab the module that it is of. */
static bool parse_line(const char *line, uint64_t *addr, char *type, const char **name, size_t *len,
		       const char **module)
{
	char *end;

	if (!isxdigit((unsigned char)*line))
		return false;
	*addr = strtoull(line, &end, 16);
	if (end[0] != ' ' || !isalpha((unsigned char)end[1]) || end[2] != ' ')
		return false;
	*type = end[1];
	*name = end + 3;
	*len = strcspn(*name, " \t\n");
	*module = !strncmp(*name + *len, "\t[", 2) ? *name + *len + 2 : NULL;
	return *len > 0;
}

static bool find_stext(FILE *f, uint64_t *stext)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0, len;
	const char *name, *module;
	char type;

	while (getline(&line, &size, f) > 0)
		if (parse_line(line, stext, &type, &name, &len, &module) && len == strlen("_stext") &&
		    !memcmp(name, "_stext", len))
			return true;
	return false;
}

/* What does not move with the kernel: modules of another boot, and what is absolute. */
static bool is_fixed(uint64_t addr, char type, bool module, uint64_t slide)
{
	return type == 'a' || type == 'A' || !(addr >> 63) || (module && slide);
}

static int read_lines(struct symbols *s, FILE *f, uint64_t slide, const char *path, struct derr *err)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0, len;
	const char *name, *module;
	uint64_t addr;
	char type;

	rewind(f);
	while (getline(&line, &size, f) > 0) {
		if (!parse_line(line, &addr, &type, &name, &len, &module) || is_fixed(addr, type, module, slide))
			continue;
		if (!symbols_add(s, addr + slide, type, name, len))
			return derr_set(err, -E2BIG, "%s has more symbols than any kernel.", path);
		if (module)
			symbols_in_module(s, module, strcspn(module, "]\n"));
	}
	return 0;
}

/* O_NONBLOCK: a FIFO that nobody writes to must not hold us up, and no device is a list that ends. */
static int open_list(FILE **ret, const char *path, struct derr *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		derr_set(err, -errno, "Cannot open %s: %s", path, strerror(errno));
		closep(&fd);
		return -EIO;
	}
	*ret = S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	if (*ret)
		return 0;
	close(fd);
	return derr_set(err, -EINVAL, "%s is no regular file: a list of symbols is not read from it.", path);
}

int symbols_read_list(struct symbols *s, const struct corefile *core, const char *path, struct derr *err)
{
	uint64_t stext, slide = 0;
	FILE *f = NULL;
	int r;

	*s = (struct symbols){ 0 };
	r = open_list(&f, path, err);
	if (r < 0)
		return r;
	outfile_spare(fileno(f));
	if (!find_stext(f, &stext))
		r = derr_set(err, -EINVAL,
			     "%s is no list of symbols as /proc/kallsyms or System.map: no _stext is in it.", path);
	else if (!stext)
		r = derr_set(err, -EPERM, "The kernel hides its addresses in %s: read it as root.", path);
	else
		r = symbols_slide(core, stext, &slide, err);
	if (r == 0)
		r = read_lines(s, f, slide, path, err);
	fclose(f);
	if (r == 0) {
		symbols_finish(s);
		if (!same_kernel(s, core))
			r = derr_set(err, -EINVAL, "%s is of another kernel than %s.", path, core->path);
	}
	if (r < 0)
		symbols_clear(s);
	else
		s->source = xstrndup(path, strlen(path));
	return r;
}
