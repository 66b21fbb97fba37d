/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A keep: memory into which a kernel that panics copies what its table names, where the next kernel on this machine
 * looks for it. It is 2 MiB aligned and physically contiguous:
 *
 *	struct qcmd_keep | struct qcmd_keep_piece[pieces] | what was in each piece, one behind the other | … | tail
 *
 * The tail, struct qcmd_keep_tail, is written while that kernel lives, and is in the last QCMD_KEEP_TAIL bytes.
 *
 * There are two of them, far apart: each says all, and the next kernel lies on one of them at most. Only a kernel of
 * the same machine reads them: all is in its byte order.
 *
 * Hashes are SipHash-2-4 with the number as key. That number is drawn anew for each kernel; it is in the keep and in a
 * file that root alone can read, and nowhere else. So none but a kernel of this machine can have written what bears it:
 * a process that gets such a page cannot make others of it.
 */
#ifndef QCMD_KEEP_H
#define QCMD_KEEP_H

#include <linux/types.h>

#define QCMD_KEEP_MAGIC		"QCMD-KEEP-1"	/* and NULs up to 16 bytes */
#define QCMD_KEEP_ALIGN		(2 << 20)
#define QCMD_KEEP_MAX		(64 << 20)
#define QCMD_KEEP_TAIL		(64 << 10)

/* What the file of a kernel that went down without a word begins with; seconds since the epoch and its log follow. */
#define QCMD_KEEP_DIED		"QCMD_DIED="

/**
 * struct qcmd_keep_piece - memory that was copied
 * @paddr: where it was
 * @size: bytes
 * @offset: of the copy from the start of the keep
 * @hash: of the copy
 */
struct qcmd_keep_piece {
	__u64 paddr;
	__u64 size;
	__u64 offset;
	__u64 hash;
};

/**
 * struct qcmd_keep - the start of a keep
 * @magic: QCMD_KEEP_MAGIC
 * @self: physical address of this
 * @size: bytes of the keep, at most QCMD_KEEP_MAX
 * @number: of the kernel whose keep it is
 * @hash: of all before
 * @seal: hash of all that follows it here, and of the pieces. It is written last, when all of that is in RAM. Until
 *	then it is wrong: who finds it so knows that the kernel died without a word
 * @end: bytes of the keep that are in use, but for the tail; 0, and no pieces: the kernel was shut down
 * @time: nanoseconds since the epoch when it was filled
 * @running: CPUs that had not stopped
 * @pieces: how many there are
 * @piece: the table itself, the one of the back end "ram", as the first; then its slots in their order
 */
struct qcmd_keep {
	char	magic[16];
	__u64	self;
	__u64	size;
	__u64	number[2];
	__u64	hash;
	__u64	seal;
	__u64	end;
	__u64	time;
	__u32	running;
	__u32	pieces;
	struct qcmd_keep_piece piece[];
};

/**
 * struct qcmd_keep_tail - the end of the log of a kernel that lives
 * @hash: of all that follows
 * @time: nanoseconds since the epoch when it was written
 * @size: bytes of the text
 * @text: lines as the kernel's dumpers of its log get them
 */
struct qcmd_keep_tail {
	__u64	hash;
	__u64	time;
	__u64	size;
	char	text[];
};

#endif
