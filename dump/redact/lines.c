// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/redact/lines.h"
#include "lib/alloc.h"

#define BLANK '*'

/* The man page has these lists, too. */
#define LINE                                                                                                \
	"pass(word|wd|phrase|code)|secret|token|credential|api[-_ ]?key|private[-_ ]?key|authori[sz]ation|" \
	"bearer|[^a-z]psk[^a-z]|ssid|host[-_ ]?name|machine[-_ ]?id|boot[-_ ]?id|serial ?num|proctitle|execve"
#define MAC    "([0-9a-f]{2}[:-]){5}[0-9a-f]{2}"
#define IPV4   "[0-9]{1,3}([.][0-9]{1,3}){3}"
#define IPV6   "([0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}|[0-9a-f]{1,4}(:[0-9a-f]{1,4})*::([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?"
#define UUID   "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
#define DIGITS "[0-9a-f]{32,}"
/* Of x86_64 and arm64, as an oops shows them. */
#define REGISTERS "(R([ABCD]X|[SD]I|BP|[01][0-9])|x[0-9]{1,2} ?): ?([0-9a-f]{16})"
#define REGISTER  3

static void must_compile(regex_t *re, const char *pattern)
{
	if (regcomp(re, pattern, REG_EXTENDED | REG_ICASE))
		out_of_memory();
}

static int add_user(struct lines *l, const char *pattern, struct derr *err)
{
	char reason[128];
	int r = regcomp(&l->user[l->n_user], pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB);

	if (!r) {
		l->n_user++;
		return 0;
	}
	regerror(r, &l->user[l->n_user], reason, sizeof(reason));
	return derr_set(err, -EINVAL, "--log=%s is no extended regular expression: %s", pattern, reason);
}

int lines_init(struct lines *l, const struct redact_options *o, struct derr *err)
{
	int r = 0;

	/* The log may begin in the middle of them. */
	*l = (struct lines){ .user = xcalloc(o->n_log, sizeof(*l->user)), .arguments = true };
	must_compile(&l->line, LINE);
	must_compile(&l->part, MAC "|" IPV4 "|" UUID "|" DIGITS "|" IPV6);
	must_compile(&l->value, REGISTERS);
	for (size_t i = 0; i < o->n_log && r == 0; i++)
		r = add_user(l, o->log[i], err);
	return r;
}

void lines_clear(struct lines *l)
{
	if (!l->user)
		return;
	regfree(&l->line);
	regfree(&l->part);
	regfree(&l->value);
	for (size_t i = 0; i < l->n_user; i++)
		regfree(&l->user[i]);
	free(l->user);
	if (l->has_word)
		regfree(&l->word);
	free(l->words);
	*l = (struct lines){ 0 };
}

void lines_add_word(struct lines *l, const char *word)
{
	_cleanup_free_ char *quoted = xcalloc(4, strlen(word) + 1), *before = l->words;
	char *to = quoted;

	if (strlen(word) < 2)
		return;
	/* In brackets each character but these stands for itself. */
	for (const char *c = word; *c; c++)
		to += sprintf(to, *c == '^' || *c == '\\' ? "\\%c" : "[%c]", *c);
	l->words = before ? xprintf("%s|%s", before, quoted) : xstrndup(quoted, strlen(quoted));
}

/* Between characters that no such word has. */
static void compile_words(struct lines *l)
{
	_cleanup_free_ char *pattern = xprintf("(^|[^[:alnum:]_-])(%s)($|[^[:alnum:]_-])", l->words);

	must_compile(&l->word, pattern);
	l->has_word = true;
}

static void blank(char *text, size_t size)
{
	memset(text, BLANK, size);
}

/* Every match, or of it what the given parentheses have. Returns how many there were. */
static size_t blank_matches(const regex_t *re, size_t group, char *text)
{
	regmatch_t found[REGISTER + 1];
	size_t n = 0;

	for (char *at = text; !regexec(re, at, ARRAY_LEN(found), found, at > text ? REG_NOTBOL : 0) &&
			      found[group].rm_eo > found[group].rm_so;
	     at += found[group].rm_eo, n++)
		blank(at + found[group].rm_so, found[group].rm_eo - found[group].rm_so);
	return n;
}

/* As the kernel takes its command line apart: quotes keep blanks, the first '=' is followed by the value. */
static size_t blank_parameters(char *text)
{
	bool quoted = false, in_value = false;
	size_t n = 0;

	for (size_t i = 0; text[i]; i++) {
		bool is_quote = text[i] == '"';

		if (!quoted && (text[i] == ' ' || text[i] == '\t')) {
			in_value = false;
			continue;
		}
		if (in_value)
			text[i] = BLANK;
		else if (text[i] == '=')
			n += in_value = true;
		quoted ^= is_quote;
	}
	return n;
}

/* "Command line: ", "Kernel command line: ", "Unknown kernel command line parameters ..." */
static void redact_command_line(struct lines *l, char *text)
{
	char *at = strstr(text, "ommand line");

	if (at)
		l->blank_values += blank_parameters(at);
}

/* Indented, behind "with arguments:" and "with environment:" */
static bool redact_argument(struct lines *l, char *text)
{
	size_t indent = strspn(text, " ");

	if (strstr(text, "with arguments:") || strstr(text, "with environment:")) {
		l->arguments = true;
		return true;
	}
	l->arguments = l->arguments && indent >= 4;
	if (!l->arguments)
		return false;
	blank(text + indent, strlen(text + indent));
	l->blank_values++;
	return true;
}

static bool is_line_to_blank(const struct lines *l, const char *text)
{
	for (size_t i = 0; i < l->n_user; i++)
		if (!regexec(&l->user[i], text, 0, NULL, 0))
			return true;
	return !regexec(&l->line, text, 0, NULL, 0);
}

static void redact_line(struct lines *l, char *text)
{
	if (redact_argument(l, text))
		return;
	redact_command_line(l, text);
	if (is_line_to_blank(l, text)) {
		blank(text, strlen(text));
		l->blank_lines++;
		return;
	}
	l->blank_parts += blank_matches(&l->part, 0, text);
	l->blank_values += blank_matches(&l->value, REGISTER, text);
	if (l->has_word)
		l->blank_parts += blank_matches(&l->word, 2, text);
}

void lines_redact(struct lines *l, char *text, size_t size)
{
	char *end = text + size, *eol;

	if (l->words && !l->has_word)
		compile_words(l);
	for (char *line = text; line < end; line = eol + 1) {
		_cleanup_free_ char *copy = NULL;

		eol = memchr(line, '\n', end - line) ?: end;
		copy = xcalloc(eol - line + 1, 1);
		/* A NUL must not hide what stands behind it. */
		for (char *c = line; c < eol; c++)
			copy[c - line] = *c ?: ' ';
		redact_line(l, copy);
		memcpy(line, copy, eol - line);
	}
}
