// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dump/cause/kernel-report.h"

/* Names have letters, digits, '_', '.' and '$'; behind them comes "+0xOFFSET/0xSIZE". */
bool function_parse(const char *s, struct named_function *f)
{
	size_t len = 0, offset, size;

	while (isalnum((unsigned char)s[len]) || (s[len] && strchr("_.$", s[len])))
		len++;
	if (!len || strncmp(s + len, "+0x", 3))
		return false;
	offset = strspn(s + len + 3, "0123456789abcdef");
	if (!offset || strncmp(s + len + 3 + offset, "/0x", 3))
		return false;
	size = strspn(s + len + 3 + offset + 3, "0123456789abcdef");
	if (!size)
		return false;
	*f = (struct named_function){ .name = s, .len = (int)len };
	f->text_len = (int)(len + 3 + offset + 3 + size);
	s += f->text_len;
	/* "[ext4]", or with what it was built as: "[ext4 0123…]" */
	if (!strncmp(s, " [", 2) && strchr(s, ']')) {
		f->module = s + 2;
		f->module_len = (int)strcspn(f->module, " ]");
	}
	return true;
}

bool function_same(const struct named_function *a, const struct named_function *b)
{
	return a->len == b->len && !memcmp(a->name, b->name, (size_t)a->len);
}

bool function_is(const struct named_function *f, const char *name)
{
	return strlen(name) == (size_t)f->len && !memcmp(f->name, name, (size_t)f->len);
}

bool report_has(const struct kernel_report *r, const char *function)
{
	for (size_t i = 0; i < r->n; i++)
		if (function_is(&r->frames[i], function))
			return true;
	return false;
}

/* "CPU: 1 UID: 0 PID: 355 Comm: crash Kdump: loaded Not tainted 6.12.1", without the UID before 6.11. */
static bool parse_task(const char *line, struct kernel_report *r)
{
	static const char *const ends[] = { " Kdump: loaded ", " Not tainted ", " Tainted: " };
	const char *pid = strstr(line, " PID: "), *comm = strstr(line, " Comm: ");

	if (sscanf(line, "CPU: %" SCNd32, &r->cpu) != 1 || !pid || !comm || sscanf(pid, " PID: %" SCNd32, &r->pid) != 1)
		return false;
	r->comm = comm + strlen(" Comm: ");
	r->comm_len = (int)strlen(r->comm);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		const char *end = strstr(r->comm, ends[i]);

		if (end && end - r->comm < r->comm_len)
			r->comm_len = (int)(end - r->comm);
	}
	r->task_line = line;
	return true;
}

/* x86_64 names the code segment, too: that of user space is no place in the kernel. */
static const char *instruction_pointer(const char *line)
{
	if (!strncmp(line, "RIP: 0010:", 10))
		return line + 10;
	if (!strncmp(line, "pc : ", 5))
		return line + 5;
	return NULL;
}

static void add_frame(struct kernel_report *r, const struct named_function *f)
{
	if (r->n < REPORT_FRAMES_MAX)
		r->frames[r->n++] = *f;
}

/* One line of a stack. False: it is none, and the stack has ended. */
static bool parse_frame(const char *line, struct kernel_report *r)
{
	struct named_function f;

	if (*line != ' ')
		return false;
	line += strspn(line, " ");
	if (*line == '<') {
		r->in_interrupt |= r->n == r->has_ip && (!strncmp(line, "<IRQ>", 5) || !strncmp(line, "<SOFTIRQ>", 9));
		return true;
	}
	if (*line == '?')
		return true;
	if (!function_parse(line, &f))
		return false;
	/* The kernel begins again where the registers were: that frame is there already. */
	if (r->has_ip && r->n == 1 && r->frames[0].text_len == f.text_len &&
	    !memcmp(r->frames[0].name, f.name, (size_t)f.text_len))
		return true;
	add_frame(r, &f);
	return true;
}

static bool ends_report(const char *line)
{
	return !strncmp(line, "---[ end ", 9);
}

void report_parse(const struct log_lines *l, size_t first, struct kernel_report *r)
{
	bool in_stack = false, had_stack = false;
	size_t i;

	*r = (struct kernel_report){ .first = first, .cpu = -1, .pid = -1 };
	for (i = first; i < l->n && i < first + REPORT_LINES_MAX; i++) {
		const char *line = l->v[i], *ip = instruction_pointer(line);
		struct named_function f;

		if (ends_report(line))
			break;
		if (in_stack) {
			in_stack = parse_frame(line, r);
			continue;
		}
		if (!strcasecmp(line, "Call trace:") && !had_stack) {
			in_stack = had_stack = true;
		} else if (ip && !r->ip_line && !had_stack) {
			r->ip_line = line;
			r->has_ip = function_parse(ip, &f);
			if (r->has_ip)
				add_frame(r, &f);
		} else if (!r->task_line && !had_stack) {
			/* Behind the stack it would be who reports it. */
			parse_task(line, r);
		}
	}
	r->end = i;
}
