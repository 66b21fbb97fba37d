// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/commands.h"
#include "dump/core/tasks.h"
#include "lib/json.h"
#include "lib/table.h"
#include "lib/text.h"

/* What a reader should know about a region, or NULL. */
static const char *remark(const struct region *r, const struct task_list *tasks)
{
	if (r->missing)
		return "cut off";
	if (!strcmp(r->name, MINIDUMP_STACK_NAME) && tasks->has_stack && !tasks_find_stack(tasks, r->vaddr))
		return "not matched";
	return NULL;
}

static void add_row(struct grid *g, const struct region *r, const char *name, const char *note)
{
	grid_addf(g, "%u", r->slot);
	grid_addf(g, "%s", name);
	grid_addf(g, "%" PRIu32, r->seq);
	if (r->vaddr)
		grid_addf(g, "0x%016" PRIx64, r->vaddr);
	else
		grid_addf(g, "?");
	grid_addf(g, "0x%" PRIx64, r->paddr);
	grid_addf(g, "%" PRIu64, r->size);
	grid_addf(g, "0x%" PRIx64, r->offset);
	grid_addf(g, "%s", note ? note : "");
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
	static const char *const headers[] = {
		">SLOT", "NAME", ">SEQ", "VIRTUAL", ">PHYSICAL", ">SIZE", ">OFFSET", "NOTE",
	};
	struct task_list tasks;
	struct derr no_tasks;
	struct grid g;
	int r;

	r = core_need_collected(core, err);
	if (r < 0)
		return r;
	if (o->extract)
		return extract_region(core, o, out, err);
	/* Without tasks nothing can be said about stacks. */
	tasks_read(core, &tasks, &no_tasks);
	if (!o->json)
		grid_init(&g, ARRAY_LEN(headers), headers);
	for (size_t i = 0; i < core->n_regions; i++) {
		const struct region *reg = &core->regions[i];
		_cleanup_free_ char *name = clean_text(reg->name);
		const char *note = remark(reg, &tasks);

		if (o->json)
			json_array_item(region_json(reg, note), out, i);
		else
			add_row(&g, reg, name, note);
	}
	if (o->json)
		json_array_end(out, core->n_regions);
	else
		grid_print(&g, out);
	tasks_clear(&tasks);
	return 0;
}
