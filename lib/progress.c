// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>

#include "lib/progress.h"
#include "lib/size.h"

void progress_start(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){ .what = what, .total = total, .last_percent = -1 };
	/* Short work is done before anybody could read it. */
	p->enabled = total >= 64 * MIB && isatty(STDERR_FILENO);
}

void progress_at(struct progress *p, uint64_t done)
{
	int percent;

	if (!p->enabled)
		return;
	percent = (int)((double)done * 100 / (double)p->total);
	if (percent == p->last_percent)
		return;
	p->last_percent = percent;
	fprintf(stderr, "\r%s: %3d %% of %s", p->what, percent, size_text(p->total).s);
}

void progress_end(struct progress *p)
{
	if (p->enabled && p->last_percent >= 0)
		fputs("\r\033[K", stderr);
	p->enabled = false;
}
