// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "usage.h"

int usage_error(const char *verb, const char *fmt, ...)
{
	va_list ap;

	if (fmt) {
		fprintf(stderr, "qcmdump %s: ", verb);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	fprintf(stderr, "Try 'qcmdump %s --help'.\n", verb);
	return EXIT_USAGE;
}
