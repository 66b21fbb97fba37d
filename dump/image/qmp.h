/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's monitor protocol. Who answers at the socket is not trusted: what it says is bounded in size and time, and
 * printed as text from elsewhere.
 */
#ifndef QMP_H
#define QMP_H

#include "lib/error.h"
#include "lib/json.h"

struct qmp {
	int fd; /* -1: not connected */
	char *path;
	char *buf; /* what was received and not looked at yet */
	size_t used;
	struct json_object *answer; /* to the command that waits */

	/* What events said; who looks at it resets it. */
	const char *death;  /* the name of the last one that tells of a crash */
	bool dump_ended;    /* DUMP_COMPLETED */
	char *dump_problem; /* what was wrong with it; NULL: nothing */
};

/* Not connected */
#define QMP_CLOSED ((struct qmp){ .fd = -1 })

/* Greeted and ready for commands, or a negative errno; qmp_close() in any case. */
int qmp_open(struct qmp *q, const char *path, struct derr *err);
void qmp_close(struct qmp *q);

/*
 * Takes the arguments over, which may be NULL. fd: goes along, or -1. The result, if anybody wants it, is to be put;
 * it is an object, or {} where the answer was none.
 */
int qmp_command(struct qmp *q, const char *name, struct json_object *arguments, int fd, struct json_object **ret,
		struct derr *err);

/* Events, where the socket is known to be readable. */
int qmp_take(struct qmp *q, struct derr *err);

/* "running", "paused", "guest-panicked", ...; *running: its CPUs run. */
int qmp_status(struct qmp *q, char ret[static 32], bool *running, struct derr *err);

#endif
