// SPDX-License-Identifier: GPL-2.0-only
/* All that is known of one region: who wanted it, since when, where it is. */
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "lib/alloc.h"
#include "lib/size.h"
#include "lib/text.h"

static bool is_it(struct json_object *region, const char *what)
{
	const char *name = json_get_string(region, "name");
	int64_t id = json_get_int(region, "id", 0);
	char *end;

	if (name && strcmp(name, what) == 0)
		return true;
	return id > 0 && strtoll(what, &end, 10) == id && !*end && end != what;
}

/* Whether it is of a task of that name or number: "sshd (412)", which may have any characters in it. */
static bool is_of_task(struct json_object *region, const char *what)
{
	const char *comment = json_get_string(region, "comment"), *kind = json_get_string(region, "kind");
	const char *open = comment ? strrchr(comment, '(') : NULL;
	size_t n = strlen(what), comm;

	if (!open || open == comment || strncmp(comment, "parent of ", strlen("parent of ")) == 0 ||
	    !(equal(kind, "task") || equal(kind, "stack") || equal(kind, "mm")))
		return false;
	comm = open - comment - 1;
	return (comm == n && strncmp(comment, what, n) == 0) ||
	       (n > 0 && strncmp(open + 1, what, n) == 0 && strcmp(open + 1 + n, ")") == 0);
}

static void add_all(struct json_object *found, struct json_object *regions, const char *what,
		    bool (*matches)(struct json_object *region, const char *what))
{
	for (size_t i = 0; i < json_array_length(regions); i++) {
		struct json_object *region = json_object_array_get_idx(regions, i);

		if (matches(region, what) && json_object_array_add(found, json_object_get(region)) < 0)
			out_of_memory();
	}
}

/* A number may be that of a region and of a task: both are shown. */
struct json_object *ctl_explain_find(struct json_object *describe, const char *what)
{
	struct json_object *regions = json_get_array(describe, "regions"), *found = json_object_new_array();

	if (!found)
		out_of_memory();
	add_all(found, regions, what, is_it);
	add_all(found, regions, what, is_of_task);
	return found;
}

static void print_line(FILE *f, const char *label, const char *text)
{
	_cleanup_free_ char *printable = clean_text(text ?: "unknown");

	fprintf(f, "%9s: %s\n", label, printable);
}

static void print_origin(FILE *f, struct json_object *region)
{
	const char *path = json_get_string(region, "path"), *owner = json_get_string(region, "owner") ?: "unknown";
	_cleanup_free_ char *text = NULL;

	if (path)
		text = xprintf("%s:%lld (policy %s)%s", path, (long long)json_get_int(region, "line", 0),
			       json_get_string(region, "policy") ?: "unknown",
			       strcmp(owner, "module") == 0 ? ", and by the module itself" : "");
	else if (strcmp(owner, "module") == 0)
		text = xprintf("no policy: it is the module's own");
	else if (strcmp(owner, "qcmdd") == 0)
		text = xprintf("no policy: qcmdd has it in each table");
	else
		text = xprintf("no policy: it belongs to %s",
			       strcmp(owner, "kernel") == 0 ? "the kernel" : "another program");
	print_line(f, "Wanted by", text);
}

static void print_pieces(FILE *f, struct json_object *region)
{
	struct json_object *segments = json_get_array(region, "segments");

	for (size_t i = 0; i < json_array_length(segments); i++) {
		struct json_object *segment = json_object_array_get_idx(segments, i);
		_cleanup_free_ char *text = NULL, *slot = NULL;
		const char *address = json_get_string(segment, "paddr");

		if (json_get_int(segment, "slot", -1) >= 0)
			slot = xprintf("slot %lld", (long long)json_get_int(segment, "slot", 0));
		text = xprintf("%s, %s%s%s", slot ?: "no slot", size_text(json_get_size(segment, "size")).s,
			       address ? " at physical address " : "", address ?: "");
		print_line(f, "Piece", text);
	}
}

static void print_region(FILE *f, struct json_object *region, const struct style *style)
{
	_cleanup_free_ char *name = clean_text(json_get_string(region, "name") ?: "?");
	const char *state = json_get_string(region, "state") ?: "unknown", *reason = json_get_string(region, "reason");
	const char *since = json_get_string(region, "since");
	_cleanup_free_ char *how = NULL, *moves = NULL;
	int64_t id = json_get_int(region, "id", 0);

	fprintf(f, "%s%s%s", sgr(style, COLOUR_BOLD), name, sgr(style, COLOUR_NORMAL));
	if (id > 0)
		fprintf(f, ", id %lld", (long long)id);
	fputc('\n', f);
	print_line(f, "What", json_get_string(region, "comment"));
	how = xprintf("%s%s%s", state, reason ? ": " : "", reason ?: "");
	print_line(f, "State", how);
	print_origin(f, region);
	if (id <= 0)
		return;
	print_line(f, "Since", since);
	moves = ctl_things(json_get_size(region, "moves"), "time", "times");
	print_line(f, "Changed", moves);
	print_line(f, "Size", size_text(json_get_size(region, "size")).s);
	print_pieces(f, region);
}

void ctl_explain_print(FILE *f, struct json_object *regions, const struct style *style)
{
	for (size_t i = 0; i < json_array_length(regions); i++) {
		if (i > 0)
			fputc('\n', f);
		print_region(f, json_object_array_get_idx(regions, i), style);
	}
}
