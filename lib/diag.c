// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/diag.h"

int diag_addv(struct diags *diags, const char *path, unsigned int line, unsigned int column, bool error,
	      const char *format, va_list ap)
{
	_cleanup_free_ char *path_copy = strdup(path), *message = NULL;
	struct diag *grown;

	if (vasprintf(&message, format, ap) < 0) {
		message = NULL;
		return -ENOMEM;
	}

	grown = reallocarray(diags->items, diags->n + 1, sizeof(*grown));
	if (grown)
		diags->items = grown;
	if (!grown || !path_copy)
		return -ENOMEM;

	grown[diags->n++] = (struct diag){ path_copy, line, column, error, message };
	path_copy = message = NULL;
	return 0;
}

int diag_add(struct diags *diags, const char *path, unsigned int line, unsigned int column, bool error,
	     const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = diag_addv(diags, path, line, column, error, format, ap);
	va_end(ap);
	return r;
}

void diags_done(struct diags *diags)
{
	for (size_t i = 0; i < diags->n; i++) {
		free(diags->items[i].path);
		free(diags->items[i].message);
	}
	free(diags->items);
	*diags = (struct diags){ NULL, 0 };
}

size_t diags_errors(const struct diags *diags)
{
	size_t n = 0;

	for (size_t i = 0; i < diags->n; i++)
		n += diags->items[i].error;
	return n;
}

void diag_print(const struct diag *diag, FILE *f)
{
	fprintf(f, "%s:", diag->path);
	if (diag->line > 0)
		fprintf(f, "%u:", diag->line);
	if (diag->line > 0 && diag->column > 0)
		fprintf(f, "%u:", diag->column);
	fprintf(f, " %s%s\n", diag->error ? "" : "warning: ", diag->message);
}

char *diag_line(const struct diag *diag)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	diag_print(diag, f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}
