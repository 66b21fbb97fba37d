// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/json.h"

void grid_init(struct grid *g, size_t columns, const char *const headers[])
{
	*g = (struct grid){ .columns = columns };
	for (size_t i = 0; i < columns; i++)
		grid_addf(g, "%s", headers[i]);
}

void grid_addf(struct grid *g, const char *fmt, ...)
{
	va_list ap;

	g->cells = xgrow(g->cells, &g->capacity, g->n + 1, sizeof(*g->cells));
	va_start(ap, fmt);
	if (vasprintf(&g->cells[g->n], fmt, ap) < 0)
		g->cells[g->n] = xstrndup("", 0);
	va_end(ap);
	g->n++;
}

void grid_print(struct grid *g, FILE *out)
{
	size_t *width = xcalloc(g->columns, sizeof(*width));

	for (size_t i = 0; i < g->n; i++) {
		size_t len = strlen(g->cells[i]) - (i < g->columns && g->cells[i][0] == '>');

		if (len > width[i % g->columns])
			width[i % g->columns] = len;
	}
	for (size_t i = 0; i < g->n; i++) {
		size_t column = i % g->columns;
		bool number = g->cells[column][0] == '>', last = column == g->columns - 1;
		const char *text = g->cells[i] + (i < g->columns && number);
		int pad = last && !number ? 0 : (int)width[column];

		fprintf(out, "%*s%s", number ? pad : -pad, text, last ? "\n" : "  ");
	}
	for (size_t i = 0; i < g->n; i++)
		free(g->cells[i]);
	free(g->cells);
	free(width);
}

/* Length of the UTF-8 sequence at s, 0: none. Neither overlong forms nor surrogates. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	uint32_t c;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	if (!len || len > n)
		return 0;
	c = s[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < (len == 2 ? 0x80U : len == 3 ? 0x800U : 0x10000U) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return len;
}

struct json_object *json_text(const char *s, size_t n)
{
	_cleanup_free_ char *buf = xcalloc(4 * n + 1, 1);
	size_t len = 0;

	for (size_t i = 0, seq; i < n; i += seq) {
		seq = utf8_length((const unsigned char *)s + i, n - i);
		if (seq) {
			memcpy(buf + len, s + i, seq);
			len += seq;
		} else {
			len += sprintf(buf + len, "\\x%02x", (unsigned char)s[i]);
			seq = 1;
		}
	}
	return json_object_new_string_len(buf, (int)len);
}

void json_add_text(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, s ? json_text(s, strlen(s)) : NULL);
}

void json_add_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

void json_print(struct json_object *o, FILE *out)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

void json_array_item(struct json_object *o, FILE *out, size_t i)
{
	fprintf(out, "%s%s", i ? ",\n " : "[",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

void json_array_end(FILE *out, size_t n)
{
	fputs(n ? "]\n" : "[]\n", out);
}

static pid_t pager_pid;

static void pager_exec(int in)
{
	const char *pager = secure_getenv("PAGER");

	dup2(in, STDIN_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setenv("LESS", "FRSXM", 0);
	setenv("LESSSECURE", "1", 1);
	if (pager && *pager)
		execl("/bin/sh", "sh", "-c", pager, NULL);
	execlp("less", "less", NULL);
	execlp("more", "more", NULL);
	execlp("cat", "cat", NULL);
	_exit(EXIT_FAILURE);
}

void pager_start(void)
{
	int fds[2];

	if (!isatty(STDOUT_FILENO) || pipe(fds) < 0)
		return;
	fflush(stdout);
	pager_pid = fork();
	if (pager_pid == 0) {
		close(fds[1]);
		pager_exec(fds[0]);
	}
	close(fds[0]);
	if (pager_pid > 0) {
		dup2(fds[1], STDOUT_FILENO);
		/* Whoever leaves the pager has seen enough. */
		signal(SIGPIPE, SIG_DFL);
		signal(SIGINT, SIG_IGN);
	}
	close(fds[1]);
}

void pager_wait(void)
{
	if (pager_pid <= 0)
		return;
	fclose(stdout);
	while (waitpid(pager_pid, NULL, 0) < 0 && errno == EINTR)
		;
	pager_pid = 0;
}
