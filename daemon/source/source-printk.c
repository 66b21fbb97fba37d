// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log, and what readers of a dump need before they can look at anything. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/qcom_minidump_table.h>

#include "daemon/source/source.h"
#include "daemon/source/symbol.h"

/* What the module finds by itself. */
static const struct {
	const char *object;
	const char *name;
	const char *comment;
} objects[] = {
	{ "printk_text", MINIDUMP_LOG_TEXT_NAME, "kernel log: text" },
	{ "printk_descs", MINIDUMP_LOG_DESCS_NAME, "kernel log: descriptors" },
	{ "printk_infos", MINIDUMP_LOG_INFOS_NAME, "kernel log: time, level and sender of each record" },
	{ "printk_ring", MINIDUMP_LOG_RING_NAME, "kernel log: state of the ring" },
	{ "prb", MINIDUMP_LOG_PRB_NAME, "kernel log: pointer to the ring" },
};

#define MEMORY_MODEL "memory model, for readers of the dump"

struct source {
	struct source_host host;
	struct symbol_model model; /* of a running kernel it stays where it is */
};

static int add(struct wants *wants, struct want want, const char *what, const char *name, const char *comment)
{
	want.order = wants->n;
	region_key_set_what(&want.key, "%s", what);
	snprintf(want.name, sizeof(want.name), "%s", name);
	snprintf(want.comment, sizeof(want.comment), "%s", comment);
	return wants_add(wants, &want);
}

/* Where it is the module is told. */
static int add_at(struct wants *wants, struct want want, const struct symbol_place *place, const char *what,
		  const char *name, const char *comment)
{
	want.address = place->address;
	want.size = place->size;
	want.error = place->error;
	want.optional = place->error == -ENOENT;
	memcpy(want.problem, place->problem, sizeof(want.problem));
	return add(wants, want, what, name, comment);
}

static int want_model(const struct symbol_model *m, struct want want, struct wants *wants)
{
	int r = add_at(wants, want, &m->uts, "init_uts_ns", MINIDUMP_UTS_NAME,
		       "version of the kernel, for readers of the dump");

	if (r >= 0)
		r = add_at(wants, want, &m->nodes, "node_states", MINIDUMP_NODE_STATES_NAME,
			   "memory nodes, for readers of the dump");
	if (r >= 0)
		r = add_at(wants, want, &m->section, "mem_section", MINIDUMP_MEM_SECTION_NAME, MEMORY_MODEL);
	if (r >= 0)
		r = add_at(wants, want, &m->roots, "mem_section_roots", MINIDUMP_MEM_ROOTS_NAME, MEMORY_MODEL);
	for (size_t i = 0; i < m->n_sections && r >= 0; i++) {
		want.key.address = m->sections[i].address;
		r = add_at(wants, want, &m->sections[i], "mem_sections", MINIDUMP_MEM_SECTIONS_NAME, MEMORY_MODEL);
	}
	return r;
}

static int printk_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	struct section_cursor c = {};
	int r = 0;

	while (r >= 0 && section_next(policies, POLICY_SOURCE_PRINTK, &c)) {
		struct want want = want_of(REGION_OBJECT, c.policy, c.section);

		for (size_t i = 0; i < ARRAY_LEN(objects) && r >= 0; i++)
			r = add(wants, want, objects[i].object, objects[i].name, objects[i].comment);
		if (r >= 0)
			r = want_model(&s->model, want, wants);
	}
	return r;
}

static int printk_start(struct source *s, const struct policy_set *policies)
{
	symbol_model(s->host.symbols, &s->model);
	return 0;
}

/* What was found stays where it is; what could not be looked up may be found now. */
static int printk_reload(struct source *s, const struct policy_set *policies)
{
	return symbol_failed(s->host.symbols) ? 0 : printk_start(s, policies);
}

const struct source_vtable source_printk = {
	.id = "printk",
	.fault = "The kernel's log can't be asked for",
	.size = sizeof(struct source),
	.start = printk_start,
	.reload = printk_reload,
	.want = printk_want,
};
