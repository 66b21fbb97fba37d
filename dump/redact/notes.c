// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include <qcmd_note.h>

#include "dump/core/cpuregs.h"
#include "dump/core/notetext.h"
#include "dump/log/log.h"
#include "dump/redact/redact-private.h"
#include "dump/stack/names.h"

#define DECIMAL "0123456789"
#define HEX	"0123456789abcdefx"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD	LETTERS DECIMAL "_.+~-"

/* Which lines of a note stay: those of these keys, whose values have nothing but these characters. */
struct line_kind {
	const char *key; /* with '(' where it has an argument */
	const char *characters;
};

static const struct line_kind kernel_lines[] = {
	{ "QCMD_NOTE", DECIMAL },  { "CREATOR", WORD " " }, { "ARCH", WORD },	     { "SIZE(", DECIMAL },
	{ "BITS(", DECIMAL ":s" }, { "OFFSET(", DECIMAL },  { "POLICY(", WORD "/" }, {},
};

static const struct line_kind names_lines[] = {
	{ "QCMD_NAMES", DECIMAL }, { "FUNCTION(", WORD " $@" }, { "ORC(", WORD " " },
	{ "ORC_UNKNOWN", HEX },	   { "LEFT_OUT", DECIMAL },	{},
};

/* Numbers, and words of which there are a few. */
static const struct line_kind collect_lines[] = {
	{ "SOURCE_KIND", LETTERS }, { "SOURCE_BYTES", DECIMAL }, { "BACKEND", LETTERS },   { "TABLE", HEX },
	{ "SLOTS", DECIMAL "/" },   { "COLLECTED", DECIMAL },	 { "CRASHTIME", DECIMAL }, { "MEMORY", HEX " " },
	{ "REGISTERS", LETTERS },   { "DIED", DECIMAL },	 { "REDACTED", NULL },	   {},
};

static bool stays(const struct line_kind *kinds, const struct kv_pair *p)
{
	for (; kinds->key; kinds++) {
		size_t n = strlen(kinds->key);
		bool has_argument = kinds->key[n - 1] == '(';

		if (has_argument ? strncmp(p->key, kinds->key, n) || p->key[n + strspn(p->key + n, WORD)] != ')' :
				   strcmp(p->key, kinds->key))
			continue;
		return !kinds->characters || !p->value[strspn(p->value, kinds->characters)];
	}
	return false;
}

/* Returns how many lines do not stay. */
static size_t print_lines(const struct kv *kv, const struct line_kind *kinds, FILE *f)
{
	size_t left_out = 0;

	for (size_t i = 0; i < kv->n; i++) {
		if (stays(kinds, &kv->pairs[i]))
			fprintf(f, "%s=%s\n", kv->pairs[i].key, kv->pairs[i].value);
		else
			left_out++;
	}
	return left_out;
}

static void say_lines(struct work *w, const char *note, size_t n)
{
	if (n)
		strlist_addf(&w->x->blanked, "%s: %zu lines that may hold anything", note, n);
}

static void add_kernel_note(struct work *w)
{
	struct collection *c = &w->x->c;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		out_of_memory();
	say_lines(w, "note of qcmdd", print_lines(&w->core->kernel_note, kernel_lines, f));
	fclose(f);
	kv_parse(&c->kernel_note, text, size);
	notebuf_add(&c->notes, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL, text, size);
}

static void add_names(struct work *w)
{
	_cleanup_free_ char *text = NULL;
	const char *source, *slash;
	struct kv names;
	size_t size;
	FILE *f;

	if (names_read(w->core, &names) < 0)
		return;
	f = open_memstream(&text, &size);
	if (!f)
		out_of_memory();
	source = kv_get(&names, "SOURCE") ?: "";
	slash = strrchr(source, '/');
	/* Not the folder that somebody has it in. */
	fprintf(f, "SOURCE=%s\n", slash ? slash + 1 : source);
	print_lines(&names, names_lines, f);
	fclose(f);
	kv_clear(&names);
	notetext_add(&w->x->c.notes, QCMD_NOTE_NAME, QCMD_NOTE_NAMES, text, size);
}

/* The log of a dump of pstore's: what stands in front of its texts stays. */
static void add_log(struct work *w)
{
	_cleanup_free_ char *text = xcalloc(w->core->log_size, 1);
	struct log log;

	memcpy(text, w->core->log, w->core->log_size);
	log_read_text(text, w->core->log_size, &log);
	for (size_t i = 0; i < log.n; i++)
		lines_redact(&w->lines, (char *)log.v[i].text, log.v[i].text_len);
	log_clear(&log);
	notebuf_add(&w->x->c.notes, QCMD_NOTE_NAME, QCMD_NOTE_LOG, text, w->core->log_size);
}

static void add_registers(struct work *w, const struct elfnote *note)
{
	_cleanup_free_ char *desc = xcalloc(note->desc_size, 1);

	memcpy(desc, note->desc, note->desc_size);
	w->blank_words += words_blank_registers(&w->words, desc, note->desc_size);
	notebuf_add(&w->x->c.notes, "CORE", NT_PRSTATUS, desc, note->desc_size);
}

static void add_vmcoreinfo(struct work *w, const struct elfnote *note)
{
	struct collection *c = &w->x->c;
	size_t size = strnlen(note->desc, note->desc_size);

	kv_parse(&c->vmcoreinfo, note->desc, size);
	notebuf_add(&c->notes, VMCOREINFO_NAME, 0, note->desc, size);
}

static bool is_qcmd(const struct elfnote *note, uint32_t type)
{
	return elfnote_is(note, QCMD_NOTE_NAME, type);
}

/* Of those that are read once, the first counts. */
void notes_redact(struct work *w)
{
	const struct corefile *core = w->core;
	struct elfnote note;
	size_t pos = 0;

	while (elfnote_next(core->elf.notes, core->elf.notes_size, &pos, &note)) {
		if (elfnote_is(&note, VMCOREINFO_NAME, 0) && !w->x->c.vmcoreinfo.text)
			add_vmcoreinfo(w, &note);
		else if (elfnote_is(&note, "CORE", NT_PRSTATUS))
			add_registers(w, &note);
		else if (!is_qcmd(&note, QCMD_NOTE_KERNEL) && !is_qcmd(&note, QCMD_NOTE_COLLECT) &&
			 !is_qcmd(&note, QCMD_NOTE_NAMES) && !is_qcmd(&note, QCMD_NOTE_LOG))
			strlist_addf(&w->x->blanked, "a note of type 0x%" PRIx32 ", %zu bytes that may hold anything",
				     note.type, note.desc_size);
	}
	if (core->kernel_note.text)
		add_kernel_note(w);
	add_names(w);
	if (core->log)
		add_log(w);
}

static void print_registers(const struct corefile *core, FILE *f)
{
	struct cpu_regs_from r;

	for (size_t pos = 0; cpu_regs_from_next(core, &pos, &r);) {
		fprintf(f, "REGISTERS(%" PRIu32 ")=%s", r.cpu, r.from);
		if (r.time_ns)
			fprintf(f, " %" PRIu64, r.time_ns);
		fputc('\n', f);
	}
}

/* Words about the source that its collection had to say, which may name files. */
static size_t count_words(const struct kv *note)
{
	static const char *const keys[] = { "WARNING", "PROBLEM", "LEFT_OUT" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		for (size_t pos = 0; kv_next(note, keys[i], &pos);)
			n++;
	return n;
}

static void print_redacted(const struct redaction *x, FILE *f)
{
	for (size_t i = 0; i < x->n_removed; i++)
		fprintf(f, "REDACTED=removed %s: %zu region%s, %" PRIu64 " bytes: %s\n", x->removed[i].name,
			x->removed[i].regions, x->removed[i].regions == 1 ? "" : "s", x->removed[i].bytes,
			x->removed[i].why);
	for (size_t i = 0; i < x->blanked.n; i++)
		fprintf(f, "REDACTED=blanked %s\n", x->blanked.v[i]);
	if (x->blanked.left_out)
		fprintf(f, "REDACTED=blanked %zu more\n", x->blanked.left_out);
}

void notes_add_collect(struct work *w)
{
	struct collection *c = &w->x->c;
	_cleanup_free_ char *text = NULL;
	size_t size, words = count_words(&w->core->collect_note);
	FILE *f = open_memstream(&text, &size);

	if (!f)
		out_of_memory();
	if (words)
		strlist_addf(&w->x->blanked, "what the collection said: %zu warnings and problems", words);
	fprintf(f, "QCMD_COLLECT=1\nCREATOR=qcmdump %s\nSOURCE=a dump that was redacted\n", QCMD_VERSION);
	print_lines(&w->core->collect_note, collect_lines, f);
	print_registers(w->core, f);
	collect_print_made(f, c);
	for (size_t i = 0; i < c->toc.n_regions; i++)
		region_write(&c->toc.regions[i], f);
	for (size_t i = 0; i < c->toc.problems.n; i++)
		fprintf(f, "PROBLEM=%s\n", c->toc.problems.v[i]);
	print_redacted(w->x, f);
	fclose(f);
	notebuf_add(&c->notes, QCMD_NOTE_NAME, QCMD_NOTE_COLLECT, text, size);
}
