// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "lib/usage.h"

int usage_error(const char *verb, const char *fmt, ...)
{
	const char *blank = verb ? " " : "";
	va_list ap;

	verb = verb ?: "";
	if (fmt) {
		fprintf(stderr, "qcmdump%s%s: ", blank, verb);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	fprintf(stderr, "Try 'qcmdump%s%s --help'.\n", blank, verb);
	return EXIT_USAGE;
}
