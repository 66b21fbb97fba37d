// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/core/member.h"
#include "dump/core/page.h"
#include "dump/core/tasks.h"

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
	uint64_t needed; /* bytes of the struct up to the end of the last of these */
	struct member pid, tgid, comm, state, exit_state, flags, real_parent, start, stack, on_cpu, cpu;
	struct member switch_sp, switch_fp, switch_pc;
	uint64_t stack_size;
	const char *unreadable; /* a member that is no number as these have to be */
};

static bool find_number(struct task_layout *l, const struct kv *v, const char *name, unsigned int bytes,
			struct member *ret)
{
	if (!member_find(v, name, bytes, ret))
		return false;
	if (member_is_number(ret))
		return true;
	l->unreadable = name;
	return false;
}

#define MEMBERS_MAX 14

/* All of them; returns how many that are. */
static size_t list_members(const struct task_layout *l, const struct member *ret[static MEMBERS_MAX])
{
	const struct member *members[MEMBERS_MAX] = {
		&l->pid,   &l->tgid,  &l->comm,	  &l->state, &l->exit_state, &l->flags,	    &l->real_parent,
		&l->start, &l->stack, &l->on_cpu, &l->cpu,   &l->switch_sp,  &l->switch_fp, &l->switch_pc,
	};

	memcpy(ret, members, sizeof(members));
	return ARRAY_LEN(members);
}

static uint64_t needed(const struct task_layout *l)
{
	const struct member *members[MEMBERS_MAX];
	size_t n = list_members(l, members);
	uint64_t end = 0;

	for (size_t i = 0; i < n; i++)
		if (member_end(members[i]) > end)
			end = member_end(members[i]);
	return end;
}

/* A number in a structure that is itself a member. */
static void find_inside(struct task_layout *l, const struct kv *v, const struct member *outer, const char *name,
			unsigned int bytes, struct member *ret)
{
	if (find_number(l, v, name, bytes, ret))
		*ret = member_inside(outer, ret);
}

/* The three registers that say where a task goes on: in thread_struct, on arm64 one structure deeper. */
static void read_switch_layout(struct task_layout *l, const struct kv *v)
{
	struct member thread, context;

	if (!member_find(v, "task_struct.thread", 0, &thread))
		return;
	find_inside(l, v, &thread, "thread_struct.sp", 8, &l->switch_sp);
	if (l->switch_sp.bits || !member_find(v, "thread_struct.cpu_context", 0, &context))
		return;
	context = member_inside(&thread, &context);
	find_inside(l, v, &context, "cpu_context.sp", 8, &l->switch_sp);
	find_inside(l, v, &context, "cpu_context.fp", 8, &l->switch_fp);
	find_inside(l, v, &context, "cpu_context.pc", 8, &l->switch_pc);
}

/* The union has the stack as an array. */
static uint64_t stack_size(const struct kv *v)
{
	uint64_t size;

	return kv_size(v, "union thread_union", &size) == 0 && size && size <= TASK_STACK_MAX && size % DUMP_PAGE == 0 ?
		       size :
		       TASK_STACK_SIZE;
}

static int read_layout(struct task_layout *l, const struct kv *v, const char *path, struct derr *err)
{
	struct member thread_info;
	uint64_t size;

	*l = (struct task_layout){ 0 };
	if (!v->text)
		return derr_set(err, -ENODATA,
				"%s does not say how tasks are laid out in memory: qcmdd's note is not in it. "
				"qcmdd was not running when the machine stopped.",
				path);
	find_number(l, v, "task_struct.pid", 4, &l->pid);
	find_number(l, v, "task_struct.tgid", 4, &l->tgid);
	find_number(l, v, "task_struct.__state", 4, &l->state);
	if (kv_size(v, "task_struct", &size) < 0 || size > MEMBER_PLACE_MAX || !l->pid.bits || !l->tgid.bits ||
	    !l->state.bits || !member_find(v, "task_struct.comm", 16, &l->comm))
		return derr_set(err, -ENODATA,
				"%s does not say how tasks are laid out in memory: qcmdd's note in it has no size "
				"of task_struct, or lacks the place of pid, tgid, comm or __state.",
				path);
	find_number(l, v, "task_struct.exit_state", 4, &l->exit_state);
	find_number(l, v, "task_struct.flags", 4, &l->flags);
	find_number(l, v, "task_struct.real_parent", 8, &l->real_parent);
	find_number(l, v, "task_struct.start_boottime", 8, &l->start);
	find_number(l, v, "task_struct.stack", 8, &l->stack);
	find_number(l, v, "task_struct.on_cpu", 4, &l->on_cpu);
	if (member_find(v, "task_struct.thread_info", 0, &thread_info))
		find_inside(l, v, &thread_info, "thread_info.cpu", 4, &l->cpu);
	read_switch_layout(l, v);
	l->stack_size = stack_size(v);
	if (l->unreadable)
		return derr_set(err, -EINVAL,
				"Tasks in %s cannot be read: its kernel has %s as something else than a number, as the "
				"note of qcmdd describes it. A newer qcmdump may know it.",
				path, l->unreadable);
	l->needed = needed(l);
	if (l->needed > MEMBER_PLACE_MAX)
		return derr_set(
			err, -EINVAL,
			"Tasks in %s cannot be read: the note of qcmdd in it describes a task_struct of more than %d "
			"bytes.",
			path, MEMBER_PLACE_MAX);
	return 0;
}

static void parse_task(const struct task_layout *l, const char *buf, uint64_t size, struct task *t)
{
	uint64_t comm = l->comm.bits / 8;

	t->pid = member_value(&l->pid, buf, size);
	t->tgid = member_value(&l->tgid, buf, size);
	t->state = member_value(&l->state, buf, size);
	strncpy(t->comm, buf + l->comm.bit / 8, comm < TASK_COMM_MAX ? comm : TASK_COMM_MAX);
	t->exit_state = member_value(&l->exit_state, buf, size);
	t->flags = member_value(&l->flags, buf, size);
	t->parent = member_value(&l->real_parent, buf, size);
	t->start_ns = member_value(&l->start, buf, size);
	t->stack = member_value(&l->stack, buf, size);
	t->stack_size = l->stack_size;
	t->on_cpu = member_value(&l->on_cpu, buf, size);
	t->has_cpu = l->cpu.bits;
	t->cpu = member_value(&l->cpu, buf, size);
	t->has_switch = l->switch_sp.bits;
	t->switch_sp = member_value(&l->switch_sp, buf, size);
	t->switch_fp = member_value(&l->switch_fp, buf, size);
	t->switch_pc = member_value(&l->switch_pc, buf, size);
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
	_cleanup_free_ char *buf = xcalloc(MEMBER_PLACE_MAX, 1);
	struct task_layout layout;
	size_t capacity = 0;
	int r;

	*l = (struct task_list){ 0 };
	r = read_layout(&layout, &core->kernel_note, core->path, err);
	if (r < 0)
		return r;
	l->has_stack = layout.stack.bits;
	l->has_start = layout.start.bits;
	for (size_t i = 0; i < core->n_regions; i++) {
		const struct region *reg = &core->regions[i];
		struct task t = { .addr = reg->vaddr };

		if (strcmp(reg->name, MINIDUMP_TASK_NAME))
			continue;
		if (reg->missing || reg->size < layout.needed ||
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

void tasks_mark(const struct corefile *core, bool comm, uint8_t *mask, size_t size)
{
	const struct member *members[MEMBERS_MAX];
	struct task_layout layout;
	struct derr ignored;
	size_t n;

	memset(mask, 0, size);
	if (read_layout(&layout, &core->kernel_note, core->path, &ignored) < 0)
		return;
	n = list_members(&layout, members);
	for (size_t i = 0; i < n; i++)
		if (members[i]->bits && (comm || members[i] != &layout.comm))
			for (uint64_t at = member_first(members[i]); at < member_end(members[i]) && at < size; at++)
				mask[at] = 1;
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
		if (vaddr - l->v[i].stack < l->v[i].stack_size)
			return &l->v[i];
	return NULL;
}
