// SPDX-License-Identifier: GPL-2.0-only
/* Judges the facts: what state that is, which problems there are, and what to do about each. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/config.h"
#include "daemon/describe.h"

static const char *const state_names[_STATUS_STATE_MAX] = {
	[STATUS_OK] = "ok",
	[STATUS_DEGRADED] = "degraded",
	[STATUS_FAILED] = "failed",
};

const char *status_state_to_string(enum status_state state)
{
	return state_names[state];
}

static void worsen(struct status *s, enum status_state state)
{
	if (state > s->state)
		s->state = state;
}

/* Without memory for the words the state is still right. */
__attribute__((format(printf, 5, 6))) static void add_problem(struct status *s, enum status_state state, const char *id,
							      const char *hint, const char *format, ...)
{
	struct problem *p = &s->problems[s->n_problems];
	va_list ap;
	int r;

	worsen(s, state);
	if (s->n_problems == STATUS_PROBLEMS_MAX)
		return;
	va_start(ap, format);
	r = vasprintf(&p->message, format, ap);
	va_end(ap);
	if (r < 0)
		return;
	p->hint = strdup(hint);
	if (!p->hint) {
		free(p->message);
		return;
	}
	p->id = id;
	s->n_problems++;
}

void status_done(struct status *s)
{
	for (size_t i = 0; i < s->n_problems; i++)
		problem_done(&s->problems[i]);
	for (size_t i = 0; i < s->n_notes; i++)
		problem_done(&s->notes[i]);
	s->n_problems = s->n_notes = 0;
}

static void judge_machine(struct status *s)
{
	struct problem problem;
	int r = machine_problem(&s->machine, &problem);

	if (r)
		worsen(s, STATUS_FAILED);
	if (r > 0)
		s->problems[s->n_problems++] = problem;
	s->n_notes += machine_note(&s->machine, &s->notes[s->n_notes]) > 0;
	s->n_notes += machine_collect_note(&s->machine, &s->notes[s->n_notes]) > 0;
	s->n_notes += machine_keep_note(&s->machine, &s->notes[s->n_notes]) > 0;
	s->n_notes += machine_panic_note(&s->machine, &s->notes[s->n_notes]) > 0;
}

/* After all that keeps something out of the dump. */
static void judge_collectors(struct status *s)
{
	struct problem problem;
	int r = machine_collector_problem(&s->machine, &problem);

	if (r)
		worsen(s, STATUS_DEGRADED);
	if (r > 0 && s->n_problems < STATUS_PROBLEMS_MAX)
		s->problems[s->n_problems++] = problem;
	else if (r > 0)
		problem_done(&problem);
}

static const struct diag *first_error(const struct policy_set *set, const struct policy *policy)
{
	for (size_t i = 0; i < set->diags.n; i++)
		if (set->diags.items[i].error && policy_has_path(policy, set->diags.items[i].path))
			return &set->diags.items[i];
	return NULL;
}

static void judge_policy(struct status *s, const struct policy *p)
{
	const struct diag *d = first_error(s->policies, p);
	_cleanup_free_ char *hint = NULL;

	if (asprintf(&hint, "qcmdctl check %s", p->path) < 0)
		hint = NULL;
	if (d && d->line)
		add_problem(s, STATUS_DEGRADED, "policy-error", hint ?: "", "Policy %s is not used: %s:%u:%u: %s",
			    p->name, d->path, d->line, d->column, d->message);
	else
		add_problem(s, STATUS_DEGRADED, "policy-error", hint ?: "", "Policy %s is not used: %s", p->name,
			    d	      ? d->message :
			    p->reason ?:
					"it has errors");
}

static bool is_of_some_policy(const struct policy_set *set, const struct diag *d)
{
	for (size_t i = 0; i < set->n_policies; i++)
		if (policy_has_path(&set->policies[i], d->path))
			return true;
	return false;
}

/* What is wrong with a folder makes no policy wrong, but there may be some that are not even known. */
static void judge_files(struct status *s)
{
	for (size_t i = 0; i < s->policies->diags.n; i++) {
		const struct diag *d = &s->policies->diags.items[i];
		_cleanup_free_ char *line = NULL;

		if (!d->error || is_of_some_policy(s->policies, d))
			continue;
		line = diag_line(d);
		if (strcmp(d->path, CONFIG_PATH))
			add_problem(s, STATUS_DEGRADED, "policy-folder", "qcmdctl check, then qcmdctl reload",
				    "Not all policies in %s are used: %s", d->path, d->message);
		else
			add_problem(s, STATUS_DEGRADED, "config", "correct the file, then qcmdctl reload",
				    "The daemon has its default settings: %s", line ?: d->message);
	}
}

/* The log and what CPUs run are in the table without any policy, if the module has them of its own. */
static bool module_saves(const struct status *s)
{
	for (size_t i = 0; i < s->n_entries; i++)
		if (s->entries[i].own && entry_active(&s->entries[i]))
			return true;
	return false;
}

static void judge_policies(struct status *s)
{
	size_t enabled = 0;

	for (size_t i = 0; i < s->policies->n_policies; i++) {
		const struct policy *p = &s->policies->policies[i];

		enabled += p->state == POLICY_ENABLED && !p->dry_run && policy_saves(p);
		if (p->state == POLICY_ERROR)
			judge_policy(s, p);
	}
	if (!enabled)
		add_problem(s, module_saves(s) ? STATUS_DEGRADED : STATUS_FAILED, "no-policy", "qcmdctl policies",
			    "No policy is enabled");
	if (s->reload && s->reload->done && !s->reload->ok)
		add_problem(s, STATUS_DEGRADED, "reload", "qcmdctl check, then qcmdctl reload",
			    "The last reload found errors, so the previous policies are in use: %s",
			    s->reload->errors && s->reload->errors[0] ? s->reload->errors[0] : "see the log");
}

static const char *plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void judge_entries(struct status *s)
{
	const struct entry *first = NULL;
	size_t full = 0, other = 0;

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct entry *e = &s->entries[i];

		if (!entry_failed(e) || !e->reason[0])
			continue;
		if (e->error == -ENOSPC) {
			full++;
			continue;
		}
		first = first ?: e;
		other++;
	}
	if (full)
		add_problem(s, STATUS_DEGRADED, "table-full",
			    "lower MaxTasks= in the policies, or give the table more room (ram back end: slots=)",
			    "The table is full: %zu wanted %s not in it", full,
			    plural(full, "region is", "regions are"));
	if (other)
		add_problem(s, STATUS_DEGRADED, "rejected", "qcmdctl regions",
			    "%zu wanted %s not in the table, %s for one: %s", other,
			    plural(other, "region is", "regions are"), first->want.name, first->reason);
}

/* What the module has of its own is not qcmdd's to take away. */
static void judge_excluded(struct status *s)
{
	const struct entry *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct entry *e = &s->entries[i];

		if (!e->own || !entry_excluded(e))
			continue;
		first = first ?: e;
		n++;
	}
	if (first)
		add_problem(s, STATUS_DEGRADED, "exclude",
			    "load qcom_minidump with own=0, or give dumps away as qcmdump redact makes them",
			    "%zu excluded %s in the table, as the module has %s of its own, %s for one: %s", n,
			    plural(n, "region is", "regions are"), plural(n, "it", "them"), first->want.name,
			    first->want.problem);
}

void status_judge(struct status *s)
{
	s->state = STATUS_OK;
	s->n_problems = s->n_notes = 0;
	judge_machine(s);
	judge_policies(s);
	judge_files(s);
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		if (s->source_problems[i])
			add_problem(s, STATUS_DEGRADED, source_table[i]->id, "journalctl -u qcmdd", "%s: %s",
				    source_table[i]->fault, s->source_problems[i]);
	if (s->machine.loaded)
		judge_entries(s);
	judge_excluded(s);
	if (s->waits_for)
		add_problem(s, STATUS_DEGRADED, "autoreload", "close the file, or qcmdctl reload",
			    "Policies that have changed are not in use yet: %s is being written", s->waits_for);
	if (s->error)
		add_problem(s, STATUS_DEGRADED, "table", "journalctl -u qcmdd",
			    "The table can't be brought up to date, which is tried again and again: %s",
			    strerror(-s->error));
	if (s->bus_problem)
		add_problem(s, STATUS_DEGRADED, "bus", "journalctl -u qcmdd -u dbus",
			    "Nobody can ask qcmdd, which is tried again and again: %s", s->bus_problem);
	judge_collectors(s);
}

static bool is_section_of(const struct policy *policy, const struct policy_section *section)
{
	return section >= policy->sections && section < policy->sections + policy->n_sections;
}

struct policy_use status_use(const struct status *s, const struct policy *policy)
{
	struct policy_use use = {};

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct entry *e = &s->entries[i];

		use.excludes += entry_excluded(e) && !e->own && is_section_of(policy, e->want.excluded);
		if (!e->wanted || e->want.policy != policy)
			continue;
		use.wanted += e->id || entry_failed(e) || entry_withheld(e);
		if (entry_active(e)) {
			use.active++;
			use.slots += e->slots;
			use.own += e->own;
		}
		if (e->limited)
			use.limit = e->reason;
		else if (entry_excluded(e))
			use.limit = e->want.problem;
	}
	return use;
}
