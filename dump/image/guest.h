/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a virtual machine, copied while QEMU holds it still.
 *
 * QEMU itself stops a guest that runs for dump-guest-memory, and starts it again at the dump's end, however that comes:
 * so nothing is left to be undone when this program dies. What QEMU writes goes through a pipe: if its reader is gone
 * the dump ends at once; and QEMU may be another user, or in a container, as it opens no file.
 */
#ifndef GUEST_H
#define GUEST_H

#include "dump/image/qmp.h"

struct guest_copy {
	int fd;		     /* of a file without a name: an ELF core, sparse */
	uint64_t stopped_ms; /* how long the guest stood still */
	char *problem;	     /* it does not run again; NULL: it is as it was */
};

/* The copy is to be cleared in any case. */
int guest_copy(struct qmp *q, struct guest_copy *c, struct derr *err);
void guest_copy_clear(struct guest_copy *c);

#endif
