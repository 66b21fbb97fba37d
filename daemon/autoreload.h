/* SPDX-License-Identifier: GPL-2.0-only */
/* Notices when files of policies have changed, and waits until they are whole. */
#ifndef QCMDD_AUTORELOAD_H
#define QCMDD_AUTORELOAD_H

#include <stdint.h>

#include <systemd/sd-event.h>

struct autoreload;

/*
 * dirs, NULL-terminated, stay with the caller and need not exist. quiet: for how many microseconds nothing has to
 * change before that is told.
 */
int autoreload_new(sd_event *event, const char *const *dirs, uint64_t quiet, void (*changed)(void *userdata),
		   void *userdata, struct autoreload **ret);
struct autoreload *autoreload_free(struct autoreload *a); /* returns NULL */

#endif
