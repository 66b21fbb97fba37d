/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the program that reads the kernel's memory and the daemon. */
#ifndef QCMD_KREAD_WORD_H
#define QCMD_KREAD_WORD_H

#define KREAD_WORDS_MAX 4096

/* One word to read, and what came of it. */
struct kread_word {
	__u64 address;
	__u64 value;
	__s32 error;
	__u32 pad;
};

#endif
