// SPDX-License-Identifier: GPL-2.0-only
/* What any program on the tracepoint costs: the measure for what ours does there. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/sched_switch")
int empty(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
