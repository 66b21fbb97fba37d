// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variables of the kernel and its modules, and what they lead to. Where variables are changes when modules come and go;
 * what pointers and lists lead to can change at any time, so that they are read again every second.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-device.h>

#include "daemon/source/cpulist.h"
#include "daemon/source/ktypes.h"
#include "lib/journal.h"
#include "daemon/source/source.h"
#include "daemon/source/symbol.h"
#include "uapi/linux/qcom_minidump_table.h"

#define READ_INTERVAL 1000000 /* µs */

/* How much of a variable's name fits if the file "md_KNAME.BIN" or "md_KNAME_12.BIN" has the 19 bytes of firmware. */
#define NAME_OF_ONE  11
#define NAME_OF_MANY 8

/* All others are called by as much of their name as fits. */
static const char *const named[][2] = {
	{ "linux_banner", MINIDUMP_BANNER_NAME },
	{ "__cpu_present_mask", MINIDUMP_PRESENT_NAME },
};

struct source {
	struct source_host host;
	const struct policy_set *policies; /* of the last reload */
	struct wants wants;
	sd_device_monitor *monitor;
	sd_event_source *timer; /* while there are pointers or lists */
};

/* What the wants of one section have in common, the key of the next one, and where they go. */
struct context {
	struct source *s;
	const struct policy_section *section;
	struct want base;
	struct wants *wants;
	bool many;			       /* of one name: told apart by their number */
	const struct policy_section *excluded; /* by which the item at hand is */
};

static const char *local_name(const char *symbol)
{
	const char *colon = strchr(symbol, ':');

	return colon ? colon + 1 : policy_symbol_name(symbol);
}

/* Of a member its own: some kernels have in a structure what is a variable in others. */
static const char *pointer_name(const char *symbol)
{
	return policy_symbol_member(symbol) ?: symbol;
}

__attribute__((format(printf, 4, 5))) static int add(struct context *c, const char *symbol,
						     const struct symbol_place *place, const char *format, ...)
{
	struct want want = c->base;
	va_list ap;

	snprintf(want.name, sizeof(want.name), MINIDUMP_SYMBOL_NAME "%.*s", c->many ? NAME_OF_MANY : NAME_OF_ONE,
		 local_name(symbol));
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (!strcmp(symbol, named[i][0]))
			snprintf(want.name, sizeof(want.name), "%s", named[i][1]);
	va_start(ap, format);
	vsnprintf(want.comment, sizeof(want.comment), format, ap);
	va_end(ap);
	want.address = place->address;
	want.size = place->size;
	want.error = place->error;
	want.optional = place->error == -ENOENT;
	memcpy(want.problem, place->problem, sizeof(want.problem));
	want.order = c->wants->n;
	want_exclude(&want, c->excluded);
	return wants_add(c->wants, &want);
}

/* Size= with a minus is for pointers. */
static void limit(const struct context *c, struct symbol_place *place)
{
	const char *size = c->section->symbol.size;

	if (size && *size != '-')
		symbol_limit(c->s->host.symbols, size, place);
}

static int want_name(struct context *c, const char *symbol)
{
	struct symbol_place place;

	symbol_find(c->s->host.symbols, symbol, &place);
	limit(c, &place);
	region_key_set_what(&c->base.key, "%s", policy_symbol_name(symbol));
	return add(c, symbol, &place, "variable %s", policy_symbol_name(symbol));
}

static int want_variable_of(struct context *c, const char *symbol, int cpu)
{
	struct symbol_place place;

	symbol_find_percpu(c->s->host.symbols, symbol, cpu, &place);
	limit(c, &place);
	region_key_set_what(&c->base.key, "%s@%d", policy_symbol_name(symbol), cpu);
	return add(c, symbol, &place, "variable %s of CPU %d", policy_symbol_name(symbol), cpu);
}

static int want_pointer_of(struct context *c, const char *symbol, int cpu)
{
	struct symbol_place place;

	symbol_follow(c->s->host.symbols, symbol, cpu, c->section->symbol.size, &place);
	region_key_set_what(&c->base.key, "*%s@%d", policy_symbol_name(symbol), cpu);
	return add(c, pointer_name(symbol), &place, "what %s of CPU %d points to", policy_symbol_name(symbol), cpu);
}

static int want_cpus(struct context *c, const char *symbol, int (*want)(struct context *c, const char *symbol, int cpu))
{
	_cleanup_free_ char *possible = cpulist_read(CPULIST_POSSIBLE);
	const char *at = possible ?: "0";
	int first, last, r = 0;

	c->many = true;
	while (cpulist_next(&at, &first, &last))
		for (int cpu = first; cpu <= last && r >= 0; cpu++)
			r = want(c, symbol, cpu);
	c->many = false;
	return r;
}

static int want_percpu(struct context *c, const char *symbol)
{
	return want_cpus(c, symbol, want_variable_of);
}

static int want_pointer(struct context *c, const char *symbol)
{
	struct symbol_place place;

	if (symbol_is_percpu(c->s->host.symbols, symbol))
		return want_cpus(c, symbol, want_pointer_of);
	symbol_follow(c->s->host.symbols, symbol, -1, c->section->symbol.size, &place);
	region_key_set_what(&c->base.key, "*%s", policy_symbol_name(symbol));
	return add(c, pointer_name(symbol), &place, "what %s points to", policy_symbol_name(symbol));
}

static int want_list(struct context *c, const char *list)
{
	const char *colon = strstr(list, ":struct "), *dot = strchr(colon, '.');
	_cleanup_free_ struct symbol_place *elements = NULL;
	char head[POLICY_SYMBOL_MAX + 1], type[POLICY_SYMBOL_MAX + 1];
	struct symbol_place place;
	size_t n;
	int r;

	snprintf(head, sizeof(head), "%.*s", (int)(colon - list), list);
	snprintf(type, sizeof(type), "%.*s", (int)(dot - colon - 1), colon + 1);
	c->many = true;
	r = symbol_list(c->s->host.symbols, head, type, dot + 1, &place, &elements, &n);
	region_key_set_what(&c->base.key, "%s", list);
	if (r >= 0)
		r = add(c, head, &place, "head of the list %s", list);
	region_key_set_what(&c->base.key, "%s:%s", head, type);
	for (size_t i = 0; i < n && r >= 0; i++) {
		c->base.key.address = elements[i].address;
		r = add(c, head, &elements[i], "element of %s: %s", head, type);
	}
	c->base.key.address = 0;
	c->many = false;
	return r;
}

static int want_each(struct context *c, char *const *items, int (*want)(struct context *c, const char *item))
{
	int r = 0;

	for (; items && *items && r >= 0; items++) {
		c->excluded = policy_set_excludes_symbol(c->s->policies, *items);
		r = want(c, *items);
	}
	return r;
}

static int want_section(struct source *s, const struct policy *policy, const struct policy_section *section,
			struct wants *wants)
{
	struct context c = {
		.s = s,
		.section = section,
		.wants = wants,
		.base = want_of(REGION_SYMBOL, policy, section),
	};
	int r;

	r = want_each(&c, section->symbol.names, want_name);
	if (r >= 0)
		r = want_each(&c, section->symbol.percpu, want_percpu);
	if (r >= 0)
		r = want_each(&c, section->symbol.pointers, want_pointer);
	return r < 0 ? r : want_each(&c, section->symbol.lists, want_list);
}

static int look_up(struct source *s, struct wants *ret)
{
	struct section_cursor c = {};
	int r = 0;

	while (r >= 0 && section_next(s->policies, POLICY_SOURCE_SYMBOL, &c))
		r = want_section(s, c.policy, c.section, ret);
	ktypes_rest();
	return r;
}

static bool same(const struct wants *a, const struct wants *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		const struct want *x = &a->items[i], *y = &b->items[i];

		if (region_key_compare(&x->key, &y->key) || x->address != y->address || x->size != y->size ||
		    strcmp(x->problem, y->problem) || x->section != y->section)
			return false;
	}
	return a->n == b->n;
}

static void look_again(struct source *s)
{
	_cleanup_(wants_done) struct wants wants = {};

	if (look_up(s, &wants) < 0 || same(&wants, &s->wants))
		return;
	wants_done(&s->wants);
	s->wants = wants;
	wants = (struct wants){};
	s->host.changed(s->host.userdata);
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	struct source *s = userdata;

	look_again(s);
	/* From now on, and not from when this was due: what a stall has missed is not caught up with. */
	sd_event_source_set_time_relative(source, READ_INTERVAL);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_module(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	struct source *s = userdata;

	symbol_modules_changed(s->host.symbols);
	symbol_prepare(s->host.symbols, s->policies);
	look_again(s);
	/* In memory where a module has just gone, the module of ours takes nothing. */
	s->host.changed(s->host.userdata);
	return 0;
}

static int watch_modules(struct source *s)
{
	int r = sd_device_monitor_new(&s->monitor);

	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(s->monitor, "module", NULL);
	if (r >= 0)
		r = sd_device_monitor_attach_event(s->monitor, s->host.event);
	if (r >= 0)
		r = sd_device_monitor_start(s->monitor, on_module, s);
	return r;
}

static bool needs_timer(const struct source *s)
{
	struct section_cursor c = {};

	while (section_next(s->policies, POLICY_SOURCE_SYMBOL, &c))
		if (c.section->symbol.pointers || c.section->symbol.lists)
			return true;
	return false;
}

static int set_timer(struct source *s)
{
	bool needed = needs_timer(s);

	if (needed == !!s->timer)
		return 0;
	s->timer = sd_event_source_disable_unref(s->timer);
	return needed ? sd_event_add_time_relative(s->host.event, &s->timer, CLOCK_MONOTONIC, READ_INTERVAL, 0,
						   on_timer, s) :
			0;
}

static int symbol_reload(struct source *s, const struct policy_set *policies)
{
	s->policies = policies;
	wants_done(&s->wants);
	if (look_up(s, &s->wants) < 0)
		return -ENOMEM;
	return set_timer(s);
}

static void symbol_stop(struct source *s)
{
	sd_event_source_disable_unref(s->timer);
	sd_device_monitor_unref(s->monitor);
	wants_done(&s->wants);
}

static int symbol_start(struct source *s, const struct policy_set *policies)
{
	int r = watch_modules(s);

	if (r < 0)
		log_warning("Modules that come and go can't be watched: %s", strerror(-r));
	return symbol_reload(s, policies);
}

static int symbol_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	int r = 0;

	for (size_t i = 0; i < s->wants.n && r >= 0; i++)
		r = wants_add(wants, &s->wants.items[i]);
	return r;
}

const struct source_vtable source_symbol = {
	.id = "symbol",
	.fault = "Variables can't be found",
	.size = sizeof(struct source),
	.start = symbol_start,
	.stop = symbol_stop,
	.reload = symbol_reload,
	.want = symbol_want,
};
