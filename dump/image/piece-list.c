// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/image/piece-list.h"

/*
 * An entry of the table that a device in Sahara's memory debug mode (64 bits) shows to the host. Source: qdl's
 * sahara.c.
 */
struct sahara_region {
	uint64_t type;
	uint64_t addr;
	uint64_t length;
	char region[20];
	char filename[20];
};

_Static_assert(sizeof(struct sahara_region) == 64, "as the device has it");

/* Of several entries for one file the last counts: each download wrote over the one before. */
static void set_place(struct pieces *pieces, const char *file, size_t max, uint64_t paddr, uint64_t size)
{
	size_t n = strnlen(file, max);

	for (size_t i = 0; i < pieces->n; i++) {
		struct piece *p = &pieces->v[i];

		if (strlen(p->file) != n || strncasecmp(p->file, file, n))
			continue;
		p->paddr = paddr;
		/* Firmware gives 0 for what has no address. */
		p->has_paddr = paddr;
		p->expected = size;
		return;
	}
}

static bool is_text(const char *s, size_t max)
{
	size_t n = strnlen(s, max);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n > 0;
}

static bool is_sahara_table(const char *data, size_t size)
{
	struct sahara_region r;

	if (!size || size % sizeof(r))
		return false;
	for (size_t i = 0; i < size; i += sizeof(r)) {
		memcpy(&r, data + i, sizeof(r));
		if (!is_text(r.region, sizeof(r.region)) || !is_text(r.filename, sizeof(r.filename)))
			return false;
	}
	return true;
}

static void read_sahara_table(const char *data, size_t size, struct pieces *pieces)
{
	struct sahara_region r;

	for (size_t i = 0; i < size; i += sizeof(r)) {
		memcpy(&r, data + i, sizeof(r));
		set_place(pieces, r.filename, sizeof(r.filename), r.addr, r.length);
	}
}

static bool number(const char *s, int base, uint64_t *ret)
{
	char *end;

	if (!s || *s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret = strtoull(s, &end, base);
	return !errno && !*end;
}

#define WORDS_MAX 16

static void read_line(char *line, bool cmm, struct pieces *pieces)
{
	char *words[WORDS_MAX], *save;
	uint64_t paddr, size;
	size_t n = 0;

	for (char *w = strtok_r(line, " \t\r", &save); w && n < WORDS_MAX; w = strtok_r(NULL, " \t\r", &save))
		words[n++] = w;
	if (cmm) {
		if (n >= 3 && !strcasecmp(words[0], "d.load.binary") && number(words[2], 16, &paddr))
			set_place(pieces, words[1], SIZE_MAX, paddr, 0);
	} else if (n >= 4 && number(words[1], 16, &paddr) && number(words[2], 10, &size)) {
		set_place(pieces, words[n - 1], SIZE_MAX, paddr, size);
	}
}

void places_read(const char *file, const char *data, size_t size, struct pieces *pieces)
{
	bool cmm = !strcasecmp(file, "load.cmm");

	if (cmm || !strcasecmp(file, "dump_info.txt")) {
		_cleanup_free_ char *text = xstrndup(data, size);
		char *save;

		for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			read_line(line, cmm, pieces);
	} else if (is_sahara_table(data, size)) {
		read_sahara_table(data, size, pieces);
	}
}
