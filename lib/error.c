// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>

#include "lib/error.h"

int derr_set(struct derr *err, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return r;
}
