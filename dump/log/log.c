// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/log/log.h"

/* What stands before the text of a line is shorter. */
#define HEAD_MAX 64

#define FACILITY_SHIFT 3
#define LEVEL_MASK     7

static void copy_head(char head[static HEAD_MAX], const char *line, size_t n)
{
	n = n < HEAD_MAX ? n : HEAD_MAX - 1;
	memcpy(head, line, n);
	head[n] = '\0';
}

size_t log_text_header(const char *text, size_t size, char reason[static LOG_REASON_MAX], unsigned int *number,
		       unsigned int *part)
{
	const char *eol = memchr(text, '\n', size);
	char head[HEAD_MAX];
	int n = 0;

	copy_head(head, text, eol ? (size_t)(eol - text) : size);
	if (sscanf(head, "%15[A-Za-z]#%9u Part%9u%n", reason, number, part, &n) != 3 || head[n])
		return 0;
	return n + (eol != NULL);
}

static void parse_line(struct prb_record *r, const char *line, size_t size)
{
	unsigned int priority, caller;
	uint64_t seconds, micros;
	char head[HEAD_MAX], kind;
	int at = 0, n = 0;

	copy_head(head, line, size);
	r->has_level = r->has_facility = sscanf(head, "<%4u>%n", &priority, &at) == 1 && at;
	r->level = r->has_level ? priority & LEVEL_MASK : 0;
	r->facility = r->has_level ? priority >> FACILITY_SHIFT : 0;
	if (sscanf(head + at, "[%10" SCNu64 ".%6" SCNu64 "]%n", &seconds, &micros, &n) == 2 && n) {
		r->ts_nsec = seconds * 1000000000 + micros * 1000;
		at += n;
	}
	n = 0;
	r->has_caller = sscanf(head + at, "[ %c%9u]%n", &kind, &caller, &n) == 2 && n && (kind == 'T' || kind == 'C');
	r->caller = r->has_caller ? caller | (kind == 'C' ? PRB_CALLER_CPU : 0) : 0;
	at += r->has_caller ? n : 0;
	at += head[at] == ' ';
	r->text = line + at;
	r->text_len = size - at;
}

void log_read_text(const char *text, size_t size, struct log *l)
{
	const char *end = text + size, *eol;
	struct prb_record r = { 0 };
	char reason[LOG_REASON_MAX];
	unsigned int number, part;

	*l = (struct log){ 0 };
	for (const char *line = text; line < end; line = eol + 1) {
		eol = memchr(line, '\n', end - line) ?: end;
		if (log_text_header(line, end - line, reason, &number, &part))
			continue;
		parse_line(&r, line, eol - line);
		log_add(l, &r);
		r.seq++;
	}
}

int log_read(const struct corefile *core, struct log *l, struct derr *err)
{
	*l = (struct log){ 0 };
	if (!core->log)
		return prb_read(core, l, err);
	log_read_text(core->log, core->log_size, l);
	return 0;
}

void log_clear(struct log *l)
{
	free(l->v);
	free(l->text);
	*l = (struct log){ 0 };
}
