// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "dump/commands.h"
#include "lib/json.h"
#include "dump/core/tasks.h"
#include "lib/table.h"

static void add_row(struct table *table, const struct task_list *l, const struct task *t)
{
	bool kernel = task_is_kernel_thread(t);
	const char *word;
	char letter = task_state(t, &word);

	table_addf(table, "%" PRId32, t->pid);
	table_addf(table, "%" PRId32, t->tgid);
	table_addf(table, t->has_ppid ? "%" PRId32 : "?", t->ppid);
	if (t->has_cpu)
		table_addf(table, "%" PRId32 "%s", t->cpu, t->on_cpu ? "*" : "");
	else
		table_addf(table, "?");
	table_addf(table, "%c %s", letter, word);
	if (l->has_start)
		table_addf(table, "%" PRIu64 ".%06" PRIu64, t->start_ns / 1000000000, t->start_ns / 1000 % 1000000);
	else
		table_addf(table, "?");
	table_addf(table, kernel ? "[%s]" : "%s", t->comm);
}

static struct json_object *task_json(const struct task_list *l, const struct task *t)
{
	struct json_object *j = json_object_new_object();
	const char *word;
	char letter = task_state(t, &word);

	json_object_object_add(j, "pid", json_object_new_int(t->pid));
	json_object_object_add(j, "tgid", json_object_new_int(t->tgid));
	json_object_object_add(j, "ppid", t->has_ppid ? json_object_new_int(t->ppid) : NULL);
	json_add_text(j, "comm", t->comm);
	json_object_object_add(j, "state", json_object_new_string_len(&letter, 1));
	json_add_text(j, "state_name", word);
	json_object_object_add(j, "kernel_thread", json_object_new_boolean(task_is_kernel_thread(t)));
	if (t->has_cpu)
		json_object_object_add(j, "cpu", json_object_new_int(t->cpu));
	json_object_object_add(j, "on_cpu", json_object_new_boolean(t->on_cpu));
	if (l->has_start)
		json_add_u64(j, "start_ns", t->start_ns);
	json_object_object_add(j, "exited", json_object_new_boolean(t->exit_state != 0));
	json_add_u64(j, "address", t->addr);
	return j;
}

int show_tasks(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	static const struct table_column columns[] = {
		{ "PID", true },    { "TGID", true },	 { "PPID", true },  { "CPU", true },
		{ "STATE", false }, { "STARTED", true }, { "COMM", false },
	};
	struct table *table;
	struct task_list l;
	size_t n = 0, exited = 0;
	int r;

	r = core_need_collected(core, err);
	if (r == 0)
		r = tasks_read(core, &l, err);
	if (r < 0)
		return r;
	table = table_new(columns, ARRAY_LEN(columns), 2);
	for (size_t i = 0; i < l.n; i++) {
		if (l.v[i].exit_state && !o->all) {
			exited++;
			continue;
		}
		if (o->json)
			json_array_item(task_json(&l, &l.v[i]), out, n);
		else
			add_row(table, &l, &l.v[i]);
		n++;
	}
	if (o->json)
		json_array_end(out, n);
	else
		table_print(table, out, &(struct style){ .legend = true });
	table_free(table);
	if (!n)
		fprintf(stderr, "No tasks are in the dump. A policy with a [Task] section puts them there.\n");
	if (exited)
		fprintf(stderr, "%zu task%s had exited; --all shows exited tasks too.\n", exited,
			exited == 1 ? "" : "s");
	if (l.unreadable)
		fprintf(stderr, "Left out: %zu of the %s regions, too small for a task or cut off.\n", l.unreadable,
			MINIDUMP_TASK_NAME);
	tasks_clear(&l);
	return 0;
}
