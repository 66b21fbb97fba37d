// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/terminal.h"

static bool is_false(const char *s)
{
	return strcmp(s, "0") == 0 || strcasecmp(s, "no") == 0 || strcasecmp(s, "false") == 0 ||
	       strcasecmp(s, "off") == 0;
}

bool colour_wanted(void)
{
	const char *colours = getenv("SYSTEMD_COLORS"), *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	if (colours && *colours)
		return !is_false(colours);
	if (no_colour && *no_colour)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}
