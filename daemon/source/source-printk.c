// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log, and what readers of a dump need before they can look at anything. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/qcom_minidump_table.h>

#include "daemon/source/source.h"

static const struct {
	const char *object;
	const char *name;
	const char *comment;
	bool optional; /* depends on the kernel's configuration or version */
} objects[] = {
	{ "printk_text", MINIDUMP_LOG_TEXT_NAME, "kernel log: text", false },
	{ "printk_descs", MINIDUMP_LOG_DESCS_NAME, "kernel log: descriptors", false },
	{ "printk_infos", MINIDUMP_LOG_INFOS_NAME, "kernel log: time, level and sender of each record", false },
	{ "printk_ring", MINIDUMP_LOG_RING_NAME, "kernel log: state of the ring", false },
	{ "prb", MINIDUMP_LOG_PRB_NAME, "kernel log: pointer to the ring", false },
	{ "init_uts_ns", MINIDUMP_UTS_NAME, "version of the kernel, for readers of the dump", false },
	{ "node_states", MINIDUMP_NODE_STATES_NAME, "memory nodes, for readers of the dump", true },
	{ "mem_section", MINIDUMP_MEM_SECTION_NAME, "memory model, for readers of the dump", true },
	{ "mem_section_roots", MINIDUMP_MEM_ROOTS_NAME, "memory model, for readers of the dump", true },
	{ "mem_sections", MINIDUMP_MEM_SECTIONS_NAME, "memory model, for readers of the dump", true },
};

struct source {
	struct source_host host;
};

static int want_objects(const struct policy *policy, const struct policy_section *section, struct wants *wants)
{
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		struct want want = want_of(REGION_OBJECT, policy, section);
		int err;

		want.optional = objects[i].optional;
		want.order = i;
		region_key_set_what(&want.key, "%s", objects[i].object);
		snprintf(want.name, sizeof(want.name), "%s", objects[i].name);
		snprintf(want.comment, sizeof(want.comment), "%s", objects[i].comment);
		err = wants_add(wants, &want);
		if (err < 0)
			return err;
	}
	return 0;
}

static int printk_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	struct section_cursor c = {};
	int err;

	while (section_next(policies, POLICY_SOURCE_PRINTK, &c)) {
		err = want_objects(c.policy, c.section, wants);
		if (err < 0)
			return err;
	}
	return 0;
}

const struct source_vtable source_printk = {
	.id = "printk",
	.fault = "The kernel's log can't be asked for",
	.size = sizeof(struct source),
	.want = printk_want,
};
