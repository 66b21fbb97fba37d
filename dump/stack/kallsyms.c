// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/stack/kallsyms.h"

/* KSYM_NAME_LEN of the kernel */
#define NAME_MAX_ 512

/* Of all names, compressed: ten times what Debian's kernels have */
#define NAMES_MAX (32 * MIB)

#define TOKENS 256

struct kallsyms {
	const struct corefile *core;
	uint64_t names, offsets;
	uint32_t n;
	bool has_base;
	bool is_file; /* then the base is not right */
	uint64_t base;
	uint16_t token_index[TOKENS];
	char *token_table;
	size_t token_size;
};

static bool find(const struct kallsyms *k, const char *name, uint64_t *addr)
{
	return kv_symbol(&k->core->vmcoreinfo, name, addr) == 0;
}

/* The tokens are strings, one after the other; their index says where each starts. */
static int read_tokens(struct kallsyms *k, uint64_t table, uint64_t index)
{
	if (core_read_virt(k->core, index, k->token_index, sizeof(k->token_index)) < 0)
		return -ENOENT;
	for (size_t i = 1; i < TOKENS; i++)
		if (k->token_index[i] <= k->token_index[i - 1])
			return -EINVAL;
	k->token_size = k->token_index[TOKENS - 1] + NAME_MAX_;
	k->token_table = xcalloc(k->token_size + 1, 1);
	/* The last token is short, and what is behind the table may be missing. */
	for (size_t n = k->token_size; n > k->token_index[TOKENS - 1]; n--)
		if (core_read_virt(k->core, table, k->token_table, n) == 0)
			return 0;
	return -ENOENT;
}

static int open_tables(struct kallsyms *k)
{
	uint64_t table, index, count, base = 0;

	if (!find(k, "kallsyms_names", &k->names) || !find(k, "kallsyms_num_syms", &count) ||
	    !find(k, "kallsyms_token_table", &table) || !find(k, "kallsyms_token_index", &index) ||
	    !find(k, "kallsyms_offsets", &k->offsets) || core_read_virt(k->core, count, &k->n, sizeof(k->n)) < 0)
		return -ENOENT;
	k->has_base = find(k, "kallsyms_relative_base", &base);
	if (k->has_base && core_read_virt(k->core, base, &k->base, sizeof(k->base)) < 0)
		return -ENOENT;
	if (k->n > SYMBOLS_MAX)
		return -EINVAL;
	return read_tokens(k, table, index);
}

/* How many tokens a name has, in one byte or two. Gives the bytes that this number takes, 0: damaged. */
static size_t count_tokens(const uint8_t *data, size_t left, size_t *n)
{
	size_t used = 1;

	if (left < 2)
		return 0;
	*n = data[0];
	if (*n & 0x80) {
		*n = (*n & 0x7f) | data[1] << 7;
		used = 2;
	}
	return *n > left - used ? 0 : used;
}

static const char *token(const struct kallsyms *k, uint8_t i)
{
	return k->token_table + k->token_index[i];
}

/* One name: that number, and the tokens. Gives the bytes that it takes, 0: damaged. */
static size_t expand(const struct kallsyms *k, const uint8_t *data, size_t left, char *name, size_t *len)
{
	size_t n, used = count_tokens(data, left, &n);

	*len = 0;
	for (size_t i = 0; used && i < n; i++)
		for (const char *t = token(k, data[used + i]); *t; t++) {
			if (*len == NAME_MAX_)
				return 0;
			name[(*len)++] = *t;
		}
	return used ? used + n : 0;
}

/*
 * Where there is a base, x86_64 had small absolute values for what is per CPU up to 6.14, and negative ones for the
 * rest; others have unsigned offsets alone. Which it is, _stext tells. Without a base each is relative to itself.
 */
static uint64_t address(const struct kallsyms *k, uint32_t i, int32_t offset, bool absolute_percpu)
{
	if (!k->has_base)
		return k->offsets + i * sizeof(offset) + (int64_t)offset;
	if (!absolute_percpu)
		return k->base + (uint32_t)offset;
	return offset >= 0 ? (uint64_t)offset : k->base - 1 - offset;
}

static int add_all(struct kallsyms *k, struct symbols *s, const uint8_t *data, size_t size, const int32_t *offsets,
		   bool absolute_percpu)
{
	char name[NAME_MAX_];
	size_t at = 0, len, used;

	for (uint32_t i = 0; i < k->n; i++, at += used) {
		uint64_t addr = address(k, i, offsets[i], absolute_percpu);

		used = expand(k, data + at, size - at, name, &len);
		if (!used || len < 2)
			return -EINVAL;
		/* The first letter is the type. */
		if ((addr >> 63 || (k->is_file && !absolute_percpu)) &&
		    !symbols_add(s, addr, name[0], name + 1, len - 1))
			return -EINVAL;
	}
	symbols_finish(s);
	return 0;
}

/* What is behind the names in the kernel, if VMCOREINFO has any of it: no name is there. */
static uint64_t names_end(const struct kallsyms *k)
{
	static const char *const others[] = { "kallsyms_num_syms", "kallsyms_token_table", "kallsyms_token_index",
					      "kallsyms_offsets", "kallsyms_relative_base" };
	uint64_t end = UINT64_MAX, at;

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (find(k, others[i], &at) && at > k->names && at < end)
			end = at;
	return end;
}

/* The names: as much as there is from their start on, up to what so many can take. */
static uint8_t *read_names(const struct kallsyms *k, size_t *size)
{
	uint64_t there = rangemap_contiguous(&k->core->virt, k->names), most = (uint64_t)k->n * NAME_MAX_;
	uint64_t behind = names_end(k) - k->names;
	uint8_t *data;

	if (most > NAMES_MAX)
		most = NAMES_MAX;
	if (most > behind)
		most = behind;
	*size = there < most ? there : most;
	data = xcalloc(*size, 1);
	if (*size && core_read_virt(k->core, k->names, data, *size) == 0)
		return data;
	free(data);
	return NULL;
}

static bool stext_fits(const struct symbols *s, const struct corefile *core)
{
	uint64_t in_dump, in_table;

	return kv_symbol(&core->vmcoreinfo, "_stext", &in_dump) == 0 && symbols_address(s, "_stext", &in_table) &&
	       in_dump == in_table;
}

/* The base of a file as it must be, by where _stext was. */
static bool move_base(struct kallsyms *k, const struct symbols *s)
{
	uint64_t in_dump, in_table;

	if (!k->is_file || !k->has_base || kv_symbol(&k->core->vmcoreinfo, "_stext", &in_dump) < 0 ||
	    !symbols_address(s, "_stext", &in_table))
		return false;
	k->base += in_dump - in_table;
	return true;
}

static int add_right(struct kallsyms *k, struct symbols *s, const uint8_t *data, size_t size, const int32_t *offsets,
		     bool absolute_percpu)
{
	int r = add_all(k, s, data, size, offsets, absolute_percpu);

	if (r < 0 || stext_fits(s, k->core) || !move_base(k, s))
		return r;
	symbols_clear(s);
	return add_all(k, s, data, size, offsets, absolute_percpu);
}

static int read_table(struct kallsyms *k, struct symbols *s)
{
	int32_t *offsets = xcalloc(k->n, sizeof(*offsets));
	size_t size;
	uint8_t *names = read_names(k, &size);
	int r = -ENOENT;

	if (names && core_read_virt(k->core, k->offsets, offsets, k->n * sizeof(*offsets)) == 0) {
		r = add_right(k, s, names, size, offsets, true);
		if (r == 0 && k->has_base && !stext_fits(s, k->core)) {
			symbols_clear(s);
			r = add_right(k, s, names, size, offsets, false);
		}
		if (r == 0 && !stext_fits(s, k->core))
			r = -EINVAL;
	}
	free(offsets);
	free(names);
	return r;
}

static int read_symbols(struct symbols *s, const struct corefile *core, bool is_file)
{
	struct kallsyms k = { .core = core, .is_file = is_file };
	int r;

	*s = (struct symbols){ 0 };
	r = open_tables(&k);
	if (r == 0)
		r = read_table(&k, s);
	free(k.token_table);
	if (r < 0)
		symbols_clear(s);
	return r;
}

int kallsyms_read(struct symbols *s, const struct corefile *core)
{
	int r = read_symbols(s, core, false);

	if (r == 0)
		s->source = xprintf("the dump");
	return r;
}

int kallsyms_read_file(struct symbols *s, const struct corefile *file)
{
	int r = read_symbols(s, file, true);

	if (r == 0)
		s->source = xprintf("%s", file->path);
	return r;
}

/* Behind the type, which is the first letter. */
static bool has_name(const struct kallsyms *k, const uint8_t *tokens, size_t n, const char *name)
{
	size_t at = 0, len = strlen(name) + 1;

	for (size_t i = 0; i < n; i++)
		for (const char *t = token(k, tokens[i]); *t; t++, at++)
			if (at && (at >= len || *t != name[at - 1]))
				return false;
	return at == len;
}

/* Numbers of the first symbols with these names. */
static bool find_both(const struct kallsyms *k, const uint8_t *data, size_t size, const char *const names[2],
		      uint32_t found[2])
{
	size_t at = 0, used, n;

	found[0] = found[1] = UINT32_MAX;
	for (uint32_t i = 0; i < k->n && (found[0] == UINT32_MAX || found[1] == UINT32_MAX); i++, at += used + n) {
		used = count_tokens(data + at, size - at, &n);
		if (!used)
			return false;
		for (size_t j = 0; j < 2; j++)
			if (found[j] == UINT32_MAX && has_name(k, data + at + used, n, names[j]))
				found[j] = i;
	}
	return found[0] != UINT32_MAX && found[1] != UINT32_MAX;
}

static bool offset_of(const struct kallsyms *k, uint32_t i, int32_t *offset)
{
	return core_read_virt(k->core, k->offsets + i * sizeof(*offset), offset, sizeof(*offset)) == 0;
}

static bool find_address(const struct kallsyms *k, const uint8_t *data, size_t size, const char *name, uint64_t *addr)
{
	const char *const names[] = { "_stext", name };
	int32_t stext_offset, offset;
	uint32_t found[2];
	uint64_t stext;

	if (kv_symbol(&k->core->vmcoreinfo, names[0], &stext) < 0 || !find_both(k, data, size, names, found) ||
	    !offset_of(k, found[0], &stext_offset) || !offset_of(k, found[1], &offset))
		return false;
	for (int percpu = 1; percpu >= 0; percpu--)
		if (address(k, found[0], stext_offset, percpu) == stext) {
			*addr = address(k, found[1], offset, percpu);
			return true;
		}
	return false;
}

bool kallsyms_address(const struct corefile *core, const char *name, uint64_t *addr)
{
	struct kallsyms k = { .core = core };
	uint8_t *data = NULL;
	bool found = false;
	size_t size;

	if (open_tables(&k) == 0)
		data = read_names(&k, &size);
	if (data)
		found = find_address(&k, data, size, name, addr);
	free(data);
	free(k.token_table);
	return found;
}
