// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/commands.h"
#include "dump/core/tasks.h"
#include "lib/json.h"
#include "lib/table.h"

/* What a reader should know about a region, or NULL. */
static const char *remark(const struct region *r, const struct task_list *tasks)
{
	if (r->missing)
		return "cut off";
	if (!strcmp(r->name, MINIDUMP_STACK_NAME) && tasks->has_stack && !tasks_find_stack(tasks, r->vaddr))
		return "not matched";
	return NULL;
}

static void add_row(struct table *t, const struct region *r, const char *note)
{
	table_addf(t, "%u", r->slot);
	table_addf(t, "%s", r->name);
	table_addf(t, "%" PRIu32, r->seq);
	table_addf(t, r->vaddr ? "0x%016" PRIx64 : "?", r->vaddr);
	table_addf(t, "0x%" PRIx64, r->paddr);
	table_addf(t, "%" PRIu64, r->size);
	table_addf(t, "0x%" PRIx64, r->offset);
	table_addf(t, "%s", note ? note : "");
}

static struct json_object *region_json(const struct region *r, const char *note)
{
	struct json_object *j = json_object_new_object();

	json_add_u64(j, "slot", r->slot);
	json_add_text(j, "name", r->name);
	json_add_u64(j, "seq", r->seq);
	if (r->vaddr)
		json_add_u64(j, "virtual", r->vaddr);
	else
		json_object_object_add(j, "virtual", NULL);
	json_add_u64(j, "physical", r->paddr);
	json_add_u64(j, "size", r->size);
	json_add_u64(j, "offset", r->offset);
	if (note)
		json_add_text(j, "note", note);
	return j;
}

int show_regions(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	static const struct table_column columns[] = {
		{ "SLOT", true },     { "NAME", false }, { "SEQ", true },    { "VIRTUAL", false },
		{ "PHYSICAL", true }, { "SIZE", true },	 { "OFFSET", true }, { "NOTE", false },
	};
	struct table *t;
	struct task_list tasks;
	struct derr no_tasks;
	int r;

	r = core_need_collected(core, err);
	if (r < 0)
		return r;
	if (o->extract)
		return extract_region(core, o, out, err);
	/* Without tasks nothing can be said about stacks. */
	tasks_read(core, &tasks, &no_tasks);
	t = table_new(columns, ARRAY_LEN(columns), 2);
	for (size_t i = 0; i < core->n_regions; i++) {
		const struct region *reg = &core->regions[i];
		const char *note = remark(reg, &tasks);

		if (o->json)
			json_array_item(region_json(reg, note), out, i);
		else
			add_row(t, reg, note);
	}
	if (o->json)
		json_array_end(out, core->n_regions);
	else
		table_print(t, out, &(struct style){ .legend = true });
	table_free(t);
	tasks_clear(&tasks);
	return 0;
}
