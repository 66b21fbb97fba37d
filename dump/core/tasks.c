// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/core/tasks.h"

/* No kernel has a task_struct of this size. */
#define TASK_STRUCT_MAX (64 * KIB)

#define PF_KTHREAD 0x00200000

/* Bits of __state and exit_state; the kernel reports the highest of the first seven (TASK_REPORT). */
#define STATE_UNINTERRUPTIBLE 0x0002
#define STATE_REPORT	      0x007f
#define STATE_IDLE	      0x0402
#define STATE_RTLOCK_WAIT     0x1000
#define STATE_FROZEN	      0x8000
#define STATE_REPORT_IDLE     0x0080

/* What lies behind the last of these, such as the FPU state, is not in every dump: nobody needs it here. */
struct task_layout {
	uint64_t needed; /* bytes of the struct up to the end of the last field */
	uint64_t pid, tgid, comm, state, exit_state, flags, real_parent, start, stack, on_cpu, cpu;
	uint64_t switch_sp, switch_fp, switch_pc;
	bool has_exit_state, has_flags, has_parent, has_start, has_stack, has_on_cpu, has_cpu, has_switch;
};

static bool optional(const struct kv *v, const char *name, uint64_t *ret)
{
	return kv_offset(v, name, ret) == 0 && *ret < TASK_STRUCT_MAX;
}

static uint64_t needed(const struct task_layout *l)
{
	const uint64_t offsets[] = { l->pid,	     l->tgid,	   l->state,	l->exit_state, l->flags,
				     l->real_parent, l->start,	   l->stack,	l->on_cpu,     l->cpu,
				     l->switch_sp,   l->switch_fp, l->switch_pc };
	uint64_t end = l->comm + TASK_COMM_MAX;

	for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
		if (offsets[i] + sizeof(uint64_t) > end)
			end = offsets[i] + sizeof(uint64_t);
	return end;
}

/* The three registers that say where a task goes on: in thread_struct, on arm64 one structure deeper. */
static void read_switch_layout(struct task_layout *l, const struct kv *v)
{
	uint64_t thread, context;

	if (!optional(v, "task_struct.thread", &thread))
		return;
	if (optional(v, "thread_struct.sp", &l->switch_sp)) {
		l->switch_sp += thread;
		l->has_switch = true;
	} else if (optional(v, "thread_struct.cpu_context", &context) && optional(v, "cpu_context.sp", &l->switch_sp) &&
		   optional(v, "cpu_context.fp", &l->switch_fp) && optional(v, "cpu_context.pc", &l->switch_pc)) {
		l->switch_sp += thread + context;
		l->switch_fp += thread + context;
		l->switch_pc += thread + context;
		l->has_switch = true;
	}
}

static int read_layout(struct task_layout *l, const struct kv *v, const char *path, struct derr *err)
{
	uint64_t size, thread_info, cpu;

	*l = (struct task_layout){ 0 };
	if (!v->text)
		return derr_set(err, -ENODATA,
				"%s does not say how tasks are laid out in memory: qcmdd's note is not in it. "
				"qcmdd was not running when the machine stopped.",
				path);
	if (kv_size(v, "task_struct", &size) < 0 || size > TASK_STRUCT_MAX ||
	    !optional(v, "task_struct.pid", &l->pid) || !optional(v, "task_struct.tgid", &l->tgid) ||
	    !optional(v, "task_struct.comm", &l->comm) || !optional(v, "task_struct.__state", &l->state))
		return derr_set(err, -ENODATA,
				"%s does not say how tasks are laid out in memory: qcmdd's note in it has no size "
				"of task_struct, or lacks the offset of pid, tgid, comm or __state.",
				path);
	l->has_exit_state = optional(v, "task_struct.exit_state", &l->exit_state);
	l->has_flags = optional(v, "task_struct.flags", &l->flags);
	l->has_parent = optional(v, "task_struct.real_parent", &l->real_parent);
	l->has_start = optional(v, "task_struct.start_boottime", &l->start);
	l->has_stack = optional(v, "task_struct.stack", &l->stack);
	l->has_on_cpu = optional(v, "task_struct.on_cpu", &l->on_cpu);
	l->has_cpu = optional(v, "task_struct.thread_info", &thread_info) && optional(v, "thread_info.cpu", &cpu);
	if (l->has_cpu)
		l->cpu = thread_info + cpu;
	read_switch_layout(l, v);
	l->needed = needed(l);
	return 0;
}

static uint64_t field(const char *buf, uint64_t size, uint64_t offset, size_t n)
{
	uint64_t v = 0;

	if (offset < size && size - offset >= n)
		memcpy(&v, buf + offset, n);
	return v;
}

static void parse_task(const struct task_layout *l, const char *buf, uint64_t size, struct task *t)
{
	t->pid = field(buf, size, l->pid, 4);
	t->tgid = field(buf, size, l->tgid, 4);
	t->state = field(buf, size, l->state, 4);
	if (l->comm < size)
		strncpy(t->comm, buf + l->comm, size - l->comm < TASK_COMM_MAX ? size - l->comm : TASK_COMM_MAX);
	t->exit_state = l->has_exit_state ? field(buf, size, l->exit_state, 4) : 0;
	t->flags = l->has_flags ? field(buf, size, l->flags, 4) : 0;
	t->parent = l->has_parent ? field(buf, size, l->real_parent, 8) : 0;
	t->start_ns = l->has_start ? field(buf, size, l->start, 8) : 0;
	t->stack = l->has_stack ? field(buf, size, l->stack, 8) : 0;
	t->on_cpu = l->has_on_cpu && field(buf, size, l->on_cpu, 4);
	t->has_cpu = l->has_cpu;
	t->cpu = l->has_cpu ? field(buf, size, l->cpu, 4) : 0;
	t->has_switch = l->has_switch;
	t->switch_sp = l->has_switch ? field(buf, size, l->switch_sp, 8) : 0;
	t->switch_fp = l->switch_fp ? field(buf, size, l->switch_fp, 8) : 0;
	t->switch_pc = l->switch_pc ? field(buf, size, l->switch_pc, 8) : 0;
}

static int cmp_addr(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int cmp_pid(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return cmp_addr(a, b);
}

/* Two regions may name the same task; its parent may be there or not. */
static void settle(struct task_list *l)
{
	size_t n = 0;

	if (!l->n)
		return;
	qsort(l->v, l->n, sizeof(*l->v), cmp_addr);
	for (size_t i = 0; i < l->n; i++)
		if (!n || !l->v[i].addr || l->v[i].addr != l->v[n - 1].addr)
			l->v[n++] = l->v[i];
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		struct task key = { .addr = l->v[i].parent };
		const struct task *parent = key.addr ? bsearch(&key, l->v, n, sizeof(key), cmp_addr) : NULL;

		/* The first two tasks of every kernel are children of swapper/0, whose struct nobody registers. */
		l->v[i].has_ppid = parent || l->v[i].pid == 1 || l->v[i].pid == 2;
		l->v[i].ppid = parent ? parent->tgid : 0;
	}
	qsort(l->v, n, sizeof(*l->v), cmp_pid);
}

int tasks_read(const struct corefile *core, struct task_list *l, struct derr *err)
{
	_cleanup_free_ char *buf = xcalloc(TASK_STRUCT_MAX, 1);
	struct task_layout layout;
	size_t capacity = 0;
	int r;

	*l = (struct task_list){ 0 };
	r = read_layout(&layout, &core->kernel_note, core->path, err);
	if (r < 0)
		return r;
	l->has_stack = layout.has_stack;
	l->has_start = layout.has_start;
	for (size_t i = 0; i < core->n_regions; i++) {
		const struct region *reg = &core->regions[i];
		struct task t = { .addr = reg->vaddr };

		if (strcmp(reg->name, MINIDUMP_TASK_NAME))
			continue;
		if (reg->missing || reg->size < layout.needed || layout.needed > TASK_STRUCT_MAX ||
		    rangemap_read(&core->phys, core->fd, reg->paddr, buf, layout.needed) < 0) {
			l->unreadable++;
			continue;
		}
		parse_task(&layout, buf, layout.needed, &t);
		l->v = xgrow(l->v, &capacity, l->n + 1, sizeof(t));
		l->v[l->n++] = t;
	}
	settle(l);
	return 0;
}

void tasks_clear(struct task_list *l)
{
	free(l->v);
	*l = (struct task_list){ 0 };
}

char task_state(const struct task *t, const char **word)
{
	static const char letters[] = "RSDTtXZPI";
	static const char *const words[] = {
		"running", "sleeping", "disk sleep", "stopped", "tracing stop", "dead", "zombie", "parked", "idle",
	};
	uint32_t state = (t->state | t->exit_state) & STATE_REPORT;
	unsigned int i = 0;

	if ((t->state & STATE_IDLE) == STATE_IDLE)
		state = STATE_REPORT_IDLE;
	else if (t->state & (STATE_RTLOCK_WAIT | STATE_FROZEN))
		state = STATE_UNINTERRUPTIBLE;
	while (state >> i)
		i++;
	*word = words[i];
	return letters[i];
}

bool task_is_kernel_thread(const struct task *t)
{
	return t->flags & PF_KTHREAD;
}

const struct task *tasks_find_stack(const struct task_list *l, uint64_t vaddr)
{
	for (size_t i = 0; i < l->n; i++)
		if (vaddr - l->v[i].stack < TASK_STACK_SIZE)
			return &l->v[i];
	return NULL;
}
