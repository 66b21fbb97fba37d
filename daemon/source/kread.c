// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/source/bpf-util.h"
#include "daemon/source/kread.h"
#include "bpf/kread.skel.h"

struct kread {
	struct kread_bpf *skel;
};

int kread_new(struct kread **ret, char **ret_reason)
{
	struct kread *k = calloc(1, sizeof(*k));

	*ret_reason = NULL;
	if (!k)
		return -ENOMEM;
	bpf_log_quietly();
	k->skel = kread_bpf__open_and_load();
	if (!k->skel) {
		int err = -errno;

		*ret_reason = bpf_load_reason("", err);
		free(k);
		return err;
	}
	*ret = k;
	return 0;
}

struct kread *kread_free(struct kread *k)
{
	if (!k)
		return NULL;
	kread_bpf__destroy(k->skel);
	free(k);
	return NULL;
}

static int run(const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(program), &opts) < 0 ? -errno : 0;
}

int kread_words(struct kread *k, struct kread_word *words, size_t n)
{
	while (n) {
		size_t part = n < KREAD_WORDS_MAX ? n : KREAD_WORDS_MAX;
		int r;

		memcpy(k->skel->bss->words, words, part * sizeof(*words));
		k->skel->bss->n_words = part;
		r = run(k->skel->progs.read_words);
		if (r < 0)
			return r;
		memcpy(words, k->skel->bss->words, part * sizeof(*words));
		words += part;
		n -= part;
	}
	return 0;
}

int kread_word(struct kread *k, uint64_t address, uint64_t *ret)
{
	struct kread_word word = { .address = address };
	int r = kread_words(k, &word, 1);

	*ret = word.value;
	return r < 0 ? r : word.error;
}

int kread_list(struct kread *k, uint64_t head, uint64_t *ret, size_t max, size_t *ret_n, bool *ret_whole)
{
	const struct kread_word *words = k->skel->bss->words;
	size_t n;
	int r;

	k->skel->bss->list_head = head;
	r = run(k->skel->progs.read_list);
	if (r < 0)
		return r;
	n = k->skel->bss->n_words;
	if (!n || words[0].error)
		return -EFAULT;
	*ret_whole = !words[n - 1].error && words[n - 1].value == head && n - 1 <= max;
	*ret_n = 0;
	for (size_t i = 1; i < n && !words[i].error && *ret_n < max; i++)
		ret[(*ret_n)++] = words[i].address;
	return 0;
}
