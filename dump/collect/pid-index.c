// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/collect/pid-index.h"
#include "dump/core/page.h"
#include "dump/core/tasks.h"

/* lib/radix-tree.c: 64 slots a node, a node is told from an entry by the low bits */
#define NODE_BITS  6
#define NODE_SLOTS (1 << NODE_BITS)
#define NODE_TAG   2ULL
#define NODE_MASK  3ULL

#define PID_LIMIT  (1 << 22)
#define STRUCT_MAX DUMP_PAGE

struct pids_layout {
	struct member task_pid, task_thread_pid, task_pid_links;
	struct member ns_idr, idr_rt, xa_head;
	struct member node_shift, node_offset, node_count, node_slots;
	struct member pid_tasks, pid_numbers, upid_nr, upid_ns;
	uint64_t node_size, pid_size;
};

struct pids {
	struct collection *c;
	struct pids_layout l;
	const struct region *ns;
	char *root; /* the node at the address that init_pid_ns has */
	unsigned int root_shift;
	char **nodes; /* the others, one after the other from here on */
	size_t n_nodes, capacity;
	uint64_t nodes_paddr;
	size_t added;
};

/* False: the note describes no such index. */
static bool find_layout(struct pids_layout *l, const struct kv *v)
{
	const struct {
		const char *name;
		struct member *ret;
		unsigned int bytes; /* 0: only its place is of interest */
	} members[] = {
		{ "task_struct.pid", &l->task_pid, 4 },
		{ "task_struct.thread_pid", &l->task_thread_pid, 8 },
		{ "task_struct.pid_links", &l->task_pid_links, 0 },
		{ "pid_namespace.idr", &l->ns_idr, 0 },
		{ "idr.idr_rt", &l->idr_rt, 0 },
		{ "xarray.xa_head", &l->xa_head, 8 },
		{ "xa_node.shift", &l->node_shift, 1 },
		{ "xa_node.offset", &l->node_offset, 1 },
		{ "xa_node.count", &l->node_count, 1 },
		{ "xa_node.slots", &l->node_slots, NODE_SLOTS * 8 },
		{ "pid.tasks", &l->pid_tasks, 0 },
		{ "pid.numbers", &l->pid_numbers, 0 },
		{ "upid.nr", &l->upid_nr, 4 },
		{ "upid.ns", &l->upid_ns, 8 },
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (!member_find(v, members[i].name, members[i].bytes, members[i].ret))
			return false;
	return kv_size(v, "xa_node", &l->node_size) == 0;
}

static bool is_number_in(const struct member *m, uint64_t size)
{
	return member_is_number(m) && member_end(m) <= size;
}

static bool are_apart(const struct member *a, const struct member *b)
{
	return a->bit + a->bits <= b->bit || b->bit + b->bits <= a->bit;
}

/* The numbers of a node lie in front of its slots, each in a place of its own. */
static bool node_fits(const struct pids_layout *l)
{
	const uint64_t slots = member_first(&l->node_slots);

	return l->node_size <= STRUCT_MAX && l->node_slots.bits == NODE_SLOTS * 64 && l->node_slots.bit % 8 == 0 &&
	       member_end(&l->node_slots) <= l->node_size && is_number_in(&l->node_shift, slots) &&
	       is_number_in(&l->node_offset, slots) && is_number_in(&l->node_count, slots) &&
	       are_apart(&l->node_shift, &l->node_offset) && are_apart(&l->node_shift, &l->node_count) &&
	       are_apart(&l->node_offset, &l->node_count);
}

/* Whether it is made of numbers and pointers as below. */
static bool layout_fits(struct pids_layout *l)
{
	/* Of both arrays the first element is written. numbers[] may have no size, so the struct's own says little. */
	l->pid_tasks.bits = 64;
	l->upid_nr = member_inside(&l->pid_numbers, &l->upid_nr);
	l->upid_ns = member_inside(&l->pid_numbers, &l->upid_ns);
	l->xa_head = member_inside(&l->idr_rt, &l->xa_head);
	l->xa_head = member_inside(&l->ns_idr, &l->xa_head);
	l->pid_size =
		member_end(&l->upid_nr) > member_end(&l->upid_ns) ? member_end(&l->upid_nr) : member_end(&l->upid_ns);
	return node_fits(l) && l->pid_size <= STRUCT_MAX && member_is_number(&l->task_pid) &&
	       member_is_number(&l->task_thread_pid) && l->xa_head.bits == 64 &&
	       is_number_in(&l->pid_tasks, l->pid_size) && is_number_in(&l->upid_nr, l->pid_size) &&
	       l->upid_ns.bits == 64 && is_number_in(&l->upid_ns, l->pid_size);
}

/* Where the direct map has this; UINT64_MAX: it doesn't. */
static uint64_t direct_paddr(const struct pids *p, uint64_t vaddr, uint64_t size)
{
	uint64_t paddr = vaddr - p->c->kmap.direct_offset;

	return vaddr >> 56 == 0xff && vaddr % sizeof(uint64_t) == 0 && paddr < p->nodes_paddr &&
			       p->nodes_paddr - paddr >= size ?
		       paddr :
		       UINT64_MAX;
}

static uint64_t get64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void put64(char *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void init_node(const struct pids *p, char *node, unsigned int shift, unsigned int offset)
{
	member_write(&p->l.node_shift, node, shift);
	member_write(&p->l.node_offset, node, offset);
}

static bool add_root(struct pids *p, int32_t max)
{
	uint64_t head, paddr, vaddr;

	if (!collect_member(p->c, p->ns, &p->l.xa_head, &head) || (head & NODE_MASK) != NODE_TAG)
		return false;
	vaddr = head - NODE_TAG;
	paddr = direct_paddr(p, vaddr, p->l.node_size);
	if (paddr == UINT64_MAX)
		return false;
	while (max >> (p->root_shift + NODE_BITS))
		p->root_shift += NODE_BITS;
	p->root = made_add(&p->c->made, vaddr, paddr, p->l.node_size);
	init_node(p, p->root, p->root_shift, 0);
	return true;
}

static char *child(struct pids *p, char *slot, unsigned int shift, unsigned int offset)
{
	uint64_t paddr = p->nodes_paddr + p->n_nodes * p->l.node_size;
	uint64_t entry = get64(slot), first = p->nodes_paddr + p->c->kmap.direct_offset;

	if (entry)
		return p->nodes[(entry - NODE_TAG - first) / p->l.node_size];
	p->nodes = xgrow(p->nodes, &p->capacity, p->n_nodes + 1, sizeof(*p->nodes));
	p->nodes[p->n_nodes] = made_add(&p->c->made, paddr + p->c->kmap.direct_offset, paddr, p->l.node_size);
	init_node(p, p->nodes[p->n_nodes], shift, offset);
	put64(slot, (paddr + p->c->kmap.direct_offset) | NODE_TAG);
	return p->nodes[p->n_nodes++];
}

static void insert(struct pids *p, int32_t pid, uint64_t entry)
{
	char *node = p->root;

	for (unsigned int shift = p->root_shift;; shift -= NODE_BITS) {
		unsigned int i = (pid >> shift) % NODE_SLOTS;
		char *slot = node + member_first(&p->l.node_slots) + i * sizeof(uint64_t);
		uint64_t count = member_value(&p->l.node_count, node, p->l.node_size);

		member_write(&p->l.node_count, node, count + !get64(slot));
		if (!shift) {
			put64(slot, entry);
			return;
		}
		node = child(p, slot, shift - NODE_BITS, i);
	}
}

/* The struct pid is where the task says. */
static void add_task(struct pids *p, const struct region *r, int32_t pid)
{
	uint64_t thread_pid, paddr;
	char *data;

	if (!collect_member(p->c, r, &p->l.task_thread_pid, &thread_pid))
		return;
	paddr = direct_paddr(p, thread_pid, p->l.pid_size);
	if (paddr == UINT64_MAX)
		return;
	data = made_add(&p->c->made, thread_pid, paddr, p->l.pid_size);
	member_write(&p->l.pid_tasks, data, r->vaddr + member_first(&p->l.task_pid_links));
	member_write(&p->l.upid_nr, data, pid);
	member_write(&p->l.upid_ns, data, p->ns->vaddr);
	insert(p, pid, thread_pid);
	p->added++;
}

/* 0: no task, or an idle one, which has no place in the index. */
static int32_t pid_of(const struct pids *p, const struct region *r)
{
	uint64_t pid;

	if (strcmp(r->name, MINIDUMP_TASK_NAME) || !r->vaddr || !collect_member(p->c, r, &p->l.task_pid, &pid))
		return 0;
	return pid < PID_LIMIT ? pid : 0;
}

void pids_add(struct collection *c, uint64_t end)
{
	struct pids p = { .c = c, .ns = toc_symbol(&c->toc, "init_pid_ns"), .nodes_paddr = page_up(end) };
	int32_t max = 0;

	if (!p.ns || !p.ns->vaddr || !c->kmap.has_direct || !find_layout(&p.l, &c->kernel_note))
		return;
	if (!layout_fits(&p.l)) {
		strlist_addf(&c->toc.problems,
			     "this kernel has an index of tasks by pid that this qcmdump does not know: there is none "
			     "in the dump, and debuggers find no tasks by it");
		return;
	}
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		int32_t pid = pid_of(&p, &c->toc.regions[i]);

		if (pid > max)
			max = pid;
	}
	if (!add_root(&p, max))
		return;
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		int32_t pid = pid_of(&p, &c->toc.regions[i]);

		if (pid)
			add_task(&p, &c->toc.regions[i], pid);
	}
	free(p.nodes);
	strlist_addf(&c->made.what, "index of tasks by pid, with the %zu in the dump", p.added);
}
