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
	uint64_t task_pid, task_thread_pid, task_pid_links;
	uint64_t ns_idr, idr_rt, xa_head;
	uint64_t node_size, node_shift, node_offset, node_count, node_slots;
	uint64_t pid_size, pid_tasks, pid_numbers, upid_nr, upid_ns;
};

struct pids {
	struct collection *c;
	struct pids_layout l;
	const struct region *ns;
	char *root;   /* the node at the address that init_pid_ns has */
	char **nodes; /* the others, one after the other from here on */
	size_t n_nodes, capacity;
	uint64_t nodes_paddr;
	size_t added;
};

static bool read_layout(struct pids_layout *l, const struct kv *v)
{
	const struct {
		const char *name;
		uint64_t *ret;
	} offsets[] = {
		{ "task_struct.pid", &l->task_pid },
		{ "task_struct.thread_pid", &l->task_thread_pid },
		{ "task_struct.pid_links", &l->task_pid_links },
		{ "pid_namespace.idr", &l->ns_idr },
		{ "idr.idr_rt", &l->idr_rt },
		{ "xarray.xa_head", &l->xa_head },
		{ "xa_node.shift", &l->node_shift },
		{ "xa_node.offset", &l->node_offset },
		{ "xa_node.count", &l->node_count },
		{ "xa_node.slots", &l->node_slots },
		{ "pid.tasks", &l->pid_tasks },
		{ "pid.numbers", &l->pid_numbers },
		{ "upid.nr", &l->upid_nr },
		{ "upid.ns", &l->upid_ns },
	};

	for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
		if (kv_offset(v, offsets[i].name, offsets[i].ret) < 0 || *offsets[i].ret > 4 * STRUCT_MAX)
			return false;
	/* numbers[] may be a flexible array, which the size does not count. */
	l->pid_size = l->pid_numbers + l->upid_nr + l->upid_ns + sizeof(uint64_t);
	return kv_size(v, "xa_node", &l->node_size) == 0 && l->node_size <= STRUCT_MAX &&
	       l->node_slots + NODE_SLOTS * sizeof(uint64_t) <= l->node_size && l->node_shift < l->node_slots &&
	       l->node_offset < l->node_slots && l->node_count < l->node_slots && l->pid_size <= STRUCT_MAX &&
	       l->pid_tasks + sizeof(uint64_t) <= l->pid_numbers;
}

static bool read_field(const struct pids *p, const struct region *r, uint64_t offset, void *ret, size_t size)
{
	return offset < r->size && r->size - offset >= size &&
	       image_read(&p->c->img, r->paddr + offset, ret, size) == 0;
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
	node[p->l.node_shift] = (char)shift;
	node[p->l.node_offset] = (char)offset;
}

static bool add_root(struct pids *p, int32_t max)
{
	uint64_t head, paddr, vaddr;
	unsigned int shift = 0;

	if (!read_field(p, p->ns, p->l.ns_idr + p->l.idr_rt + p->l.xa_head, &head, sizeof(head)) ||
	    (head & NODE_MASK) != NODE_TAG)
		return false;
	vaddr = head - NODE_TAG;
	paddr = direct_paddr(p, vaddr, p->l.node_size);
	if (paddr == UINT64_MAX)
		return false;
	while (max >> (shift + NODE_BITS))
		shift += NODE_BITS;
	p->root = made_add(&p->c->made, vaddr, paddr, p->l.node_size);
	init_node(p, p->root, shift, 0);
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

	for (unsigned int shift = (unsigned char)node[p->l.node_shift];; shift -= NODE_BITS) {
		unsigned int i = (pid >> shift) % NODE_SLOTS;
		char *slot = node + p->l.node_slots + i * sizeof(uint64_t);

		node[p->l.node_count] = (char)(node[p->l.node_count] + !get64(slot));
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

	if (!read_field(p, r, p->l.task_thread_pid, &thread_pid, sizeof(thread_pid)))
		return;
	paddr = direct_paddr(p, thread_pid, p->l.pid_size);
	if (paddr == UINT64_MAX)
		return;
	data = made_add(&p->c->made, thread_pid, paddr, p->l.pid_size);
	put64(data + p->l.pid_tasks, r->vaddr + p->l.task_pid_links);
	memcpy(data + p->l.pid_numbers + p->l.upid_nr, &pid, sizeof(pid));
	put64(data + p->l.pid_numbers + p->l.upid_ns, p->ns->vaddr);
	insert(p, pid, thread_pid);
	p->added++;
}

/* 0: no task, or an idle one, which has no place in the index. */
static int32_t pid_of(const struct pids *p, const struct region *r)
{
	int32_t pid;

	if (strcmp(r->name, MINIDUMP_TASK_NAME) || !r->vaddr || !read_field(p, r, p->l.task_pid, &pid, sizeof(pid)))
		return 0;
	return pid > 0 && pid < PID_LIMIT ? pid : 0;
}

void pids_add(struct collection *c, uint64_t end)
{
	struct pids p = { .c = c, .ns = toc_symbol(&c->toc, "init_pid_ns"), .nodes_paddr = page_up(end) };
	int32_t max = 0;

	if (!p.ns || !p.ns->vaddr || !c->kmap.has_direct || !read_layout(&p.l, &c->kernel_note))
		return;
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
