// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <qcmd_note.h>

#include "dump/core/notetext.h"
#include "dump/stack/names.h"
#include "lib/text.h"

/* Room in the text for its first and last lines. */
#define NAMES_ROOM (QCMD_NOTE_NAMES_MAX - 4 * KIB)

static int cmp_address(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort_addresses(struct names *n)
{
	size_t kept = 0;

	qsort(n->addrs, n->n, sizeof(*n->addrs), cmp_address);
	for (size_t i = 0; i < n->n; i++)
		if (!kept || n->addrs[kept - 1] != n->addrs[i])
			n->addrs[kept++] = n->addrs[i];
	n->n = kept;
}

static void add_address(struct names *n, uint64_t addr)
{
	struct symbol_place place;

	if (!symbols_find(n->symbols, addr, &place) || !place.text)
		return;
	if (n->n == NAMES_ADDRS_MAX && !n->full) {
		sort_addresses(n);
		/* Or else this would be done time and again, for a few at a time. */
		n->full = n->n > NAMES_ADDRS_MAX / 2;
	}
	if (n->full) {
		n->left_out++;
		return;
	}
	n->addrs = xgrow(n->addrs, &n->capacity, n->n + 1, sizeof(*n->addrs));
	n->addrs[n->n++] = addr;
}

/* Of a return address the byte before counts; an instruction that was interrupted counts itself. */
void names_add(struct names *n, uint64_t word)
{
	if (!(word >> 63))
		return;
	add_address(n, word - 1);
	add_address(n, word);
}

static void write_functions(struct names *n, FILE *f, size_t *left_out)
{
	uint64_t last = 0;

	for (size_t i = 0; i < n->n; i++) {
		_cleanup_free_ char *name = NULL, *module = NULL;
		struct symbol_place place;
		uint64_t start;

		if (!symbols_find(n->symbols, n->addrs[i], &place))
			continue;
		start = n->addrs[i] - place.offset;
		if (start == last)
			continue;
		last = start;
		if (ftell(f) >= (long)NAMES_ROOM) {
			++*left_out;
			continue;
		}
		name = escape_text(place.name, strlen(place.name), TEXT_ASCII);
		if (place.module)
			module = escape_text(place.module, strlen(place.module), TEXT_ASCII);
		fprintf(f, "FUNCTION(%" PRIx64 ")=%" PRIu64 " %s%s%s\n", start, place.size, name, module ? " " : "",
			module ?: "");
		n->functions++;
	}
}

static void write_orc(const struct names *n, FILE *f, size_t *left_out)
{
	struct orc_range range = { 0 };

	for (size_t i = 0; i < n->n; i++) {
		uint64_t addr = n->addrs[i];

		if ((addr >= range.start && addr < range.end) || !orc_find(n->orc, addr, &range))
			continue;
		if (ftell(f) < (long)NAMES_ROOM)
			orc_print(f, &range);
		else
			++*left_out;
	}
	if (n->orc->unknown[0])
		fprintf(f, "ORC_UNKNOWN=%s\n", n->orc->unknown);
}

void names_write(struct names *n, struct notebuf *notes)
{
	_cleanup_free_ char *text = NULL, *source = NULL;
	size_t size, left_out = n->left_out;
	FILE *f;

	if (!n->n)
		return;
	f = open_memstream(&text, &size);
	if (!f)
		return;
	sort_addresses(n);
	source = escape_text(n->symbols->source, strlen(n->symbols->source), TEXT_ASCII);
	fprintf(f, "QCMD_NAMES=1\nSOURCE=%s\n", source);
	write_functions(n, f, &left_out);
	write_orc(n, f, &left_out);
	if (left_out)
		fprintf(f, "LEFT_OUT=%zu\n", left_out);
	if (fclose(f) == 0)
		notetext_add(notes, QCMD_NOTE_NAME, QCMD_NOTE_NAMES, text, size);
}

void names_clear(struct names *n)
{
	free(n->addrs);
	*n = (struct names){ 0 };
}

int names_read(const struct corefile *core, struct kv *ret)
{
	struct elfnote note;
	size_t pos = 0, size;

	*ret = (struct kv){ 0 };
	while (elfnote_next(core->elf.notes, core->elf.notes_size, &pos, &note)) {
		_cleanup_free_ char *text = NULL;

		if (!elfnote_is(&note, QCMD_NOTE_NAME, QCMD_NOTE_NAMES))
			continue;
		text = notetext_read(&note, QCMD_NOTE_NAMES_MAX, &size);
		if (!text)
			return -ENOENT;
		kv_parse(ret, text, size);
		if (kv_get(ret, "QCMD_NAMES"))
			return 0;
		kv_clear(ret);
		return -ENOENT;
	}
	return -ENOENT;
}

static void add_function(struct symbols *s, const struct kv_pair *p)
{
	const char *name = strchr(p->value, ' ');
	uint64_t addr, size, end;
	size_t len;

	if (sscanf(p->key, "FUNCTION(%" SCNx64 ")", &addr) != 1 || sscanf(p->value, "%" SCNu64, &size) != 1 || !name ||
	    __builtin_add_overflow(addr, size, &end))
		return;
	len = strcspn(++name, " ");
	if (!len || !symbols_add(s, addr, 't', name, len))
		return;
	if (name[len] && name[len + 1])
		symbols_in_module(s, name + len + 1, strlen(name + len + 1));
	symbols_add_end(s, end);
}

void names_symbols(const struct kv *names, struct symbols *s)
{
	const struct kv_pair *p;
	size_t pos = 0;

	*s = (struct symbols){ 0 };
	while ((p = kv_next(names, "FUNCTION(", &pos)))
		add_function(s, p);
	symbols_finish(s);
	s->source = xprintf("the dump (%s)", kv_get(names, "SOURCE") ?: "an unknown place");
}

void names_orc(const struct kv *names, struct orc *orc)
{
	const char *unknown = kv_get(names, "ORC_UNKNOWN");
	const struct kv_pair *p;
	size_t pos = 0;

	while ((p = kv_next(names, "ORC(", &pos)))
		orc_parse(orc, p);
	orc_finish(orc);
	if (unknown && strlen(unknown) < sizeof(orc->unknown))
		strcpy(orc->unknown, unknown);
}

bool names_about(const struct corefile *core, char **source, size_t *functions)
{
	struct kv names;
	size_t pos = 0;

	*functions = 0;
	if (names_read(core, &names) < 0)
		return false;
	while (kv_next(&names, "FUNCTION(", &pos))
		++*functions;
	*source = xprintf("%s", kv_get(&names, "SOURCE") ?: "an unknown place");
	kv_clear(&names);
	return true;
}
