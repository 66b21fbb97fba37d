// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/commands.h"
#include "dump/stack/backtrace.h"
#include "lib/json.h"
#include "lib/text.h"

static void print_stack(const struct backtrace *b, const struct task *t, FILE *out)
{
	_cleanup_free_ char *comm = clean_text(t->comm);
	const char *word, *remark;
	struct unwound w;

	task_state(t, &word);
	fprintf(out, "\nPID %" PRId32 "  %s  %s", t->pid, comm, word);
	if (t->has_cpu)
		fprintf(out, "%sCPU %" PRId32, t->on_cpu ? " on " : ", last on ", t->cpu);
	fputc('\n', out);
	if (!unwind_task(&b->unwinder, t, &w)) {
		fputs("    Its stack is not in the dump. Register=stack in a policy puts it there.\n", out);
		return;
	}
	for (size_t i = 0; i < w.n; i++) {
		_cleanup_free_ char *name = backtrace_name(b, &w.frames[i]);

		fprintf(out, "  %c 0x%016" PRIx64 "%s%s\n", w.frames[i].unsure ? '?' : ' ', w.frames[i].ip,
			name ? "  " : "", name ? name : "");
	}
	for (size_t i = 0; (remark = unwound_remark(&w, i)); i++)
		fprintf(out, "    (%s)\n", remark);
}

static struct json_object *frame_json(const struct backtrace *b, const struct frame *f)
{
	struct json_object *j = json_object_new_object();
	struct symbol_place place;

	json_add_u64(j, "address", f->ip);
	if (symbols_find(b->symbols, f->ip - !f->exact, &place)) {
		json_add_text(j, "symbol", place.name);
		if (place.module)
			json_add_text(j, "module", place.module);
		json_add_u64(j, "offset", place.offset + !f->exact);
		json_add_u64(j, "size", place.size);
	}
	json_object_object_add(j, "unsure", json_object_new_boolean(f->unsure));
	return j;
}

static struct json_object *stack_json(const struct backtrace *b, const struct task *t)
{
	static const char *const starts[] = { "switch", "registers", "user", "guess" };
	struct json_object *j = json_object_new_object(), *frames = json_object_new_array();
	struct unwound w;

	json_object_object_add(j, "pid", json_object_new_int(t->pid));
	json_add_text(j, "comm", t->comm);
	if (t->has_cpu)
		json_object_object_add(j, "cpu", json_object_new_int(t->cpu));
	json_object_object_add(j, "on_cpu", json_object_new_boolean(t->on_cpu));
	if (unwind_task(&b->unwinder, t, &w)) {
		json_add_text(j, "method", backtrace_method(b));
		json_add_text(j, "start", starts[w.start]);
		json_object_object_add(j, "complete", json_object_new_boolean(w.complete));
		json_add_u64(j, "missing_bytes", w.missing);
		for (size_t i = 0; i < w.n; i++)
			json_object_array_add(frames, frame_json(b, &w.frames[i]));
	}
	json_object_object_add(j, "frames", frames);
	return j;
}

static bool is_wanted(const struct task *t, const struct options *o)
{
	for (size_t i = 0; i < o->n_pids; i++)
		if (t->pid == o->pids[i])
			return true;
	if (o->n_pids)
		return false;
	if (o->has_cpu)
		return t->on_cpu && t->has_cpu && t->cpu == o->cpu;
	return o->all || t->on_cpu;
}

/* Someone asked for it by number: it is an error if it is not there. */
static int check_wanted(const struct corefile *core, const struct task_list *l, const struct options *o,
			struct derr *err)
{
	for (size_t i = 0; i < o->n_pids; i++) {
		size_t k = 0;

		while (k < l->n && l->v[k].pid != o->pids[i])
			k++;
		if (k == l->n)
			return derr_set(err, -ENOENT,
					"No task with PID %" PRId32
					" is in %s. qcmdump tasks --all lists those that are.",
					o->pids[i], core->path);
	}
	for (size_t k = 0; k < l->n; k++)
		if (is_wanted(&l->v[k], o))
			return 0;
	if (o->has_cpu)
		return derr_set(err, -ENOENT,
				"The task that CPU %" PRId32
				" ran is not in %s. A policy with a [Current] section puts "
				"it there.",
				o->cpu, core->path);
	if (o->all)
		return derr_set(err, -ENOENT, "No tasks are in %s. A policy with a [Task] section puts them there.",
				core->path);
	return derr_set(err, -ENOENT,
			"No task that was running is in %s. --all shows the others; a policy with a [Current] section "
			"puts what runs there.",
			core->path);
}

static void print_sources(const struct backtrace *b, FILE *out)
{
	const char *source = backtrace_source(b);
	_cleanup_free_ char *safe = source ? clean_text(source) : NULL;

	fprintf(out, "Names from %s; frames from %s\n", safe ? safe : "nowhere",
		strcmp(backtrace_method(b), "scan") ? backtrace_method(b) : "a scan of the stack");
	if (!source)
		fputs("Give --kallsyms=FILE or --vmlinux=FILE of this kernel for names.\n", stderr);
}

static void say_unknown_format(const struct orc *orc)
{
	if (orc->unknown[0])
		fprintf(stderr,
			"This kernel's ORC tables have a format that qcmdump " QCMD_VERSION " does not know (hash %s): "
			"frames are from a scan of the stack. A newer qcmdump may know it.\n",
			orc->unknown);
}

int show_stack(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct task_list l = { 0 };
	struct backtrace b;
	size_t n = 0;
	int r;

	r = backtrace_open(&b, core, o->vmlinux, o->kallsyms, err);
	if (r == 0)
		r = core_need_collected(core, err);
	if (r == 0)
		r = tasks_read(core, &l, err);
	if (r == 0)
		r = check_wanted(core, &l, o, err);
	if (r == 0)
		say_unknown_format(&b.orc);
	if (r == 0 && b.kallsyms_damaged)
		fputs(KALLSYMS_DAMAGED "\n", stderr);
	if (r == 0 && !o->json)
		print_sources(&b, out);
	for (size_t i = 0; r == 0 && i < l.n && !ferror(out); i++) {
		if (!is_wanted(&l.v[i], o))
			continue;
		if (o->json)
			json_array_item(stack_json(&b, &l.v[i]), out, n++);
		else
			print_stack(&b, &l.v[i], out);
	}
	if (r == 0 && o->json)
		json_array_end(out, n);
	tasks_clear(&l);
	backtrace_close(&b);
	return r;
}
