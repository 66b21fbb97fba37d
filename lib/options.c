// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/options.h"
#include "lib/text.h"

#define OPTIONS_MAX 64
#define LEFT_MAX    80
#define COLUMN_MAX  26 /* a left half that is wider has its text below, not beside it */

/* For getopt_long(): the number of an option, above all letters */
#define NUMBER 256

struct getopt_tables {
	struct option options[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
};

/* NULL behind the last one */
static const struct opt *option_at(const struct program *p, size_t i)
{
	static const struct opt common[] = {
		{ .name = "help", .letter = 'h', .help = "show this help" },
		{ .name = "version", .help = "show the version" },
	};

	if (i < p->n_options)
		return &p->options[i];
	i -= p->n_options;
	return i < ARRAY_LEN(common) ? &common[i] : NULL;
}

static bool takes(const struct program *p, const struct verb *v, const struct opt *o)
{
	return !o->verbs || (v && o->verbs >> (v - p->verbs) & 1);
}

/* What getopt_long() is to know; all: of every verb, up to the first argument. */
static void fill_tables(struct getopt_tables *t, const struct program *p, const struct verb *v, bool all)
{
	char *letter = stpcpy(t->letters, all ? "+:" : ":");
	const struct opt *o;
	size_t n = 0;

	for (size_t i = 0; (o = option_at(p, i)) && n < OPTIONS_MAX; i++) {
		if (!all && !takes(p, v, o))
			continue;
		t->options[n++] = (struct option){
			.name = o->name,
			.has_arg = !o->argument		? no_argument :
				   o->may_lack_argument ? optional_argument :
							  required_argument,
			.val = all ? 0 : (int)(NUMBER + i),
		};
		if (o->letter)
			*letter++ = o->letter;
		if (o->letter && o->argument)
			*letter++ = ':';
	}
	*letter = '\0';
	t->options[n] = (struct option){ 0 };
	opterr = 0;
	optind = 0;
}

/* Beside the left half or below it, in a column. */
static void print_entry(const char *left, const char *text, int column)
{
	int n = printf("%s", left);

	if (n + 2 > column) {
		putchar('\n');
		n = 0;
	}
	for (size_t length; *text; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		printf("%*s%.*s\n", column - n, "", (int)length, text);
		n = 0;
	}
}

/* Of what has no help of its own, that of the program tells everything. */
static bool is_listed(const struct program *p, const struct verb *v, const struct opt *o)
{
	bool listed = takes(p, v, o);

	for (size_t i = 0; !v && i < p->n_verbs; i++)
		listed |= !p->verbs[i].about && takes(p, &p->verbs[i], o);
	return listed;
}

/* Lists what is to be listed from that column on; 0: only looks how wide the left half is. */
static int list(const struct program *p, const struct verb *v, int column)
{
	const struct opt *o;
	char left[LEFT_MAX];
	int n, widest = 0;

	if (column && !v && p->n_verbs)
		puts("Commands:");
	for (size_t i = 0; !v && i < p->n_verbs; i++) {
		n = snprintf(left, sizeof(left), "  %s %s", p->verbs[i].name, p->verbs[i].arguments);
		widest = n > widest && n + 2 <= COLUMN_MAX ? n : widest;
		if (column)
			print_entry(left, p->verbs[i].summary, column);
	}
	if (column)
		printf("%sOptions:\n", !v && p->n_verbs ? "\n" : "");
	for (size_t i = 0; (o = option_at(p, i)); i++) {
		if (!is_listed(p, v, o))
			continue;
		n = snprintf(left, sizeof(left), "  %c%c%c --%s%s%s", o->letter ? '-' : ' ', o->letter ?: ' ',
			     o->letter ? ',' : ' ', o->name, o->argument ? "=" : "", o->argument ?: "");
		widest = n > widest && n + 2 <= COLUMN_MAX ? n : widest;
		if (column)
			print_entry(left, o->help, column);
	}
	return widest;
}

static int show_help(const struct program *p, const struct verb *v)
{
	if (v && !v->about)
		v = NULL;
	if (v)
		printf("Usage: %s %s [OPTION...] %s\n\n%s\n\n", p->name, v->name, v->arguments, v->about);
	else
		printf("Usage: %s %s\n\n%s\n\n", p->name, p->usage, p->about);
	list(p, v, list(p, v, 0) + 2);
	if (!v && p->more)
		printf("\n%s\n", p->more);
	return ~EXIT_SUCCESS;
}

static int misuse(const struct program *p, const struct verb *v, const char *format, ...) _printf_(3, 4);

static int misuse(const struct program *p, const struct verb *v, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", p->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\nTry '%s%s%s --help'.\n", p->name, v && v->about ? " " : "", v && v->about ? v->name : "");
	return ~EXIT_USAGE;
}

/* What getopt_long() has no place for; given: the argument that it is in. */
static int bad_option(const struct program *p, const struct verb *v, int why, const char *given)
{
	const char letter[] = { '-', (char)optopt, '\0' }, *names[OPTIONS_MAX + 1] = { NULL }, *meant;
	bool is_letter = optopt && optopt < NUMBER, ambiguous = false;
	struct quoted word = is_letter ? quote(letter, 2) : quote(given, strcspn(given, "="));
	const struct opt *o;
	size_t n = 0;

	if (why == ':')
		return misuse(p, v, "option '%s' needs an argument", word.s);
	if (optopt >= NUMBER)
		return misuse(p, v, "option '%s' takes no argument", word.s);
	for (size_t i = 0; (o = option_at(p, i)) && n < OPTIONS_MAX; i++) {
		if (is_letter ? o->letter == optopt : !strcmp(o->name, word.s + 2))
			return misuse(p, v, "'%s' takes no option %s", v ? v->name : p->name, word.s);
		if (is_letter || !takes(p, v, o))
			continue;
		ambiguous |= !strncmp(o->name, word.s + 2, strlen(word.s + 2));
		names[n++] = o->name;
	}
	meant = did_you_mean(word.s + 2, names);
	return misuse(p, v, "%s option '%s'%s%s%s", ambiguous ? "ambiguous" : "unknown", word.s,
		      meant ? ", did you mean '--" : "", meant ?: "", meant ? "'?" : "");
}

static int set_option(const struct program *p, const struct verb *v, const struct opt *o, struct options *values)
{
	struct derr err = { "" };

	if (!o->set && o->argument)
		memcpy((char *)values + o->at, &optarg, sizeof(optarg));
	else if (!o->set)
		*(bool *)((char *)values + o->at) = true;
	else if (o->set(values, optarg, &err) >= 0)
		return 0;
	else if (err.text[0])
		return misuse(p, v, "%s", err.text);
	else
		return misuse(p, v, "--%s=%s: expected %s", o->name, quote(optarg, strlen(optarg)).s, o->expected);
	return 0;
}

static int parse_options(const struct program *p, const struct verb *v, int argc, char *argv[], struct options *values)
{
	struct getopt_tables t;
	const struct opt *o;
	int c, r = 0;

	fill_tables(&t, p, v, false);
	while (!r && (c = getopt_long(argc, argv, t.letters, t.options, NULL)) >= 0) {
		if (c == '?' || c == ':')
			return bad_option(p, v, c, argv[optind - 1]);
		for (size_t i = 0; (o = option_at(p, i)); i++)
			if (takes(p, v, o) && (c < NUMBER ? c == o->letter : c == (int)(NUMBER + i)))
				break;
		if (!strcmp(o->name, "help"))
			return show_help(p, v);
		if (!strcmp(o->name, "version"))
			return printf("%s " QCMD_VERSION "\n", p->name) < 0 ? ~EXIT_FAILURE : ~EXIT_SUCCESS;
		r = set_option(p, v, o, values);
	}
	return r;
}

/* The first argument is the verb, and is taken from the others. NULL: there is no such verb, and that is said. */
static const struct verb *take_verb(const struct program *p, char *argv[])
{
	const char *name = argv[optind], *names[OPTIONS_MAX + 1] = { NULL }, *meant;

	for (size_t i = 0; i < p->n_verbs; i++) {
		names[i] = p->verbs[i].name;
		if (!strcmp(name, names[i])) {
			memmove(argv + 1, argv, optind * sizeof(*argv));
			return &p->verbs[i];
		}
	}
	meant = did_you_mean(name, names);
	misuse(p, NULL, "unknown command '%s'%s%s%s", quote(name, strlen(name)).s, meant ? ", did you mean '" : "",
	       meant ?: "", meant ? "'?" : "");
	return NULL;
}

static int check_arguments(const struct program *p, const struct verb *v, char *argv[], int n, struct options *values)
{
	int max = v ? v->max : 0;
	struct derr err;

	if (v && n < v->min)
		return misuse(p, v, "'%s' needs an argument: %s", v->name, v->arguments);
	if (max >= 0 && n > max)
		return misuse(p, v, "'%s' takes no%s argument '%s'", v ? v->name : p->name, max ? " further" : "",
			      quote(argv[max], strlen(argv[max])).s);
	if (v && v->check && v->check(values, argv, n, &err) < 0)
		return misuse(p, v, "%s", err.text);
	return 0;
}

int options_parse(const struct program *p, int argc, char *argv[], struct options *o)
{
	const struct verb *v = NULL;
	struct getopt_tables t;
	int r, taken = 0;

	if (p->n_verbs) {
		fill_tables(&t, p, NULL, true);
		while (getopt_long(argc, argv, t.letters, t.options, NULL) >= 0)
			;
		taken = optind < argc;
		v = taken ? take_verb(p, argv) : NULL;
		if (taken && !v)
			return ~EXIT_USAGE;
	}
	r = parse_options(p, v ?: p->none, argc - taken, argv + taken, o);
	optind += taken;
	if (r)
		return r;
	if (!v && p->n_verbs && !p->none)
		return misuse(p, NULL, "say what to do");
	v = v ?: p->none;
	r = check_arguments(p, v, argv + optind, argc - optind, o);
	if (r || !v)
		return r;
	return strcmp(v->name, "help") ? (int)(v - p->verbs) : show_help(p, NULL);
}
