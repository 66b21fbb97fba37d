// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel whose structures are described by qcmdd's note, and then kernels of which each member in turn is wider,
 * narrower, a bit-field, or nothing that can be read: what is read stays the same, or it is said that it can't be read.
 * Around the members there is rubbish, so that a byte too many is another value.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "dump-run.h"
#include "dump-trace.h"
#include "dump/core/member.h"
#include "dump/trace/trace.h"

#define MIB_	  (1ULL << 20)
#define SEC	  1000000000ULL
#define STRUCT	  1024
#define STACK	  0xffffc90000010000ULL /* of the task that runs, 16 KiB; that of the other follows */
#define TEXT	  (DI_IMAGE_VIRT + 0x100)
#define NODE	  0x300
#define UNKNOWN	  128 /* bits: no number */
#define RUNNING	  7
#define SLEEPING  8
#define ENTRY_IP  (TEXT + 0x40)
#define SWITCH_IP (TEXT + 0x80)

enum { VMCOREINFO = 1, SIGNED = 2, IS_TEXT = 4 };

struct fact {
	const char *name;
	unsigned int at; /* bytes: there is room for 64 bits, or for a text */
	unsigned int bits;
	unsigned int flags;
};

static struct fact facts[] = {
	{ "task_struct.pid", 0x10, 32, SIGNED },
	{ "task_struct.tgid", 0x20, 32, SIGNED },
	{ "task_struct.comm", 0x30, 128, IS_TEXT },
	{ "task_struct.__state", 0x60, 32, 0 },
	{ "task_struct.exit_state", 0x70, 32, SIGNED },
	{ "task_struct.flags", 0x80, 32, 0 },
	{ "task_struct.real_parent", 0x90, 64, 0 },
	{ "task_struct.start_boottime", 0xa0, 64, 0 },
	{ "task_struct.stack", 0xb0, 64, 0 },
	{ "task_struct.on_cpu", 0xc0, 8, 0 },
	{ "task_struct.thread_info", 0xd0, 256, 0 },
	{ "thread_info.cpu", 0x10, 32, 0 },
	{ "task_struct.thread_pid", 0x100, 64, 0 },
	{ "task_struct.pid_links", 0x110, 512, 0 },
	{ "task_struct.thread", 0x180, 2048, 0 },
	{ "thread_struct.sp", 0x10, 64, 0 },
	{ "inactive_task_frame.bp", 0x10, 64, 0 },
	{ "inactive_task_frame.ret_addr", 0x20, 64, 0 },
	{ "pid_namespace.idr", 0x10, 192, 0 },
	{ "idr.idr_rt", 0x10, 128, 0 },
	{ "xarray.xa_head", 0x10, 64, 0 },
	{ "xa_node.shift", 0x00, 8, 0 },
	{ "xa_node.offset", 0x10, 8, 0 },
	{ "xa_node.count", 0x20, 8, 0 },
	{ "xa_node.slots", 0x40, 4096, 0 },
	{ "pid.tasks", 0x10, 256, 0 },
	{ "pid.numbers", 0x40, 0, 0 },
	{ "upid.nr", 0x00, 32, SIGNED },
	{ "upid.ns", 0x10, 64, 0 },
	{ "ring_buffer_per_cpu.entries", 0x10, 64, 0 },
	{ "ring_buffer_per_cpu.overrun", 0x20, 64, 0 },
	{ "ring_buffer_per_cpu.read", 0x30, 64, 0 },
	{ "printk_ringbuffer.desc_ring", 0x10, 640, VMCOREINFO },
	{ "printk_ringbuffer.text_data_ring", 0x80, 256, VMCOREINFO },
	{ "prb_desc_ring.count_bits", 0x00, 32, VMCOREINFO },
	{ "prb_desc_ring.descs", 0x10, 64, VMCOREINFO },
	{ "prb_desc_ring.infos", 0x20, 64, VMCOREINFO },
	{ "prb_desc_ring.head_id", 0x30, 64, VMCOREINFO },
	{ "prb_desc_ring.tail_id", 0x40, 64, VMCOREINFO },
	{ "prb_data_ring.size_bits", 0x00, 32, VMCOREINFO },
	{ "prb_data_ring.data", 0x10, 64, VMCOREINFO },
	{ "prb_desc.state_var", 0x00, 64, VMCOREINFO },
	{ "prb_desc.text_blk_lpos", 0x10, 256, VMCOREINFO },
	{ "prb_data_blk_lpos.begin", 0x00, 64, VMCOREINFO },
	{ "prb_data_blk_lpos.next", 0x10, 64, VMCOREINFO },
	{ "atomic_long_t.counter", 0x00, 64, VMCOREINFO | SIGNED },
	{ "printk_info.seq", 0x00, 64, VMCOREINFO },
	{ "printk_info.ts_nsec", 0x10, 64, VMCOREINFO },
	{ "printk_info.text_len", 0x20, 16, VMCOREINFO },
	{ "printk_info.facility", 0x30, 8, 0 },
	{ "printk_info.level", 0x40, 3, 0 },
	{ "printk_info.caller_id", 0x50, 32, VMCOREINFO },
	{ "printk_info.caller_id2", 0x60, 32, 0 },
	{ "printk_info.comm", 0x70, 128, IS_TEXT },
	{ "printk_info.dev_info", 0xa0, 1024, VMCOREINFO },
	{ "dev_printk_info.subsystem", 0x00, 128, VMCOREINFO | IS_TEXT },
	{ "dev_printk_info.device", 0x20, 384, VMCOREINFO | IS_TEXT },
};

/* Of each: where a bit-field starts, in bits; and the bits that its values take, 0: it is a place. */
static unsigned int shifts[ARRAY_LEN(facts)], needs[ARRAY_LEN(facts)];

static struct fact *fact_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (!strcmp(facts[i].name, name))
			return &facts[i];
	fail_msg("no member %s", name);
	return NULL;
}

static unsigned int at(const char *outer, const char *inner)
{
	return fact_of(outer)->at + fact_of(inner)->at;
}

/* Writes the bits of a member and no others. base: where its structure is in buf. */
static void put(uint8_t *buf, unsigned int base, const char *name, uint64_t value)
{
	const struct fact *f = fact_of(name);
	unsigned int *need = &needs[f - facts];

	for (unsigned int i = 64; i > *need; i--)
		if (value >> (i - 1) & 1)
			*need = i;
	*need = *need ?: 1;
	for (unsigned int i = 0; i < f->bits; i++) {
		unsigned int bit = (base + f->at) * 8 + shifts[f - facts] + i;
		bool set = i < 64 && value >> i & 1;

		buf[bit / 8] = (buf[bit / 8] & ~(1 << bit % 8)) | set << bit % 8;
	}
}

static void put_text(uint8_t *buf, unsigned int base, const char *name, const char *text)
{
	const struct fact *f = fact_of(name);

	memset(buf + base + f->at, 0, f->bits / 8);
	memcpy(buf + base + f->at, text, strnlen(text, f->bits / 8));
}

static uint64_t get(const uint8_t *buf, unsigned int base, const char *name)
{
	const struct fact *f = fact_of(name);
	uint64_t value = 0;

	for (unsigned int i = 0; i < f->bits && i < 64; i++) {
		unsigned int bit = (base + f->at) * 8 + shifts[f - facts] + i;

		value |= (uint64_t)(buf[bit / 8] >> bit % 8 & 1) << i;
	}
	return value;
}

/* The structures of the last machine, by physical address. */
static struct {
	uint64_t ns, root, pids[2];
	uint64_t tasks[2];
} made;

static void rubbish(uint8_t *buf)
{
	memset(buf, 0xa5, STRUCT);
}

static uint64_t add_region(struct di *d, const char *name, uint32_t seq, const uint8_t *buf)
{
	uint64_t paddr = di_alloc(d, STRUCT, 64);

	di_write(d, paddr, buf, STRUCT);
	di_add(d, name, seq, paddr, DI_DIRECT + paddr, STRUCT);
	return paddr;
}

static void add_task(struct di *d, unsigned int i, int32_t pid, bool on_cpu)
{
	uint8_t buf[STRUCT];

	rubbish(buf);
	put(buf, 0, "task_struct.pid", pid);
	put(buf, 0, "task_struct.tgid", pid);
	put_text(buf, 0, "task_struct.comm", on_cpu ? "running" : "waits");
	put(buf, 0, "task_struct.__state", !on_cpu);
	put(buf, 0, "task_struct.exit_state", 0);
	put(buf, 0, "task_struct.flags", 0x200000);
	put(buf, 0, "task_struct.real_parent", made.tasks[0] ? DI_DIRECT + made.tasks[0] : 0);
	put(buf, 0, "task_struct.start_boottime", pid * SEC);
	put(buf, 0, "task_struct.stack", STACK + i * 0x10000);
	put(buf, 0, "task_struct.on_cpu", on_cpu);
	put(buf, fact_of("task_struct.thread_info")->at, "thread_info.cpu", i);
	put(buf, 0, "task_struct.thread_pid", DI_DIRECT + made.pids[i]);
	put(buf, fact_of("task_struct.thread")->at, "thread_struct.sp", STACK + i * 0x10000 + 0x3000);
	made.tasks[i] = add_region(d, MINIDUMP_TASK_NAME, i, buf);
}

/* Both have a frame as of a task that was switched out: only for one of them that counts. */
static void add_stack(struct di *d, unsigned int i)
{
	uint64_t paddr = di_alloc(d, 16384, 4096);
	uint8_t frame[STRUCT];

	rubbish(frame);
	put(frame, 0, "inactive_task_frame.bp", 0);
	put(frame, 0, "inactive_task_frame.ret_addr", SWITCH_IP);
	di_write(d, paddr + 0x3000, frame, 0x30);
	di_add(d, MINIDUMP_STACK_NAME, i, paddr, STACK + i * 0x10000, 16384);
}

static void add_registers(struct di *d)
{
	uint8_t region[DI_CPU_REGS_HEADER + DI_CPU_REGS_ENTRY] = { 0 };
	uint64_t paddr = di_alloc(d, sizeof(region), 64);

	di_cpu_regs_header(region, 1);
	di_cpu_regs(region, 0, MINIDUMP_CPU_REGS_PANIC, RUNNING, ENTRY_IP, STACK + 0x3000);
	di_write(d, paddr, region, sizeof(region));
	di_add(d, MINIDUMP_CPU_REGS_NAME, 0, paddr, DI_DIRECT + paddr, sizeof(region));
}

static void add_index(struct di *d)
{
	uint8_t buf[STRUCT];

	made.root = di_alloc(d, STRUCT, 4096);
	for (size_t i = 0; i < 2; i++)
		made.pids[i] = di_alloc(d, STRUCT, 4096);
	rubbish(buf);
	put(buf, at("pid_namespace.idr", "idr.idr_rt"), "xarray.xa_head", (DI_DIRECT + made.root) | 2);
	made.ns = add_region(d, MINIDUMP_SYMBOL_NAME "init_pid_ns", 0, buf);
}

static void add_record(struct di *d, uint64_t descs, uint64_t infos, uint64_t text, unsigned int id)
{
	unsigned int lpos = fact_of("prb_desc.text_blk_lpos")->at, dev = fact_of("printk_info.dev_info")->at;
	uint8_t desc[STRUCT], info[STRUCT];

	rubbish(desc);
	rubbish(info);
	put(desc, fact_of("prb_desc.state_var")->at, "atomic_long_t.counter", 2ULL << 62 | id);
	put(desc, lpos, "prb_data_blk_lpos.begin", id * 16);
	put(desc, lpos, "prb_data_blk_lpos.next", id * 16 + 16);
	put(info, 0, "printk_info.seq", id);
	put(info, 0, "printk_info.ts_nsec", id * SEC);
	put(info, 0, "printk_info.text_len", 5);
	put(info, 0, "printk_info.facility", id);
	put(info, 0, "printk_info.level", id + 2);
	put(info, 0, "printk_info.caller_id", id == 1 ? 41 : 0x80000003);
	put(info, 0, "printk_info.caller_id2", id == 1 ? 0x80000002 : 42);
	put_text(info, 0, "printk_info.comm", id == 1 ? "speaker" : "other");
	put_text(info, dev, "dev_printk_info.subsystem", "pci");
	put_text(info, dev, "dev_printk_info.device", "+pci:00");
	di_write(d, descs + id * STRUCT, desc, STRUCT);
	di_write(d, infos + id * STRUCT, info, STRUCT);
	di_write64(d, text + id * 16, id);
	di_write(d, text + id * 16 + 8, id == 1 ? "hello" : "world", 5);
}

static void add_log(struct di *d)
{
	unsigned int ring = fact_of("printk_ringbuffer.desc_ring")->at;
	unsigned int data = fact_of("printk_ringbuffer.text_data_ring")->at;
	uint64_t descs, infos, text, pointer = DI_PHYS_BASE + 0x20000, prb = pointer + 64;
	uint8_t buf[STRUCT];

	descs = di_alloc(d, 4 * STRUCT, 64);
	infos = di_alloc(d, 4 * STRUCT, 64);
	text = di_alloc(d, 64, 64);
	rubbish(buf);
	put(buf, ring, "prb_desc_ring.count_bits", 2);
	put(buf, ring, "prb_desc_ring.descs", DI_DIRECT + descs);
	put(buf, ring, "prb_desc_ring.infos", DI_DIRECT + infos);
	put(buf, at("printk_ringbuffer.desc_ring", "prb_desc_ring.head_id"), "atomic_long_t.counter", 2);
	put(buf, at("printk_ringbuffer.desc_ring", "prb_desc_ring.tail_id"), "atomic_long_t.counter", 1);
	put(buf, data, "prb_data_ring.size_bits", 6);
	put(buf, data, "prb_data_ring.data", DI_DIRECT + text);
	for (unsigned int id = 1; id <= 2; id++)
		add_record(d, descs, infos, text, id);
	di_key(d, "SYMBOL(prb)=%llx", DI_IMAGE_VIRT + 0x20000);
	di_key(d, "SIZE(printk_ringbuffer)=%d\nSIZE(prb_desc)=%d\nSIZE(printk_info)=%d", STRUCT, STRUCT, STRUCT);
	di_write64(d, pointer, DI_IMAGE_VIRT + 0x20000 + 64);
	di_write(d, prb, buf, STRUCT);
	di_add(d, MINIDUMP_LOG_RING_NAME, 0, pointer, DI_IMAGE_VIRT + 0x20000, 64 + STRUCT);
	di_add(d, MINIDUMP_LOG_DESCS_NAME, 0, descs, DI_DIRECT + descs, 4 * STRUCT);
	di_add(d, MINIDUMP_LOG_INFOS_NAME, 0, infos, DI_DIRECT + infos, 4 * STRUCT);
	di_add(d, MINIDUMP_LOG_TEXT_NAME, 0, text, DI_DIRECT + text, 64);
}

/* Three events, of which one was read. */
static void add_trace(struct di *d)
{
	static struct dt_page page;
	uint8_t buf[STRUCT];

	dt_note(d, "ARRAY(0)=qcmd\nCLOCK(0)=local\nSUBBUF_SIZE(0)=4096\n", "", false);
	dt_page(&page, 4096, SEC);
	for (unsigned int i = 0; i < 3; i++)
		dt_mark(&page, i, 1, i, "event");
	dt_commit(&page, 0);
	dt_add(d, MINIDUMP_TRACE_NAME "0C0", 0, &page, 1);
	rubbish(buf);
	put(buf, 0, "ring_buffer_per_cpu.entries", 5);
	put(buf, 0, "ring_buffer_per_cpu.overrun", 2);
	put(buf, 0, "ring_buffer_per_cpu.read", 1);
	add_region(d, MINIDUMP_TRACE_CPU_NAME "0C0", 0, buf);
}

static void describe(struct di *d, bool with_widths)
{
	di_note(d, "SIZE(task_struct)=%d\nSIZE(inactive_task_frame)=48\nSIZE(xa_node)=%d", STRUCT, NODE);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		const struct fact *f = &facts[i];

		if (f->flags & VMCOREINFO)
			di_key(d, "OFFSET(%s)=%u", f->name, f->at);
		if (with_widths)
			di_note(d, "BITS(%s)=%u:%u%s", f->name, f->at * 8 + shifts[f - facts], f->bits,
				f->flags & SIGNED ? "s" : "");
		else if (f->bits != 3)
			di_note(d, "OFFSET(%s)=%u", f->name, f->at);
		else
			di_note(d, "BITS(%s)=%u:3", f->name, f->at * 8);
	}
}

struct told {
	struct json_object *tasks, *stack, *log; /* NULL: refused */
	char why[1024];
	size_t events;
	bool has_index;
	bool index_problem;
	bool other_problem;
};

static struct json_object *json_of(show_fn show, const char *path, struct told *t)
{
	struct derr err = { 0 };
	char *text = run_show(show, path, true, true, &err);
	struct json_object *j = text ? json_tokener_parse(text) : NULL;

	assert_true(!text == !j);
	if (!text)
		snprintf(t->why, sizeof(t->why), "%s", err.text);
	free(text);
	return j;
}

static size_t count_events(const char *path)
{
	struct trace_event e;
	struct corefile core;
	struct trace *t;
	struct derr err;
	size_t n = 0;

	assert_int_equal(core_open(&core, path, &err), 0);
	assert_int_equal(trace_open(&t, &core, &err), 0);
	while (trace_next(t, &e))
		n++;
	trace_close(t);
	core_close(&core);
	return n;
}

static void read_made(const struct corefile *core, uint64_t paddr, uint8_t buf[STRUCT], size_t size)
{
	assert_int_equal(core_read_virt(core, DI_DIRECT + paddr, buf, size), 0);
}

static bool index_is_right(const char *path)
{
	unsigned int numbers = fact_of("pid.numbers")->at;
	uint8_t root[STRUCT], pid[STRUCT];
	uint64_t pids[] = { RUNNING, SLEEPING };
	struct corefile core;
	struct derr err;

	assert_int_equal(core_open(&core, path, &err), 0);
	if (!rangemap_covers(&core.virt, DI_DIRECT + made.root, NODE)) {
		core_close(&core);
		return false;
	}
	read_made(&core, made.root, root, NODE);
	assert_int_equal(get(root, 0, "xa_node.shift"), 0);
	assert_int_equal(get(root, 0, "xa_node.count"), 2);
	for (size_t i = 0; i < 2; i++) {
		uint64_t slot;

		memcpy(&slot, root + fact_of("xa_node.slots")->at + pids[i] * 8, 8);
		assert_int_equal(slot, DI_DIRECT + made.pids[i]);
		read_made(&core, made.pids[i], pid, numbers + fact_of("upid.ns")->at + 8);
		assert_int_equal(get(pid, numbers, "upid.nr"), pids[i]);
		assert_int_equal(get(pid, numbers, "upid.ns"), DI_DIRECT + made.ns);
		memcpy(&slot, pid + fact_of("pid.tasks")->at, 8);
		assert_int_equal(slot, DI_DIRECT + made.tasks[i] + fact_of("task_struct.pid_links")->at);
	}
	core_close(&core);
	return true;
}

static struct told read_machine(bool with_widths)
{
	struct told t = { 0 };
	struct collection c;
	struct derr err = { 0 };
	char out[64];
	struct di d;

	memset(&made, 0, sizeof(made));
	di_init(&d, 8 * MIB_, 0, 0);
	describe(&d, with_widths);
	add_index(&d);
	for (unsigned int i = 0; i < 2; i++) {
		add_task(&d, i, i ? SLEEPING : RUNNING, !i);
		add_stack(&d, i);
	}
	add_registers(&d);
	add_log(&d);
	add_trace(&d);
	di_finish(&d);
	if (run_collect(d.path, NULL, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	t.index_problem = has_problem(&c, "an index of tasks by pid");
	t.other_problem = c.toc.problems.n > t.index_problem;
	collection_clear(&c);
	t.has_index = index_is_right(out);
	t.log = json_of(show_log, out, &t);
	t.stack = json_of(show_stack, out, &t);
	t.tasks = json_of(show_tasks, out, &t);
	t.events = count_events(out);
	unlink(out);
	di_done(&d);
	return t;
}

static void forget(struct told *t)
{
	json_object_put(t->tasks);
	json_object_put(t->stack);
	json_object_put(t->log);
}

/* Nothing in it is other than it is; there may be less. */
static void is_part_of(struct json_object *part, struct json_object *whole, const char *what)
{
	for (size_t i = 0; i < json_object_array_length(whole); i++) {
		struct json_object *p = json_object_array_get_idx(part, i), *w = json_object_array_get_idx(whole, i),
				   *other;

		json_object_object_foreach (p, key, value) {
			if (!value || (!strcmp(key, "start") && !strcmp(json_object_get_string(value), "guess")) ||
			    !strcmp(key, "complete") || !strcmp(key, "frames"))
				continue;
			if (!json_object_object_get_ex(w, key, &other) || !json_object_equal(value, other))
				fail_msg("%s: %s is %s", what, key, json_object_get_string(value));
		}
	}
}

static void is_same(const struct told *t, const struct told *right, const char *what)
{
	if (!t->tasks || !t->stack || !t->log)
		fail_msg("%s: %s", what, t->why);
	if (!json_object_equal(t->tasks, right->tasks))
		fail_msg("%s: tasks: %s", what, json_object_get_string(t->tasks));
	if (!json_object_equal(t->stack, right->stack))
		fail_msg("%s: stack: %s", what, json_object_get_string(t->stack));
	if (!json_object_equal(t->log, right->log))
		fail_msg("%s: log: %s", what, json_object_get_string(t->log));
	if (t->events != 2 || !t->has_index || t->index_problem || t->other_problem)
		fail_msg("%s: %zu events, index %d", what, t->events, t->has_index);
}

/* A value that can't be read is one that is not shown. */
static void is_not_wrong(const struct told *t, const struct told *right, const char *what)
{
	bool is_counter = strstr(what, "ring_buffer_per_cpu");

	if (t->tasks)
		is_part_of(t->tasks, right->tasks, what);
	if (t->stack)
		is_part_of(t->stack, right->stack, what);
	if (t->log)
		is_part_of(t->log, right->log, what);
	if (t->events != (is_counter ? 3 : 2) || t->has_index == t->index_problem)
		fail_msg("%s: %zu events, index %d", what, t->events, t->has_index);
}

static void check_right(const struct told *t)
{
	static const char tasks[] =
		"[{\"pid\":7,\"tgid\":7,\"ppid\":null,\"comm\":\"running\",\"state\":\"R\",\"state_name\":\"running\","
		"\"kernel_thread\":true,\"cpu\":0,\"on_cpu\":true,\"start_ns\":7000000000,\"exited\":false},"
		"{\"pid\":8,\"tgid\":8,\"ppid\":7,\"comm\":\"waits\",\"state\":\"S\",\"state_name\":\"sleeping\","
		"\"kernel_thread\":true,\"cpu\":1,\"on_cpu\":false,\"start_ns\":8000000000,\"exited\":false}]";
	static const char log[] =
		"[{\"seq\":1,\"timestamp_ns\":1000000000,\"level\":3,\"facility\":1,\"caller\":\"T41\",\"cpu\":2,"
		"\"pid\":41,\"comm\":\"speaker\",\"text\":\"hello\",\"subsystem\":\"pci\",\"device\":\"+pci:00\"},"
		"{\"seq\":2,\"timestamp_ns\":2000000000,\"level\":4,\"facility\":2,\"caller\":\"C3\",\"cpu\":3,"
		"\"pid\":42,\"comm\":\"other\",\"text\":\"world\",\"subsystem\":\"pci\",\"device\":\"+pci:00\"}]";
	struct json_object *right = json_tokener_parse(log), *start;

	if (!json_object_equal(t->log, right))
		fail_msg("%s", json_object_get_string(t->log));
	json_object_put(right);
	right = json_tokener_parse(tasks);
	is_part_of(right, t->tasks, "tasks");
	json_object_put(right);
	for (size_t i = 0; i < 2; i++) {
		struct json_object *stack = json_object_array_get_idx(t->stack, i);

		assert_true(json_object_object_get_ex(stack, "start", &start));
		assert_string_equal(json_object_get_string(start), i ? "switch" : "registers");
	}
	is_same(t, t, "the kernel itself");
}

static void vary(struct fact *f, unsigned int bits, unsigned int shift, const struct told *right)
{
	/* A stack has nothing else. */
	const bool is_word = !strncmp(f->name, "inactive_task_frame.", strlen("inactive_task_frame.")) && bits != 64;
	const struct fact before = *f;
	struct told t;
	char what[128];

	f->bits = bits;
	shifts[f - facts] = shift;
	snprintf(what, sizeof(what), "%s of %u bits%s", f->name, bits, shift ? ", a bit-field" : "");
	t = read_machine(true);
	if (bits == UNKNOWN || is_word)
		is_not_wrong(&t, right, what);
	else
		is_same(&t, right, what);
	forget(&t);
	*f = before;
	shifts[f - facts] = 0;
}

static void each_width(void **state)
{
	static const unsigned int numbers[] = { 8, 16, 32, 64 }, texts[] = { 64, 256 };
	struct told right = read_machine(true);

	check_right(&right);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		struct fact *f = &facts[i];

		for (size_t k = 0; k < ARRAY_LEN(numbers) && needs[i]; k++)
			if (numbers[k] >= needs[i] + !!(f->flags & SIGNED))
				vary(f, numbers[k], 0, &right);
		for (size_t k = 0; k < ARRAY_LEN(texts) && f->flags & IS_TEXT; k++)
			vary(f, texts[k], 0, &right);
		if (needs[i] && needs[i] <= 6 && !(f->flags & (VMCOREINFO | SIGNED)))
			vary(f, needs[i], 2, &right);
		if (!(f->flags & IS_TEXT))
			vary(f, UNKNOWN, 0, &right);
	}
	forget(&right);
}

/* As a qcmdd without widths wrote it, of a kernel as those were. */
static void without_widths(void **state)
{
	struct fact *on_cpu = fact_of("task_struct.on_cpu"), before = *on_cpu;
	struct told right = read_machine(true), t;

	on_cpu->bits = 32;
	t = read_machine(false);
	is_same(&t, &right, "a note without widths");
	*on_cpu = before;
	forget(&right);
	forget(&t);
}

static void accessor(void **state)
{
	static const struct {
		struct member m;
		bool is_read;
		uint64_t value;
	} cases[] = {
		{ { 0, 8, false }, true, 0x81 },
		{ { 0, 8, true }, true, (uint64_t)-0x7f },
		{ { 8, 16, false }, true, 0xff02 },
		{ { 8, 16, true }, true, (uint64_t)-254 },
		{ { 4, 4, false }, true, 8 },
		{ { 4, 5, false }, true, 8 },
		{ { 0, 64, false }, true, 0x0706050403ff0281 },
		{ { 1, 63, false }, true, 0x0706050403ff0281 >> 1 },
		{ { 1, 64, false }, false, 0 },
		{ { 0, 65, false }, false, 0 },
		{ { 0, 0, false }, false, 0 },
		{ { 72, 8, false }, true, 9 },
		{ { 80, 8, false }, false, 0 },
		{ { 72, 16, false }, false, 0 },
	};
	static const uint8_t bytes[] = { 0x81, 0x02, 0xff, 3, 4, 5, 6, 7, 8, 9 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t copy[sizeof(bytes)];
		uint64_t value = 1;

		memcpy(copy, bytes, sizeof(bytes));
		assert_int_equal(member_read(&cases[i].m, bytes, sizeof(bytes), &value), cases[i].is_read);
		if (!cases[i].is_read)
			continue;
		assert_int_equal(value, cases[i].value);
		member_write(&cases[i].m, copy, ~value);
		assert_int_equal(member_value(&cases[i].m, copy, sizeof(copy)),
				 ~value & (cases[i].m.is_signed ? UINT64_MAX : UINT64_MAX >> (64 - cases[i].m.bits)));
		member_write(&cases[i].m, copy, value);
		assert_memory_equal(copy, bytes, sizeof(bytes));
	}
}

static void impossible_places(void **state)
{
	static const struct {
		const char *note;
		bool found;
	} cases[] = {
		{ "BITS(a)=0:524288", true },  { "BITS(a)=524280:8", true },  { "BITS(a)=524281:8", false },
		{ "BITS(a)=524289:0", false }, { "BITS(a)=0:524289", false }, { "BITS(a)=999999999:999999999", false },
		{ "BITS(a)=-64:64", false },   { "BITS(a)=64:-64", false },   { "OFFSET(a)=65535", false },
		{ "OFFSET(a)=-1", false },     { "OFFSET(a)=65534", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct member m;
		struct kv kv;

		kv_parse(&kv, cases[i].note, strlen(cases[i].note));
		if (member_find(&kv, "a", 2, &m) != cases[i].found)
			fail_msg("%s", cases[i].note);
		kv_clear(&kv);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accessor),
		cmocka_unit_test(impossible_places),
		cmocka_unit_test(each_width),
		cmocka_unit_test(without_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
