/* SPDX-License-Identifier: GPL-2.0-only */
/* Progress on stderr, where that is a terminal. */
#ifndef QCMD_PROGRESS_H
#define QCMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	uint64_t total;
	int last_percent;
	bool enabled;
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_at(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif
