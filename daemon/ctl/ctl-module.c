// SPDX-License-Identifier: GPL-2.0-only
/* What is in the table, where the daemon can't be asked: the module itself knows. */
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "daemon/table/key.h"
#include "daemon/table/kind.h"
#include "lib/alloc.h"
#include "uapi/linux/qcom_minidump_table.h"

void ctl_module_facts(struct ctl_facts *facts)
{
	struct module *module;

	if (module_new(-1, &module) < 0)
		return;
	facts->listed = module_connect(module) >= 0 && module_get_backend(module, &facts->backend) >= 0 &&
			module_list(module, &facts->regions, &facts->n_regions) >= 0;
	module_free(module);
}

static void set(struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add(o, key, value) < 0)
		out_of_memory();
}

static struct json_object *describe_backend(const struct module_backend *b)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "name", b->name);
	json_add_u64(o, "slots_max", b->slots_max);
	json_add_u64(o, "slots_used", b->slots_used);
	json_add_u64(o, "name_max", b->name_max);
	json_add_u64(o, "align", b->align);
	json_add_u64(o, "bytes", b->bytes);
	return o;
}

/* Whether another program or qcmdd has it can't be told apart here. */
static const char *owner_of(const struct module_region *r)
{
	struct region_key key;

	if (r->owner)
		return "other";
	return region_key_of_own(r, &key) || !strcmp(r->name, MINIDUMP_LAYOUT_NAME) ? "module" : "kernel";
}

static struct json_object *describe_region(const struct module_region *r)
{
	struct json_object *o = json_object_new_object();

	json_add_u64(o, "id", r->id);
	json_add_text(o, "name", r->name);
	json_add_text(o, "state", region_state_to_string(r->state));
	json_add_text(o, "owner", owner_of(r));
	json_add_text(o, "comment", r->comment);
	json_add_text(o, "kind", region_kind_to_string(r));
	json_add_u64(o, "size", r->size);
	json_add_u64(o, "slots", r->n_segments);
	return o;
}

void ctl_module_describe(const struct ctl_facts *facts, struct json_object *describe)
{
	struct json_object *regions = json_object_new_array();

	if (!regions)
		out_of_memory();
	if (facts->backend.name[0])
		set(describe, "backend", describe_backend(&facts->backend));
	for (size_t i = 0; i < facts->n_regions; i++)
		if (json_object_array_add(regions, describe_region(&facts->regions[i])) < 0)
			out_of_memory();
	set(describe, "regions", regions);
}
