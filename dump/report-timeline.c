// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

void report_timeline(const struct report *r)
{
	fputs("<p>No trace is in the dump. A policy with an [Ftrace] section puts it there.</p>\n", r->out);
}
