// SPDX-License-Identifier: GPL-2.0-only
/* Attaches an empty BPF program to context switches, says "attached", and stays until it is killed. */
#include <stdio.h>
#include <unistd.h>

#include "bpf/empty-switch.skel.h"

int main(void)
{
	struct empty_switch_bpf *skeleton = empty_switch_bpf__open_and_load();

	if (!skeleton || empty_switch_bpf__attach(skeleton) < 0) {
		perror("the BPF program");
		return 1;
	}
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
