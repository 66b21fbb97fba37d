// SPDX-License-Identifier: GPL-2.0-only
/*
 * The variables in the kernel's symbol table, as lines like those of /proc/kallsyms. Unlike there the addresses are
 * always shown: whoever may load this program may read all of the kernel's memory anyway.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "ksym-code.h"

/* Only what is used; where it lies is found in the running kernel's BTF. */
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct kallsym_iter {
	unsigned long value;
	char type;
	char name[512];
	char module_name[56];
} __attribute__((preserve_access_index));

struct bpf_iter__ksym {
	struct bpf_iter_meta *meta;
	struct kallsym_iter *ksym;
} __attribute__((preserve_access_index));

bool in_code; /* the symbols that come now are of code */

SEC("iter/ksym")
int on_ksym(struct bpf_iter__ksym *ctx)
{
	struct kallsym_iter *sym = ctx->ksym;

	if (!ctx->meta->seq_num)
		in_code = false;
	/* Functions are most of the table. */
	if (!sym || ksym_is_code(sym->name, sym->module_name, sym->type, &in_code))
		return 0;
	BPF_SEQ_PRINTF(ctx->meta->seq, "%llx %s %s\n", (__u64)sym->value, sym->name, sym->module_name);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
