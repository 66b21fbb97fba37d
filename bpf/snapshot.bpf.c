// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies kernel memory, for a snapshot of the table. The kernel's own rules count: CAP_PERFMON, and no lockdown for
 * confidentiality. What is not mapped is an error and no fault.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "snapshot-chunk.h"

__u64 address;
__u32 size;
char chunk[SNAPSHOT_CHUNK];

SEC("syscall")
int read_chunk(void *ctx)
{
	__u32 n = size;

	if (n > sizeof(chunk))
		return -1;
	return bpf_probe_read_kernel(chunk, n, (void *)address);
}

char LICENSE[] SEC("license") = "GPL";
