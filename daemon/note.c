// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
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
#include "qcmd_note.h"

/* Sizes of structures, and members of them. */
static const struct {
	const char *structure;
	const char *member; /* NULL: the size */
} facts[] = {
	{ "task_struct", NULL },
	{ "task_struct", "pid" },
	{ "task_struct", "tgid" },
	{ "task_struct", "comm" },
	{ "task_struct", "__state" },
	{ "task_struct", "exit_state" },
	{ "task_struct", "flags" },
	{ "task_struct", "real_parent" },
	{ "task_struct", "start_boottime" },
	{ "task_struct", "start_time" },
	{ "task_struct", "stack" },
	{ "task_struct", "on_cpu" },
	{ "task_struct", "thread_info" },
	{ "thread_info", "cpu" },
	{ "task_struct", "thread_pid" },
	{ "task_struct", "pid_links" },
	{ "pid_namespace", "idr" },
	{ "idr", "idr_rt" },
	{ "xarray", "xa_head" },
	{ "xa_node", NULL },
	{ "xa_node", "shift" },
	{ "xa_node", "offset" },
	{ "xa_node", "count" },
	{ "xa_node", "slots" },
	{ "pid", "tasks" },
	{ "pid", "numbers" },
	{ "upid", "nr" },
	{ "upid", "ns" },
	{ "task_struct", "thread" },
	{ "thread_struct", "sp" },
	{ "union thread_union", NULL },
	{ "inactive_task_frame", NULL },
	{ "inactive_task_frame", "bp" },
	{ "inactive_task_frame", "ret_addr" },
	{ "thread_struct", "cpu_context" },
	{ "cpu_context", "fp" },
	{ "cpu_context", "sp" },
	{ "cpu_context", "pc" },
	{ "tk_data", "timekeeper" },
	{ "timekeeper", "xtime_sec" },
	{ "module", "list" },
	{ "module", "name" },
	{ "module", "mem" },
	{ "module_memory", NULL },
	{ "module_memory", "base" },
	{ "module_memory", "size" },
	{ "module", "core_layout" },
	{ "module", "init_layout" },
	{ "module_layout", "base" },
	{ "module_layout", "text_size" },
	{ "module", "kallsyms" },
	{ "mod_kallsyms", "symtab" },
	{ "mod_kallsyms", "num_symtab" },
	{ "mod_kallsyms", "strtab" },
	{ "module", "arch" },
	{ "mod_arch_specific", "num_orcs" },
	{ "mod_arch_specific", "orc_unwind_ip" },
	{ "mod_arch_specific", "orc_unwind" },
	{ "mm_struct", NULL },
	{ "mm_struct", "rss_stat" },
	{ "mm_rss_stat", NULL },
	{ "percpu_counter", NULL },
	{ "percpu_counter", "counters" },
	{ "ring_buffer_per_cpu", NULL },
	{ "ring_buffer_per_cpu", "cpu" },
	{ "ring_buffer_per_cpu", "nr_pages" },
	{ "ring_buffer_per_cpu", "entries" },
	{ "ring_buffer_per_cpu", "overrun" },
	{ "ring_buffer_per_cpu", "dropped_events" },
	{ "ring_buffer_per_cpu", "lost_events" },
	{ "ring_buffer_per_cpu", "read" },
	{ "ring_buffer_per_cpu", "read_bytes" },
	{ "ring_buffer_per_cpu", "read_stamp" },
	{ "ring_buffer_per_cpu", "pages_read" },
	{ "ring_buffer_per_cpu", "pages_touched" },
	{ "printk_info", NULL },
	{ "printk_info", "seq" },
	{ "printk_info", "ts_nsec" },
	{ "printk_info", "text_len" },
	{ "printk_info", "facility" },
	{ "printk_info", "level" },
	{ "printk_info", "flags" },
	{ "printk_info", "caller_id" },
	{ "printk_info", "caller_id2" },
	{ "printk_info", "comm" },
	{ "printk_info", "dev_info" },
	{ "dev_printk_info", "subsystem" },
	{ "dev_printk_info", "device" },
	{ "printk_ringbuffer", "desc_ring" },
	{ "printk_ringbuffer", "text_data_ring" },
	{ "prb_desc_ring", "count_bits" },
	{ "prb_desc_ring", "descs" },
	{ "prb_desc_ring", "infos" },
	{ "prb_desc_ring", "head_id" },
	{ "prb_desc_ring", "tail_id" },
	{ "prb_data_ring", "size_bits" },
	{ "prb_data_ring", "data" },
	{ "prb_desc", "state_var" },
	{ "prb_desc", "text_blk_lpos" },
	{ "prb_data_blk_lpos", "begin" },
	{ "prb_data_blk_lpos", "next" },
	{ "atomic_long_t", "counter" },
};

static void print_fact(FILE *f, const struct btf *btf, size_t i)
{
	const char *structure = facts[i].structure, *member = facts[i].member;
	const struct btf_type *t = ktype_find(btf, structure);
	struct ktype_place place;

	if (!t)
		return;
	if (!member)
		fprintf(f, "SIZE(%s)=%u\n", structure, t->size);
	else if (ktype_member(btf, t, member, &place))
		fprintf(f, "BITS(%s.%s)=%u:%u%s\n", structure, member, place.offset, place.width,
			place.is_signed ? "s" : "");
}

int note_describe(const struct btf *btf, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		print_fact(f, btf, i);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = text;
	text = NULL;
	return 0;
}

int note_layout(char **ret)
{
	const struct btf *btf = ktypes_get();

	if (!btf)
		return errno == ENOMEM ? -ENOMEM : -ENOENT;
	return note_describe(btf, ret);
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
		room = QCMD_NOTE_MAX - ftell(f);
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
