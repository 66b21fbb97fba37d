// SPDX-License-Identifier: GPL-2.0-only
/* The index of tasks by pid: walked as the kernel walks it, and not made of what is no task or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"

#define MIB_ (1ULL << 20)

/* A layout as the kernel's in kind, but with none of its offsets. */
#define THREAD_PID 400
#define PID_LINKS  416
#define XA_HEAD	   (16 + 8 + 24)
#define NODE_SIZE  560
#define NODE_SLOTS 48
#define PID_TASKS  32
#define PID_NR	   88
#define PID_NS	   96

struct machine {
	struct di d;
	uint64_t ns;   /* physical */
	uint64_t root; /* virtual */
	uint64_t tasks[8];
	uint64_t pids[8];
	size_t n;
};

static void keys(struct di *d)
{
	di_task_keys(d);
	di_note(d, "OFFSET(task_struct.thread_pid)=400\nOFFSET(task_struct.pid_links)=416");
	di_note(d, "OFFSET(pid_namespace.idr)=16\nOFFSET(idr.idr_rt)=8\nOFFSET(xarray.xa_head)=24\nSIZE(xa_node)=560");
	di_note(d, "OFFSET(xa_node.shift)=1\nOFFSET(xa_node.offset)=3\nOFFSET(xa_node.count)=2");
	di_note(d, "OFFSET(xa_node.slots)=48\nOFFSET(pid.tasks)=32\nOFFSET(pid.numbers)=80\nOFFSET(upid.nr)=8");
	di_note(d, "OFFSET(upid.ns)=16");
}

/* first: the keys that are believed in place of those here */
static void start_with(struct machine *m, const char *first)
{
	*m = (struct machine){ 0 };
	di_init(&m->d, 8 * MIB_, 0, 0);
	di_note(&m->d, "%s", first);
	keys(&m->d);
	m->ns = di_alloc(&m->d, 128, 64);
	di_add(&m->d, MINIDUMP_SYMBOL_NAME "init_pid_ns", 0, m->ns, DI_DIRECT + m->ns, 128);
	m->root = DI_DIRECT + di_alloc(&m->d, 4096, 4096) + 8;
	di_write64(&m->d, m->ns + XA_HEAD, m->root | 2);
}

static void start(struct machine *m)
{
	start_with(m, "");
}

static void add(struct machine *m, int32_t pid)
{
	uint64_t at = di_task(&m->d, &(struct di_task){ .pid = pid, .tgid = pid, .comm = "task" });

	m->tasks[m->n] = at;
	m->pids[m->n] = DI_DIRECT + di_alloc(&m->d, 128, 64);
	di_write64(&m->d, at - DI_DIRECT + THREAD_PID, m->pids[m->n]);
	m->n++;
}

static uint64_t peek(const struct corefile *core, uint64_t vaddr, size_t size)
{
	uint64_t v = 0;

	if (core_read_virt(core, vaddr, &v, size) < 0)
		fail_msg("0x%llx cannot be read", (unsigned long long)vaddr);
	return v;
}

/* xa_load(); 0: there is none */
static uint64_t find_pid(const struct corefile *core, const struct machine *m, uint64_t pid)
{
	uint64_t entry = m->root | 2;

	while ((entry & 3) == 2) {
		uint64_t node = entry - 2, shift = peek(core, node + 1, 1);

		if (pid >> shift >= 64 && node == m->root)
			return 0;
		entry = peek(core, node + NODE_SLOTS + (pid >> shift & 63) * 8, 8);
	}
	return entry;
}

static void check(const struct machine *m, const char *dump)
{
	struct corefile core;
	struct derr err;
	size_t found = 0;

	assert_int_equal(core_open(&core, dump, &err), 0);
	for (size_t i = 0; i < m->n; i++) {
		uint64_t pid = peek(&core, m->tasks[i] + 108, 4);

		assert_int_equal(find_pid(&core, m, pid), m->pids[i]);
		assert_int_equal(peek(&core, m->pids[i] + PID_TASKS, 8), m->tasks[i] + PID_LINKS);
		assert_int_equal(peek(&core, m->pids[i] + PID_NR, 4), pid);
		assert_int_equal(peek(&core, m->pids[i] + PID_NS, 8), DI_DIRECT + m->ns);
	}
	for (uint64_t pid = 0; pid < 1 << 15; pid++)
		found += find_pid(&core, m, pid) != 0;
	assert_int_equal(found, m->n);
	core_close(&core);
}

static void index_has_the_tasks(void **state)
{
	static const int32_t pids[] = { 1, 63, 64, 65, 4096, 4097, 32767 };
	struct machine m;
	char out[64], *text;
	struct derr err;

	start(&m);
	for (size_t i = 0; i < ARRAY_LEN(pids); i++)
		add(&m, pids[i]);
	di_finish(&m.d);
	must_collect(&m.d, out);
	check(&m, out);
	text = run_show(show_info, out, false, false, &err);
	assert_non_null(strstr(text, "Made besides: index of tasks by pid, with the 7 in the dump\n"));
	free(text);
	unlink(out);
	di_done(&m.d);
}

static void one_node_is_enough(void **state)
{
	struct machine m;
	char out[64];

	start(&m);
	add(&m, 1);
	add(&m, 62);
	di_finish(&m.d);
	must_collect(&m.d, out);
	check(&m, out);
	unlink(out);
	di_done(&m.d);
}

/* What is captured is never overwritten, and what the memory says is not believed. */
static void hostile(void **state)
{
	static const uint64_t wrong[] = { 0, 1, 8, DI_DIRECT + 1, DI_DIRECT + 8 * MIB_ - 8, ~0ULL, ~7ULL };
	char before[DI_TASK_SIZE], after[DI_TASK_SIZE], out[64];
	struct corefile core;
	struct machine m;
	struct derr err;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		start(&m);
		add(&m, 1);
		add(&m, 2);
		di_write64(&m.d, m.tasks[0] - DI_DIRECT + THREAD_PID, wrong[i]);
		/* This one says that its struct pid is another task. */
		di_write64(&m.d, m.tasks[1] - DI_DIRECT + THREAD_PID, m.tasks[0]);
		di_finish(&m.d);
		must_collect(&m.d, out);
		di_read(&m.d, m.tasks[0] - DI_DIRECT, before, sizeof(before));
		assert_int_equal(core_open(&core, out, &err), 0);
		assert_int_equal(core_read_virt(&core, m.tasks[0], after, sizeof(after)), 0);
		assert_memory_equal(before, after, sizeof(before));
		assert_int_equal(find_pid(&core, &m, 1), 0);
		core_close(&core);
		unlink(out);
		di_done(&m.d);
	}
}

static void not_without_a_root(void **state)
{
	struct machine m;
	char out[64], *text;
	struct derr err;

	for (uint64_t head = 0; head < 8; head++) {
		start(&m);
		add(&m, 1);
		di_write64(&m.d, m.ns + XA_HEAD, head);
		di_finish(&m.d);
		must_collect(&m.d, out);
		text = run_show(show_info, out, false, false, &err);
		assert_null(strstr(text, "Made besides"));
		free(text);
		unlink(out);
		di_done(&m.d);
	}
}

/* Layouts that no node can have, and numbers that would be written beside the place that there is for them. */
static void hostile_layout(void **state)
{
	static const char *const wrong[] = {
		"OFFSET(xa_node.shift)=48",   "OFFSET(xa_node.shift)=56",    "OFFSET(xa_node.offset)=50",
		"OFFSET(xa_node.count)=559",  "OFFSET(xa_node.shift)=3",     "OFFSET(xa_node.count)=1",
		"BITS(xa_node.offset)=16:16", "BITS(xa_node.slots)=8:32768", "BITS(upid.ns)=129:64",
		"BITS(upid.ns)=128:63",
	};
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		start_with(&m, wrong[i]);
		add(&m, 1);
		add(&m, 4097);
		di_finish(&m.d);
		assert_int_equal(run_collect(m.d.path, NULL, out, &c, &err), 0);
		if (!has_problem(&c, "an index of tasks by pid that this qcmdump does not know") || c.made.n)
			fail_msg("%s is taken", wrong[i]);
		collection_clear(&c);
		unlink(out);
		di_done(&m.d);
	}
}

/* Where the number of a level does not fit, the nodes are those of the levels all the same. */
static void narrow_shift(void **state)
{
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64];

	start_with(&m, "BITS(xa_node.shift)=8:3");
	add(&m, 1);
	add(&m, 4097);
	di_finish(&m.d);
	assert_int_equal(run_collect(m.d.path, NULL, out, &c, &err), 0);
	/* The root, two nodes below it for each of the two, and their struct pids. */
	assert_int_equal(c.made.n, 1 + 2 * 2 + 2);
	collection_clear(&c);
	unlink(out);
	di_done(&m.d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_has_the_tasks),
		cmocka_unit_test(one_node_is_enough),
		cmocka_unit_test(hostile),
		cmocka_unit_test(hostile_layout),
		cmocka_unit_test(narrow_shift),
		cmocka_unit_test(not_without_a_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
