// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/policy/policy.h"
#include "daemon/source/bpf-util.h"
#include "daemon/source/ksyms.h"
#include "bpf/ksyms.skel.h"
#include "lib/text.h"

struct ksyms {
	struct ksyms_bpf *skel;
	struct ksym *found; /* that were looked up before */
	size_t n_found;
};

/* A line of the table, in the reader's buffer. */
struct line {
	uint64_t address;
	char *name;
	char *module; /* "" for the kernel's own */
};

struct addresses {
	uint64_t *items;
	size_t n;
	size_t allocated;
};

static bool parse_line(char *text, struct line *ret)
{
	char *end;

	ret->address = strtoull(text, &end, 16);
	if (end == text || *end != ' ')
		return false;
	ret->name = strsep(&end, " ") ? end : NULL;
	strsep(&end, " ");
	if (!end)
		return false;
	ret->module = end;
	end[strcspn(end, "\n")] = '\0';
	return true;
}

static int remember(struct addresses *a, uint64_t address)
{
	if (a->n == a->allocated) {
		size_t allocated = a->allocated ? 2 * a->allocated : 16384;
		uint64_t *items = reallocarray(a->items, allocated, sizeof(*items));

		if (!items)
			return -ENOMEM;
		a->items = items;
		a->allocated = allocated;
	}
	a->items[a->n++] = address;
	return 0;
}

/* What is behind the module that a name may begin with. */
static const char *plain_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

/* What the name is called in syms, without its module; NULL: it is of another module. */
static const char *local_name(const char *name, const struct line *line)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? colon - name : 0;

	if (strncmp(name, line->module, len) || line->module[len])
		return NULL;
	return colon ? colon + 1 : name;
}

/* Only a name that begins alike is looked at: the table has tens of thousands. */
static void guess(struct ksym *sym, const struct line *line)
{
	const char *plain = plain_name(sym->name);
	char full[sizeof(sym->meant)];

	if (strncmp(plain, line->name, 3))
		return;
	snprintf(full, sizeof(full), "%s%s%s", line->module, *line->module ? ":" : "", line->name);
	if (!strcmp(plain, line->name)) {
		memcpy(sym->meant, full, sizeof(full));
	} else if (local_name(sym->name, line)) {
		const char *const candidates[] = { full, sym->meant[0] ? sym->meant : NULL, NULL };
		const char *meant = did_you_mean(sym->name, candidates);

		if (meant == full)
			memcpy(sym->meant, full, sizeof(full));
	}
}

static void match(struct ksym *sym, const struct line *line)
{
	const char *name = local_name(sym->name, line);

	if (name && !strcmp(name, line->name) && !sym->n_found++)
		sym->address = line->address;
}

/* Lines whose names begin otherwise are most. */
static void sort_by_letter(struct ksym *syms, size_t n, struct ksym *ret[256])
{
	memset(ret, 0, 256 * sizeof(*ret));
	for (size_t i = n; i-- > 0;) {
		struct ksym **first = &ret[(unsigned char)*plain_name(syms[i].name)];

		syms[i].next = *first;
		*first = &syms[i];
	}
}

static int compare_addresses(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint64_t size_of(const struct addresses *a, uint64_t address)
{
	size_t from = 0, to = a->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (a->items[middle] > address)
			to = middle;
		else
			from = middle + 1;
	}
	if (from == a->n)
		return KSYM_SIZE_UNKNOWN;
	return a->items[from] - address;
}

int ksyms_parse(FILE *f, struct ksym *syms, size_t n)
{
	_cleanup_free_ uint64_t *items = NULL;
	_cleanup_free_ char *text = NULL;
	struct addresses addresses = {};
	struct ksym *wanted[256];
	size_t size = 0;
	int r = 0;

	sort_by_letter(syms, n, wanted);
	while (r >= 0 && getline(&text, &size, f) > 0) {
		struct line line;

		if (!parse_line(text, &line))
			continue;
		r = remember(&addresses, line.address);
		items = addresses.items;
		for (struct ksym *sym = wanted[(unsigned char)*line.name]; sym; sym = sym->next)
			match(sym, &line);
	}
	if (r < 0)
		return r;
	qsort(addresses.items, addresses.n, sizeof(*addresses.items), compare_addresses);
	for (size_t i = 0; i < n; i++)
		if (syms[i].n_found)
			syms[i].size = size_of(&addresses, syms[i].address);
	return 0;
}

int ksyms_guess(FILE *f, struct ksym *syms, size_t n)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	while (getline(&text, &size, f) > 0) {
		struct line line;

		if (!parse_line(text, &line))
			continue;
		for (size_t i = 0; i < n; i++)
			if (!syms[i].n_found)
				guess(&syms[i], &line);
	}
	return 0;
}

static int load(struct ksyms *k, char **ret_reason)
{
	int err;

	if (k->skel)
		return 0;
	bpf_log_quietly();
	k->skel = ksyms_bpf__open();
	err = k->skel ? ksyms_bpf__load(k->skel) : -ENOMEM;
	if (err < 0) {
		*ret_reason = bpf_load_reason("", err);
	} else if (ksyms_bpf__attach(k->skel) < 0) {
		err = -errno;
		*ret_reason = bpf_reason("the symbol table can't be iterated", err);
	}
	if (err < 0)
		k->skel = (ksyms_bpf__destroy(k->skel), NULL);
	return err;
}

static int read_table(struct ksyms *k, int (*parse)(FILE *f, struct ksym *syms, size_t n), struct ksym *syms, size_t n)
{
	int fd, r;
	FILE *f;

	fd = bpf_iter_create(k->skel->links.on_ksym_fd);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "re");
	if (!f) {
		r = -errno;
		close(fd);
		return r;
	}
	setvbuf(f, NULL, _IOFBF, 64 * 1024);
	r = parse(f, syms, n);
	if (r >= 0 && ferror(f))
		r = -EIO;
	fclose(f);
	malloc_trim(0);
	return r;
}

static struct ksym *find_known(const struct ksyms *k, const char *name)
{
	for (size_t i = 0; i < k->n_found; i++)
		if (!strcmp(k->found[i].name, name))
			return &k->found[i];
	return NULL;
}

static int add_unknown(struct ksyms *k, const char *name)
{
	struct ksym *found;

	if (find_known(k, name))
		return 0;
	found = reallocarray(k->found, k->n_found + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	k->found = found;
	k->found[k->n_found] = (struct ksym){};
	snprintf(k->found[k->n_found++].name, sizeof(found->name), "%s", name);
	return 0;
}

static bool is_missing(const struct ksyms *k, const char *item)
{
	return *item != '-' && !find_known(k, item)->n_found;
}

/* Those behind the first that were known. */
static int look_up(struct ksyms *k, size_t known, const char *const *names, size_t n)
{
	bool missing = false;
	int r = read_table(k, ksyms_parse, k->found + known, k->n_found - known);

	for (size_t i = 0; i < n && r >= 0; i++)
		missing |= is_missing(k, names[i]);
	/* What was meant is a question to each line, which takes longer than all else. */
	return r < 0 || !missing ? r : read_table(k, ksyms_guess, k->found + known, k->n_found - known);
}

int ksyms_find(struct ksyms *k, const char *const *names, size_t n, const struct ksym **ret, char **ret_reason)
{
	size_t known = k->n_found;
	int r = 0;

	*ret_reason = NULL;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = strlen(names[i]) < sizeof(k->found->name) ? add_unknown(k, policy_symbol_name(names[i])) :
								-ENAMETOOLONG;
	if (r >= 0 && k->n_found > known) {
		r = load(k, ret_reason);
		if (r >= 0)
			r = look_up(k, known, names, n);
	}
	if (r < 0) {
		k->n_found = known;
		if (!*ret_reason)
			*ret_reason = bpf_reason("the symbol table can't be read", r);
		return r;
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = find_known(k, policy_symbol_name(names[i]));
	return 0;
}

/* What was not found may be there now, too. */
void ksyms_forget_modules(struct ksyms *k)
{
	size_t kept = 0;

	for (size_t i = 0; i < k->n_found; i++)
		if (k->found[i].n_found && !strchr(k->found[i].name, ':'))
			k->found[kept++] = k->found[i];
	k->n_found = kept;
}

int ksyms_new(struct ksyms **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct ksyms *ksyms_free(struct ksyms *k)
{
	if (!k)
		return NULL;
	ksyms_bpf__destroy(k->skel);
	free(k->found);
	free(k);
	return NULL;
}
