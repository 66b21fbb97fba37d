// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "daemon/source/ktypes.h"
#include "daemon/note.h"
#include "daemon/policy/policy.h"
#include "uapi/linux/qcom_minidump.h"

enum fact_kind { FACT_SIZE, FACT_OFFSET, FACT_BITS };

static const struct {
	enum fact_kind kind;
	const char *structure;
	const char *member;
} facts[] = {
	{ FACT_SIZE, "task_struct", NULL },
	{ FACT_OFFSET, "task_struct", "pid" },
	{ FACT_OFFSET, "task_struct", "tgid" },
	{ FACT_OFFSET, "task_struct", "comm" },
	{ FACT_OFFSET, "task_struct", "__state" },
	{ FACT_OFFSET, "task_struct", "exit_state" },
	{ FACT_OFFSET, "task_struct", "flags" },
	{ FACT_OFFSET, "task_struct", "real_parent" },
	{ FACT_OFFSET, "task_struct", "start_boottime" },
	{ FACT_OFFSET, "task_struct", "start_time" },
	{ FACT_OFFSET, "task_struct", "stack" },
	{ FACT_OFFSET, "task_struct", "on_cpu" },
	{ FACT_OFFSET, "task_struct", "thread_info" },
	{ FACT_OFFSET, "thread_info", "cpu" },
	{ FACT_OFFSET, "task_struct", "thread_pid" },
	{ FACT_OFFSET, "task_struct", "pid_links" },
	{ FACT_OFFSET, "pid_namespace", "idr" },
	{ FACT_OFFSET, "idr", "idr_rt" },
	{ FACT_OFFSET, "xarray", "xa_head" },
	{ FACT_SIZE, "xa_node", NULL },
	{ FACT_OFFSET, "xa_node", "shift" },
	{ FACT_OFFSET, "xa_node", "offset" },
	{ FACT_OFFSET, "xa_node", "count" },
	{ FACT_OFFSET, "xa_node", "slots" },
	{ FACT_OFFSET, "pid", "tasks" },
	{ FACT_OFFSET, "pid", "numbers" },
	{ FACT_OFFSET, "upid", "nr" },
	{ FACT_OFFSET, "upid", "ns" },
	{ FACT_OFFSET, "task_struct", "thread" },
	{ FACT_OFFSET, "thread_struct", "sp" },
	{ FACT_SIZE, "inactive_task_frame", NULL },
	{ FACT_OFFSET, "inactive_task_frame", "bp" },
	{ FACT_OFFSET, "inactive_task_frame", "ret_addr" },
	{ FACT_OFFSET, "thread_struct", "cpu_context" },
	{ FACT_OFFSET, "cpu_context", "fp" },
	{ FACT_OFFSET, "cpu_context", "sp" },
	{ FACT_OFFSET, "cpu_context", "pc" },
	{ FACT_OFFSET, "tk_data", "timekeeper" },
	{ FACT_OFFSET, "timekeeper", "xtime_sec" },
	{ FACT_SIZE, "mm_struct", NULL },
	{ FACT_OFFSET, "mm_struct", "rss_stat" },
	{ FACT_SIZE, "mm_rss_stat", NULL },
	{ FACT_SIZE, "percpu_counter", NULL },
	{ FACT_OFFSET, "percpu_counter", "counters" },
	{ FACT_SIZE, "ring_buffer_per_cpu", NULL },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "cpu" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "nr_pages" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "entries" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "overrun" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "dropped_events" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "lost_events" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "read" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "read_bytes" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "read_stamp" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "pages_read" },
	{ FACT_OFFSET, "ring_buffer_per_cpu", "pages_touched" },
	{ FACT_SIZE, "printk_info", NULL },
	{ FACT_OFFSET, "printk_info", "facility" },
	{ FACT_BITS, "printk_info", "level" },
	{ FACT_BITS, "printk_info", "flags" },
};

static void print_fact(FILE *f, const struct btf *btf, size_t i)
{
	const char *structure = facts[i].structure, *member = facts[i].member;
	const struct btf_type *t = ktype_find(btf, structure);
	struct ktype_place place;

	if (!t)
		return;
	if (facts[i].kind == FACT_SIZE) {
		fprintf(f, "SIZE(%s)=%u\n", structure, t->size);
		return;
	}
	if (!ktype_member(btf, t, member, &place))
		return;
	if (facts[i].kind == FACT_BITS && place.width)
		fprintf(f, "BITS(%s.%s)=%u:%u\n", structure, member, place.offset, place.width);
	else if (facts[i].kind == FACT_OFFSET && !place.width)
		fprintf(f, "OFFSET(%s.%s)=%u\n", structure, member, place.offset / 8);
}

int note_layout(char **ret)
{
	_cleanup_free_ char *text = NULL;
	struct btf *btf;
	size_t size;
	FILE *f;

	btf = btf__load_vmlinux_btf();
	if (!btf)
		return errno == ENOMEM ? -ENOMEM : -ENOENT;
	f = open_memstream(&text, &size);
	if (!f) {
		btf__free(btf);
		return -ENOMEM;
	}
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		print_fact(f, btf, i);
	btf__free(btf);
	/* The types of a kernel take several MiB, which are not needed again. */
	malloc_trim(0);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = text;
	text = NULL;
	return 0;
}

/* A path with a line break would be read as more lines. */
static bool fits_line(const char *s)
{
	return !s[strcspn(s, "\n\r")];
}

static void print_policies(FILE *f, const struct policy_set *policies)
{
	for (size_t i = 0; i < policies->n_policies; i++) {
		const struct policy *p = &policies->policies[i];
		long room;

		if (p->state != POLICY_ENABLED || p->dry_run || !fits_line(p->path) || !fits_line(p->name))
			continue;
		room = QCOM_MINIDUMP_NOTE_MAX - ftell(f);
		if ((long)(strlen(p->name) + strlen(p->path) + sizeof("POLICY()=\n")) > room)
			return;
		fprintf(f, "POLICY(%s)=%s\n", p->name, p->path);
	}
}

int note_build(const char *layout, const struct policy_set *policies, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	struct utsname uts;
	size_t size;
	FILE *f;

	if (uname(&uts) < 0)
		return -errno;
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	fprintf(f, "QCMD_NOTE=1\nCREATOR=qcmdd " QCMD_VERSION "\nARCH=%s\n%s", uts.machine, layout ?: "");
	print_policies(f, policies);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = text;
	*ret_size = size;
	text = NULL;
	return 0;
}
