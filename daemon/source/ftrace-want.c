// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "daemon/source/ftrace-want.h"
#include "qcmd_note.h"

int ftrace_want_note(struct wants *wants, const struct policy *policy, const struct policy_section *section)
{
	struct want want = want_of(REGION_NOTE, policy, section);

	want.rank = WANT_RANK_TRACE;
	region_key_set_what(&want.key, MINIDUMP_TRACE_NOTE_NAME);
	snprintf(want.name, sizeof(want.name), MINIDUMP_TRACE_NOTE_NAME);
	snprintf(want.comment, sizeof(want.comment), "what it takes to decode trace arrays");
	return wants_add(wants, &want);
}

static int want_cpu(struct wants *wants, struct want want, const struct ftrace_array *a, size_t i,
		    const struct ftrace_cpu *cpu)
{
	want.key.kind = REGION_TRACE_CPU;
	want.key.address = cpu->address;
	want.key.size = cpu->size;
	want.unsure = !a->sure;
	snprintf(want.name, sizeof(want.name), MINIDUMP_TRACE_CPU_NAME "%zuC%u", i, cpu->cpu);
	snprintf(want.comment, sizeof(want.comment), "trace array %.63s, CPU %u: its ring", ftrace_array_name(a),
		 cpu->cpu);
	return wants_add(wants, &want);
}

static int want_run(struct wants *wants, struct want want, const struct ftrace_array *a, size_t i,
		    const struct ftrace_run *run)
{
	want.key.kind = a->is_reserved ? REGION_TRACE_CPU : REGION_TRACE;
	want.key.address = run->address;
	want.key.size = run->size;
	want.unsure = !a->sure;
	want.order = run->cpu + 1;
	snprintf(want.name, sizeof(want.name), MINIDUMP_TRACE_NAME "%zuC%u", i, run->cpu);
	snprintf(want.comment, sizeof(want.comment), "trace array %.63s, CPU %u: %u x %u KiB of events",
		 ftrace_array_name(a), run->cpu, run->n, a->subbuf_size / 1024);
	return wants_add(wants, &want);
}

int ftrace_want_array(struct wants *wants, const struct want *want, const struct ftrace_array *a, size_t i)
{
	int r = 0;

	for (size_t j = 0; j < a->n_cpus && r >= 0; j++)
		r = want_cpu(wants, *want, a, i, &a->cpus[j]);
	for (size_t j = 0; j < a->n_runs && r >= 0; j++)
		r = want_run(wants, *want, a, i, &a->runs[j]);
	return r;
}
