// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "daemon/source/bpf-util.h"
#include "lib/journal.h"
#include "lib/machine.h"

__attribute__((format(printf, 2, 0))) static int print(enum libbpf_print_level level, const char *format, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, ap);
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
	return 0;
}

void bpf_log_quietly(void)
{
	libbpf_set_print(print);
}

char *bpf_reason(const char *what, int err)
{
	char *text, buffer[128];

	libbpf_strerror(err, buffer, sizeof(buffer));
	return asprintf(&text, "%s: %s", what, buffer) < 0 ? NULL : text;
}

char *bpf_load_reason(const char *root, int err)
{
	char lockdown[24], btf[PATH_MAX];

	machine_lockdown(root, lockdown, sizeof(lockdown));
	if (!strcmp(lockdown, "confidentiality"))
		return strdup("the kernel is locked down (confidentiality): no BPF program may read its memory");
	snprintf(btf, sizeof(btf), "%s/sys/kernel/btf/vmlinux", root);
	if (access(btf, R_OK) < 0)
		return strdup("the kernel has no type information (CONFIG_DEBUG_INFO_BTF)");
	return bpf_reason("the kernel refuses the BPF program", err);
}
