// SPDX-License-Identifier: GPL-2.0-only

#include "lib/alloc.h"
#include "lib/size.h"
#include "daemon/ctl/ctl.h"
#include "lib/table.h"
#include "lib/text.h"

char *ctl_things(size_t n, const char *one, const char *many)
{
	return xprintf("%zu %s", n, n == 1 ? one : many);
}

bool ctl_is_region_state(const char *state)
{
	static const char *const states[] = { "active",	 "pending",  "held",   "rejected", "dry-run",
					      "limited", "excluded", "absent", "failed" };

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (equal(state, states[i]))
			return true;
	return false;
}

/* What the column POLICY has. */
static const char *policy_of(struct json_object *region)
{
	return json_get_string(region, "policy") ?: json_get_string(region, "owner");
}

static bool passes(struct json_object *region, const struct ctl_filter *filter)
{
	return (!filter->state || equal(json_get_string(region, "state"), filter->state)) &&
	       (!filter->policy || equal(policy_of(region), filter->policy)) &&
	       (!filter->kind || equal(json_get_string(region, "kind"), filter->kind));
}

void ctl_regions_filter(struct json_object *describe, const struct ctl_filter *filter)
{
	struct json_object *regions = json_get_array(describe, "regions");

	for (size_t i = json_array_length(regions); i-- > 0;)
		if (!passes(json_object_array_get_idx(regions, i), filter))
			json_object_array_del_idx(regions, i, 1);
}

static const char *address_of(struct json_object *region)
{
	struct json_object *segments = json_get_array(region, "segments");
	const char *address = json_get_string(region, "address");

	if (!address && json_array_length(segments) > 0)
		address = json_get_string(json_object_array_get_idx(segments, 0), "paddr");
	return address;
}

static const char *state_colour(const char *state, const struct style *style)
{
	if (equal(state, "rejected") || equal(state, "failed") || equal(state, "error"))
		return sgr(style, COLOUR_BOLD_RED);
	if (equal(state, "pending") || equal(state, "disabled") || equal(state, "dry-run") || equal(state, "limited") ||
	    equal(state, "excluded"))
		return sgr(style, COLOUR_BOLD_YELLOW);
	return NULL;
}

static void add_region(struct table *t, struct json_object *region, bool addresses, const struct style *style)
{
	const char *state = json_get_string(region, "state"), *reason = json_get_string(region, "reason");
	const char *comment = json_get_string(region, "comment");
	int64_t id = json_get_int(region, "id", 0), slots = json_get_size(region, "slots");
	_cleanup_free_ char *what = NULL;

	if (id > 0)
		table_addf(t, "%" PRId64, id);
	else
		table_add(t, NULL, NULL);
	table_add(t, json_get_string(region, "name"), NULL);
	table_add(t, state, state_colour(state, style));
	table_addf(t, "%s", size_text(json_get_size(region, "size")).s);
	table_addf(t, "%" PRId64, slots);
	table_add(t, policy_of(region), NULL);
	if (addresses)
		table_add(t, address_of(region), NULL);

	if (reason)
		what = xprintf("%s%s%s", comment ?: "", comment ? ": " : "", reason);
	table_add(t, what ?: comment, NULL);
}

void ctl_regions_print(FILE *f, struct json_object *describe, const struct style *style)
{
	static const struct table_column plain[] = {
		{ "ID", true },	   { "NAME", false },	{ "STATE", false }, { "SIZE", true },
		{ "SLOTS", true }, { "POLICY", false }, { "WHAT", false },
	};
	static const struct table_column with_address[] = {
		{ "ID", true },	   { "NAME", false },	{ "STATE", false },   { "SIZE", true },
		{ "SLOTS", true }, { "POLICY", false }, { "ADDRESS", false }, { "WHAT", false },
	};
	struct json_object *regions = json_get_array(describe, "regions");
	size_t n = json_array_length(regions), active = 0;
	bool addresses = false;
	uint64_t bytes = 0;
	struct table *t;

	for (size_t i = 0; i < n && !addresses; i++)
		addresses = address_of(json_object_array_get_idx(regions, i));

	t = addresses ? table_new(with_address, 8, 1) : table_new(plain, 7, 1);
	for (size_t i = 0; i < n; i++) {
		struct json_object *region = json_object_array_get_idx(regions, i);

		add_region(t, region, addresses, style);
		if (equal(json_get_string(region, "state"), "active")) {
			active++;
			bytes += json_get_size(region, "size");
		}
	}
	if (n > 0)
		table_print(t, f, style);
	table_free(t);

	if (style->legend) {
		_cleanup_free_ char *total = ctl_things(n, "region", "regions");

		fprintf(f, "%s%s, %zu active with %s.\n", n > 0 ? "\n" : "", total, active, size_text(bytes).s);
	}
}

/* What people are told: a policy that is enabled may still register nothing. */
static const char *policy_state(struct json_object *policy)
{
	const char *state = json_get_string(policy, "state");

	return equal(state, "enabled") && json_get_bool(policy, "dry_run", false) ? "dry-run" : state;
}

static void add_policy(struct table *t, struct json_object *policy, const struct style *style)
{
	const char *state = policy_state(policy);
	int64_t wanted = json_get_int(policy, "wanted", 0), registered = json_get_int(policy, "registered", 0);
	_cleanup_free_ char *regions = NULL;

	if (registered == wanted || equal(state, "dry-run"))
		regions = xprintf("%lld", (long long)wanted);
	else
		regions = xprintf("%lld of %lld", (long long)registered, (long long)wanted);

	table_add(t, json_get_string(policy, "name"), NULL);
	table_add(t, state, state_colour(state, style));
	table_addf(t, "%" PRId64, json_get_int(policy, "priority", 0));
	table_add(t, regions, registered < wanted && !equal(state, "dry-run") ? sgr(style, COLOUR_BOLD_YELLOW) : NULL);
	table_add(t, json_get_string(policy, "description"), NULL);
}

/* Why a policy is not used, and what was said about its files. */
static void print_notes(FILE *f, struct json_object *policy, bool *first)
{
	struct json_object *diagnostics = json_get_array(policy, "diagnostics");
	_cleanup_free_ char *name = clean_text(json_get_string(policy, "name") ?: "?");
	const char *reason = json_get_string(policy, "reason");

	if (json_array_length(diagnostics) == 0 && !reason)
		return;
	if (*first)
		fputc('\n', f);
	*first = false;

	if (json_array_length(diagnostics) == 0) {
		_cleanup_free_ char *printable = clean_text(reason);

		fprintf(f, "%s: %s\n", name, printable);
	}
	for (size_t i = 0; i < json_array_length(diagnostics); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(diagnostics, i));
		_cleanup_free_ char *printable = clean_text(text ?: "?");

		fprintf(f, "%s\n", printable);
	}
}

void ctl_policies_print(FILE *f, struct json_object *describe, const struct style *style)
{
	static const struct table_column columns[] = {
		{ "NAME", false },   { "STATE", false },       { "PRIORITY", true },
		{ "REGIONS", true }, { "DESCRIPTION", false },
	};
	struct json_object *policies = json_get_array(describe, "policies");
	size_t n = json_array_length(policies), enabled = 0;
	struct table *t = table_new(columns, 5, 1);
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		struct json_object *policy = json_object_array_get_idx(policies, i);

		add_policy(t, policy, style);
		enabled += equal(json_get_string(policy, "state"), "enabled");
	}
	if (n > 0)
		table_print(t, f, style);
	table_free(t);

	for (size_t i = 0; i < n; i++)
		print_notes(f, json_object_array_get_idx(policies, i), &first);
	if (style->legend) {
		_cleanup_free_ char *total = ctl_things(n, "policy", "policies");

		fprintf(f, "%s%s, %zu enabled.\n", n > 0 ? "\n" : "", total, enabled);
	}
}

static struct json_object *find_policy(struct json_object *describe, const char *name)
{
	struct json_object *policies = json_get_array(describe, "policies");

	for (size_t i = 0; i < json_array_length(policies); i++) {
		struct json_object *policy = json_object_array_get_idx(policies, i);

		if (equal(json_get_string(policy, "name"), name))
			return policy;
	}
	return NULL;
}

/* A line for each thing that is another one; returns whether there was any. */
static bool print_differences(FILE *f, const char *name, struct json_object *was, struct json_object *is)
{
	const char *state_was = policy_state(was) ?: "unknown", *state = policy_state(is) ?: "unknown";
	int64_t wanted_was = json_get_int(was, "wanted", 0), wanted = json_get_int(is, "wanted", 0);
	int64_t priority_was = json_get_int(was, "priority", 0), priority = json_get_int(is, "priority", 0);
	_cleanup_free_ char *regions = ctl_things(json_get_size(is, "wanted"), "region", "regions");
	bool other_text = !equal(json_get_string(was, "description") ?: "", json_get_string(is, "description") ?: "");

	if (!equal(state_was, state))
		fprintf(f, "~ %s: %s, was %s\n", name, state, state_was);
	else if (wanted_was != wanted)
		fprintf(f, "~ %s: %s, was %lld\n", name, regions, (long long)wanted_was);
	if (priority_was != priority)
		fprintf(f, "~ %s: priority %lld, was %lld\n", name, (long long)priority, (long long)priority_was);
	if (other_text)
		fprintf(f, "~ %s: another description\n", name);
	return !equal(state_was, state) || wanted_was != wanted || priority_was != priority || other_text;
}

/* What there is to say of a policy that came, went or changed; returns whether there was anything. */
static bool print_change(FILE *f, struct json_object *was, struct json_object *is, const struct style *style)
{
	_cleanup_free_ char *name = clean_text(json_get_string(is ?: was, "name") ?: "?");
	_cleanup_free_ char *regions = ctl_things(json_get_size(is ?: was, "wanted"), "region", "regions");

	if (was && is)
		return print_differences(f, name, was, is);
	if (is)
		fprintf(f, "%s+ %s: %s, %s%s\n", sgr(style, COLOUR_BOLD_GREEN), name, policy_state(is) ?: "unknown",
			regions, sgr(style, COLOUR_NORMAL));
	else
		fprintf(f, "%s- %s: gone, with %s%s\n", sgr(style, COLOUR_BOLD_RED), name, regions,
			sgr(style, COLOUR_NORMAL));
	return true;
}

void ctl_changes_print(FILE *f, struct json_object *before, struct json_object *after, const struct style *style)
{
	struct json_object *old = json_get_array(before, "policies"), *new = json_get_array(after, "policies");
	bool changed = false;

	for (size_t i = 0; i < json_array_length(old); i++) {
		struct json_object *was = json_object_array_get_idx(old, i);

		if (!find_policy(after, json_get_string(was, "name")))
			changed |= print_change(f, was, NULL, style);
	}
	for (size_t i = 0; i < json_array_length(new); i++) {
		struct json_object *is = json_object_array_get_idx(new, i);

		changed |= print_change(f, find_policy(before, json_get_string(is, "name")), is, style);
	}

	if (style->legend) {
		_cleanup_free_ char *total = ctl_things(json_array_length(new), "policy", "policies");

		fprintf(f, "%s%s loaded.\n", changed ? "" : "No change that shows, ", total);
	}
}
