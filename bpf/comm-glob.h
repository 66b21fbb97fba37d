/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Glob patterns for a task's comm, in the form that a BPF program can match without backtracking: the set of
 * positions in the pattern that the text so far can have reached, one bit each.
 *
 * '*', '?' and literals. Whatever else fnmatch() knows is left to user space: there the pattern is compiled
 * into one that matches more, never less.
 */
#ifndef QCMD_BPF_GLOB_H
#define QCMD_BPF_GLOB_H

#include <linux/types.h>

#define GLOB_SIZE      16 /* bytes of the pattern */
#define GLOB_TEXT_SIZE 16 /* TASK_COMM_LEN: at most 15 bytes and a NUL */

/**
 * struct glob - a compiled pattern
 * @text: the literals; NUL where @stars or @any has a bit, and behind the end
 * @stars: positions of '*', never two in a row
 * @any: positions of '?'
 * @end: the one bit behind the last position
 */
struct glob {
	char text[GLOB_SIZE];
	__u32 stars;
	__u32 any;
	__u32 end;
};

static inline __attribute__((always_inline)) int glob_match(const struct glob *g, const char text[GLOB_TEXT_SIZE])
{
	__u32 stars = g->stars, states = 1 | (1 & stars) << 1, equal;
	int i, p;

	for (i = 0; i < GLOB_TEXT_SIZE - 1; i++) {
		char c = text[i];

		if (!c)
			break;
		equal = g->any;
		/* Without a branch: the verifier would follow both ways of each of 240. Only of 0 the sign changes. */
		for (p = 0; p < GLOB_SIZE; p++)
			equal |= (((__u32)(__u8)(g->text[p] ^ c) - 1) >> 31) << p;
		states = (states & equal) << 1 | (states & stars);
		states |= (states & stars) << 1;
		if (!states)
			return 0;
	}
	return (states & g->end) != 0;
}

#endif
