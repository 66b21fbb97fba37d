// SPDX-License-Identifier: GPL-2.0-only
/* All that is known of one region: who wanted it, since when, where it is. */
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "lib/text.h"

static bool is_it(struct json_object *region, const char *what)
{
	const char *name = ctl_get_string(region, "name");
	int64_t id = ctl_get_int(region, "id", 0);
	char *end;

	if (name && strcmp(name, what) == 0)
		return true;
	return id > 0 && strtoll(what, &end, 10) == id && !*end && end != what;
}

struct json_object *ctl_explain_find(struct json_object *describe, const char *what)
{
	struct json_object *regions = ctl_get_array(describe, "regions"), *found = json_object_new_array();

	if (!found)
		ctl_out_of_memory();
	for (size_t i = 0; i < ctl_array_length(regions); i++) {
		struct json_object *region = json_object_array_get_idx(regions, i);

		if (is_it(region, what) && json_object_array_add(found, json_object_get(region)) < 0)
			ctl_out_of_memory();
	}
	return found;
}

static void print_line(FILE *f, const char *label, const char *text)
{
	_cleanup_(freep) char *printable = ctl_printable(text ?: "unknown");

	fprintf(f, "%9s: %s\n", label, printable);
}

static void print_origin(FILE *f, struct json_object *region)
{
	const char *path = ctl_get_string(region, "path"), *owner = ctl_get_string(region, "owner") ?: "unknown";
	_cleanup_(freep) char *text = NULL;

	if (path)
		text = ctl_printf("%s:%lld (policy %s)", path, (long long)ctl_get_int(region, "line", 0),
				  ctl_get_string(region, "policy") ?: "unknown");
	else if (strcmp(owner, "qcmdd") == 0)
		text = ctl_printf("no policy: qcmdd has it in each table");
	else
		text = ctl_printf("no policy: it belongs to %s",
				  strcmp(owner, "kernel") == 0 ? "the kernel" : "another program");
	print_line(f, "Wanted by", text);
}

static void print_pieces(FILE *f, struct json_object *region)
{
	struct json_object *segments = ctl_get_array(region, "segments");

	for (size_t i = 0; i < ctl_array_length(segments); i++) {
		struct json_object *segment = json_object_array_get_idx(segments, i);
		_cleanup_(freep) char *size = ctl_size(ctl_get_size(segment, "size")), *text = NULL, *slot = NULL;
		const char *address = ctl_get_string(segment, "paddr");

		if (ctl_get_int(segment, "slot", -1) >= 0)
			slot = ctl_printf("slot %lld", (long long)ctl_get_int(segment, "slot", 0));
		text = ctl_printf("%s, %s%s%s", slot ?: "no slot", size, address ? " at physical address " : "",
				  address ?: "");
		print_line(f, "Piece", text);
	}
}

static void print_region(FILE *f, struct json_object *region, const struct ctl_style *style)
{
	_cleanup_(freep) char *name = ctl_printable(ctl_get_string(region, "name") ?: "?");
	const char *state = ctl_get_string(region, "state") ?: "unknown", *reason = ctl_get_string(region, "reason");
	const char *since = ctl_get_string(region, "since");
	_cleanup_(freep) char *size = ctl_size(ctl_get_size(region, "size")), *how = NULL, *moves = NULL;
	int64_t id = ctl_get_int(region, "id", 0);

	fprintf(f, "%s%s%s", ctl_bold(style), name, ctl_normal(style));
	if (id > 0)
		fprintf(f, ", id %lld", (long long)id);
	fputc('\n', f);
	print_line(f, "What", ctl_get_string(region, "comment"));
	how = ctl_printf("%s%s%s", state, reason ? ": " : "", reason ?: "");
	print_line(f, "State", how);
	print_origin(f, region);
	if (id <= 0)
		return;
	print_line(f, "Since", since);
	moves = ctl_things(ctl_get_size(region, "moves"), "time", "times");
	print_line(f, "Changed", moves);
	print_line(f, "Size", size);
	print_pieces(f, region);
}

void ctl_explain_print(FILE *f, struct json_object *regions, const struct ctl_style *style)
{
	for (size_t i = 0; i < ctl_array_length(regions); i++) {
		if (i > 0)
			fputc('\n', f);
		print_region(f, json_object_array_get_idx(regions, i), style);
	}
}
