// SPDX-License-Identifier: GPL-2.0-only
/* Describe(): the JSON of org.qcmd1(5). Members are only ever added. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "daemon/describe.h"

#define SCHEMA 1

/*
 * Building stops at the first lack of memory: json-c then leaves holes, so that is noted and all is thrown
 * away at the end.
 */
struct builder {
	bool failed;
};

/* Takes value over, whatever happens. */
static void put(struct builder *b, json_object *o, const char *key, json_object *value)
{
	if (o && json_object_object_add(o, key, value) == 0)
		return;
	b->failed = true;
	json_object_put(value);
}

static void put_value(struct builder *b, json_object *o, const char *key, json_object *value)
{
	if (!value)
		b->failed = true;
	else
		put(b, o, key, value);
}

static void put_int(struct builder *b, json_object *o, const char *key, uint64_t value)
{
	put_value(b, o, key, json_object_new_uint64(value));
}

static void put_bool(struct builder *b, json_object *o, const char *key, bool value)
{
	put_value(b, o, key, json_object_new_boolean(value));
}

/* A path can be any bytes, and D-Bus takes only UTF-8. */
static json_object *new_text(const char *value)
{
	char text[PATH_MAX + 512];

	module_copy_text(text, sizeof(text), value, strlen(value));
	return json_object_new_string(text);
}

static void put_string(struct builder *b, json_object *o, const char *key, const char *value)
{
	put_value(b, o, key, new_text(value));
}

/* NULL or "" is null. */
static void put_optional(struct builder *b, json_object *o, const char *key, const char *value)
{
	if (value && *value)
		put_string(b, o, key, value);
	else
		put(b, o, key, NULL);
}

/* Addresses are strings: they don't fit the numbers of most readers of JSON. */
static void put_address(struct builder *b, json_object *o, const char *key, uint64_t address, bool shown)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%016" PRIx64, address);
	put_optional(b, o, key, shown && address ? text : NULL);
}

static json_object *put_object(struct builder *b, json_object *o, const char *key)
{
	json_object *value = json_object_new_object();

	put_value(b, o, key, value);
	return b->failed ? NULL : value;
}

static json_object *put_array(struct builder *b, json_object *o, const char *key)
{
	json_object *value = json_object_new_array();

	put_value(b, o, key, value);
	return b->failed ? NULL : value;
}

/* Takes value over, whatever happens. */
static void append(struct builder *b, json_object *array, json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return;
	b->failed = true;
	json_object_put(value);
}

static json_object *append_object(struct builder *b, json_object *array)
{
	json_object *value = json_object_new_object();

	append(b, array, value);
	return b->failed ? NULL : value;
}

static void put_problem(struct builder *b, json_object *o, const struct problem *p)
{
	put_string(b, o, "id", p->id);
	put_string(b, o, "message", p->message);
	put_string(b, o, "hint", p->hint);
}

static void describe_problems(struct builder *b, json_object *top, const struct status *s)
{
	json_object *array = put_array(b, top, "problems");

	for (size_t i = 0; i < s->n_problems && !b->failed; i++) {
		json_object *o = append_object(b, array);

		put_problem(b, o, &s->problems[i]);
	}
}

static void describe_notes(struct builder *b, json_object *top, const struct status *s)
{
	json_object *array = put_array(b, top, "notes");

	for (size_t i = 0; i < s->n_notes && !b->failed; i++) {
		json_object *o = append_object(b, array);

		put_problem(b, o, &s->notes[i]);
	}
}

static void describe_collectors(struct builder *b, json_object *top, const struct status *s)
{
	struct collector collectors[MACHINE_COLLECTORS_MAX];
	size_t n = machine_collectors(&s->machine, collectors);
	json_object *array = put_array(b, top, "collectors");

	for (size_t i = 0; i < n && !b->failed; i++) {
		json_object *o = append_object(b, array);

		put_string(b, o, "id", collectors[i].id);
		put_string(b, o, "text", collectors[i].text);
	}
}

static void describe_module(struct builder *b, json_object *top, const struct status *s)
{
	json_object *o = put_object(b, top, "module");

	put_bool(b, o, "loaded", s->machine.loaded);
	put_optional(b, o, "version", s->backend.version);
	if (!s->backend.name[0]) {
		put(b, top, "backend", NULL);
		return;
	}
	o = put_object(b, top, "backend");
	put_string(b, o, "name", s->backend.name);
	put_int(b, o, "slots_max", s->backend.slots_max);
	put_int(b, o, "slots_used", s->backend.slots_used);
	put_int(b, o, "name_max", s->backend.name_max);
	put_int(b, o, "align", s->backend.align);
	put_int(b, o, "bytes", s->backend.bytes);
}

static void describe_diags(struct builder *b, json_object *array, const struct policy_set *set,
			   const struct policy *policy)
{
	for (size_t i = 0; i < set->diags.n && !b->failed; i++) {
		_cleanup_free_ char *text = NULL;

		if (!policy_has_path(policy, set->diags.items[i].path))
			continue;
		text = diag_line(&set->diags.items[i]);
		append(b, array, text ? new_text(text) : NULL);
	}
}

static void describe_policies(struct builder *b, json_object *top, const struct status *s)
{
	json_object *array = put_array(b, top, "policies");

	for (size_t i = 0; i < s->policies->n_policies && !b->failed; i++) {
		const struct policy *p = &s->policies->policies[i];
		json_object *o = append_object(b, array);
		struct policy_use use = status_use(s, p);

		put_string(b, o, "name", p->name);
		put_string(b, o, "path", p->path);
		put_string(b, o, "description", p->description ?: "");
		put_string(b, o, "state", policy_state_to_string(p->state));
		put_bool(b, o, "dry_run", p->dry_run);
		put_optional(b, o, "reason", p->reason);
		put_int(b, o, "priority", p->priority);
		put_int(b, o, "wanted", use.wanted);
		put_int(b, o, "registered", use.active);
		put_int(b, o, "own", use.own);
		put_int(b, o, "slots", use.slots);
		if (policy_excludes(p))
			put_int(b, o, "excludes", use.excludes);
		else
			put(b, o, "excludes", NULL);
		put_optional(b, o, "limit", use.limit);
		describe_diags(b, put_array(b, o, "diagnostics"), s->policies, p);
	}
}

static void put_time(struct builder *b, json_object *o, const char *key, const struct timespec *when)
{
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&when->tv_sec, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_string(b, o, key, text);
}

/* The module counts from the boot on, in ns. */
static void put_since(struct builder *b, json_object *o, uint64_t created)
{
	struct timespec now, boot;

	if (!created || clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_gettime(CLOCK_BOOTTIME, &boot) < 0) {
		put(b, o, "since", NULL);
		return;
	}
	now.tv_sec -= boot.tv_sec - (time_t)(created / 1000000000);
	put_time(b, o, "since", &now);
}

static void describe_segments(struct builder *b, json_object *array, const struct module_region *r, bool addresses)
{
	for (size_t i = 0; i < r->n_segments && !b->failed; i++) {
		const struct module_segment *segment = &r->segments[i];
		json_object *o = append_object(b, array);

		if (segment->placed) {
			put_int(b, o, "slot", segment->slot);
			put_int(b, o, "seq", segment->seq);
		}
		put_address(b, o, "paddr", segment->paddr, addresses);
		put_address(b, o, "address", segment->addr, addresses);
		put_int(b, o, "size", segment->size);
	}
}

static void describe_origin(struct builder *b, json_object *o, const struct entry *e)
{
	bool known = e && e->wanted && e->want.policy;

	put_optional(b, o, "policy", known ? e->want.policy->name : NULL);
	put_optional(b, o, "path", known ? e->want.section->path : NULL);
	if (known)
		put_int(b, o, "line", e->want.section->line);
	else
		put(b, o, "line", NULL);
}

static void describe_row(struct builder *b, json_object *o, const struct row *row, uint32_t port, bool addresses)
{
	static const struct module_region none;
	const struct module_region *r = row->region ?: &none;

	if (row->region)
		put_int(b, o, "id", r->id);
	else
		put(b, o, "id", NULL);
	put_string(b, o, "name", row_name(row));
	put_string(b, o, "state", row_state(row));
	put_optional(b, o, "reason", row_reason(row));
	put_string(b, o, "owner", row_owner(row, port));
	describe_origin(b, o, row->entry);
	put_string(b, o, "comment", row_comment(row));
	put_string(b, o, "kind", row_kind(row));
	put_address(b, o, "address", r->addr, addresses);
	put_int(b, o, "size", r->size);
	put_int(b, o, "slots", r->n_segments);
	describe_segments(b, put_array(b, o, "segments"), r, addresses);
	put_int(b, o, "moves", r->moves);
	put_since(b, o, r->created);
}

static void describe_regions(struct builder *b, json_object *top, const struct status *s,
			     const struct module_region *regions, size_t n, bool addresses)
{
	json_object *array = put_array(b, top, "regions");
	_cleanup_free_ struct row *rows = NULL;
	size_t n_rows;

	if (status_rows(s, regions, n, &rows, &n_rows) < 0) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < n_rows && !b->failed; i++)
		describe_row(b, append_object(b, array), &rows[i], s->port, addresses);
}

static void describe_events(struct builder *b, json_object *top, const struct status *s)
{
	json_object *o = put_object(b, top, "events");

	put_int(b, o, "received", s->stats.received);
	put_int(b, o, "lost", s->stats.lost);
	put_int(b, o, "resyncs", s->stats.resyncs);
}

static void describe_reload(struct builder *b, json_object *top, const struct reload_info *reload)
{
	json_object *o, *array;

	if (!reload || !reload->done) {
		put(b, top, "reload", NULL);
		return;
	}
	o = put_object(b, top, "reload");
	put_bool(b, o, "ok", reload->ok);
	put_time(b, o, "when", &reload->when);
	array = put_array(b, o, "errors");
	for (char **e = reload->errors; e && *e && !b->failed; e++)
		append(b, array, new_text(*e));
}

json_object *status_describe(const struct status *s, const struct module_region *regions, size_t n, bool addresses)
{
	json_object *top = json_object_new_object();
	struct builder b = { .failed = !top };

	put_int(&b, top, "schema", SCHEMA);
	put_string(&b, top, "version", QCMD_VERSION);
	put_string(&b, top, "state", status_state_to_string(s->state));
	describe_problems(&b, top, s);
	describe_notes(&b, top, s);
	describe_collectors(&b, top, s);
	describe_module(&b, top, s);
	describe_policies(&b, top, s);
	describe_regions(&b, top, s, regions, n, addresses);
	describe_events(&b, top, s);
	describe_reload(&b, top, s->reload);
	if (!b.failed)
		return top;
	json_object_put(top);
	return NULL;
}
