/* SPDX-License-Identifier: GPL-2.0-only */
/* Notices when files of policies have changed, and waits until they are whole. */
#ifndef QCMDD_AUTORELOAD_H
#define QCMDD_AUTORELOAD_H

#include <stdint.h>

#include <systemd/sd-event.h>

struct autoreload;

/**
 * struct autoreload_ops - when changed policies are told: when nothing has changed for a while, and all files are whole
 * @quiet: for how many microseconds nothing has to change
 * @patience: for how many microseconds, from the first change on, that is waited for, and for files that somebody
 * seems to be writing. Not all do: who reads a file that has just been linked looks the same, and of who writes by
 * truncate(2) there is nothing else to be seen
 * @changed: that it is so
 * @waiting: the wait for a file begins
 */
struct autoreload_ops {
	uint64_t quiet;
	uint64_t patience;
	void (*changed)(void *userdata);
	void (*waiting)(void *userdata);
};

/* dirs, NULL-terminated, and ops stay with the caller; the folders need not exist. */
int autoreload_new(sd_event *event, const char *const *dirs, const struct autoreload_ops *ops, void *userdata,
		   struct autoreload **ret);
/* All that has changed is in use, or is wrong: nothing is waited for. */
void autoreload_forget(struct autoreload *a);
/* A file, or NULL: for nobody. */
const char *autoreload_waits_for(const struct autoreload *a);
struct autoreload *autoreload_free(struct autoreload *a); /* returns NULL */

#endif
