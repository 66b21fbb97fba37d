/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads words of the kernel's memory, through a BPF program. */
#ifndef QCMDD_KREAD_H
#define QCMDD_KREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "bpf/kread-word.h"

struct kread;

/* On failure *ret_reason is what to tell people, to be freed. */
int kread_new(struct kread **ret, char **ret_reason);
struct kread *kread_free(struct kread *k); /* returns NULL */

/*
 * Read n words; each has its value or a negative error of its own: unmapped memory is no failure of the whole.
 * Negative: none was read.
 */
int kread_words(struct kread *k, struct kread_word *words, size_t n);

/* One word; -EFAULT: there is no such memory. */
int kread_word(struct kread *k, uint64_t address, uint64_t *ret);

/*
 * The struct list_head in each element of the list at head, at most max. *ret_n is how many; *ret_whole is false
 * when the list did not come back to its head, as it was too long or changed meanwhile.
 */
int kread_list(struct kread *k, uint64_t head, uint64_t *ret, size_t max, size_t *ret_n, bool *ret_whole);

#endif
