// SPDX-License-Identifier: GPL-2.0-only
/* Reads the kernel's memory for the daemon: many words at once, or the elements of a list. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "kread-word.h"

struct kread_word words[KREAD_WORDS_MAX];
__u32 n_words;

__u64 list_head; /* address of the list's struct list_head */

static long read_one(__u32 i, void *ctx)
{
	struct kread_word *w;

	if (i >= KREAD_WORDS_MAX)
		return 1;
	w = &words[i];
	w->error = bpf_probe_read_kernel(&w->value, sizeof(w->value), (void *)w->address);
	return 0;
}

SEC("syscall")
int read_words(void *ctx)
{
	bpf_loop(n_words, read_one, NULL, 0);
	return 0;
}

/* A list has no more elements than fit: what changes under our hands must not keep us for ever. */
static long read_next(__u32 i, void *ctx)
{
	struct kread_word *w;
	__u64 *at = ctx;

	if (i >= KREAD_WORDS_MAX)
		return 1;
	w = &words[i];
	w->address = *at;
	w->error = bpf_probe_read_kernel(&w->value, sizeof(w->value), (void *)w->address);
	n_words = i + 1;
	*at = w->value;
	return w->error || *at == list_head;
}

/* The first word is the head's own; each other one's address is that of an element's list_head. */
SEC("syscall")
int read_list(void *ctx)
{
	__u64 at = list_head;

	n_words = 0;
	bpf_loop(KREAD_WORDS_MAX, read_next, &at, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
