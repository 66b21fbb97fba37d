// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's for x86_64: the longest run of instructions with interrupts off, or with a raw lock held, that
 * code of ours takes part in, from its first instruction there to its last one. tests/bench/sections.py says in a file
 * which code that is, and reads the answer there. A plugin sees no registers, so what a CPU does is told from where it
 * is: CLI and STI, and returns from interrupts and system calls; entries of the kernel; functions that lock and unlock,
 * when ours calls them. Where a CPU runs user space its interrupts are on and no lock is held: if that is not what was
 * thought, it is counted as an error.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From version 1 of QEMU's qemu-plugin.h, which no package of Debian has. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int cpu, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_cb cb, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
							       char **argv);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define KERNEL	 0xffff800000000000
#define MAX_CPUS 8
#define MAX_DEEP 16

/* Changed by sections.py while the machine is stopped. */
static volatile struct {
	uint64_t generation; /* of what follows, up to the answer */
	uint64_t from, to;   /* our code */
	uint64_t n_locks, n_unlocks, n_entries;
	uint64_t locks[16], unlocks[16], entries[512];
	uint64_t longest, first, last, errors; /* the answer */
} * shared;

/* A block of instructions that are always executed together. */
struct block {
	uint64_t addr;
	uint64_t generation;
	uint32_t n;
	enum { OTHER, USER, OURS, ENTRY, LOCK, UNLOCK } kind;
};

static struct cpu {
	uint64_t now; /* instructions so far */
	bool off;
	int nested; /* exceptions while interrupts are off */
	int locks;
	bool in_ours;		    /* the last block was */
	bool interrupted[MAX_DEEP]; /* the last block before an entry was */
	int depth;
	bool seen; /* ours was, in this section */
	uint64_t start, end, first, last;
} cpus[MAX_CPUS];

static bool is_one_of(uint64_t addr, const volatile uint64_t *list, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (list[i] == addr)
			return true;
	return false;
}

static void change(struct cpu *c, bool off, int locks)
{
	c->off = off;
	c->locks = locks;
	if (off || locks)
		return;
	if (c->seen && c->end - c->start > shared->longest) {
		shared->longest = c->end - c->start;
		shared->first = c->first;
		shared->last = c->last;
	}
	c->seen = false;
}

static void on_cli(unsigned int cpu, void *data)
{
	change(&cpus[cpu], true, cpus[cpu].locks);
}

static void on_sti(unsigned int cpu, void *data)
{
	change(&cpus[cpu], false, cpus[cpu].locks);
}

static void on_return(unsigned int cpu, void *data)
{
	struct cpu *c = &cpus[cpu];

	if (c->depth)
		c->in_ours = c->interrupted[--c->depth % MAX_DEEP];
	if (c->nested)
		c->nested--;
	else
		change(c, false, c->locks);
}

static void on_entry(struct cpu *c)
{
	c->interrupted[c->depth++ % MAX_DEEP] = c->in_ours;
	if (c->off)
		c->nested++;
	change(c, true, c->locks);
}

static void on_user(struct cpu *c)
{
	if (c->off || c->locks || c->nested) {
		shared->errors++;
		c->seen = false;
	}
	c->off = c->in_ours = false;
	c->locks = c->nested = c->depth = 0;
}

static void on_ours(struct cpu *c, const struct block *b)
{
	if (!c->off && !c->locks)
		return;
	if (!c->seen) {
		c->seen = true;
		c->start = c->now;
		c->first = b->addr;
	}
	c->end = c->now + b->n;
	c->last = b->addr;
}

static void classify(struct block *b)
{
	b->generation = shared->generation;
	b->kind = b->addr < KERNEL					 ? USER :
		  b->addr >= shared->from && b->addr < shared->to	 ? OURS :
		  is_one_of(b->addr, shared->entries, shared->n_entries) ? ENTRY :
		  is_one_of(b->addr, shared->locks, shared->n_locks)	 ? LOCK :
		  is_one_of(b->addr, shared->unlocks, shared->n_unlocks) ? UNLOCK :
									   OTHER;
}

static void on_block(unsigned int cpu, void *data)
{
	struct block *b = data;
	struct cpu *c = &cpus[cpu];

	if (b->generation != shared->generation)
		classify(b);
	if (b->kind == USER)
		on_user(c);
	else if (b->kind == OURS)
		on_ours(c, b);
	else if (b->kind == ENTRY)
		on_entry(c);
	else if (b->kind == LOCK && c->in_ours)
		change(c, c->off, c->locks + 1);
	else if (b->kind == UNLOCK && c->in_ours && c->locks)
		change(c, c->off, c->locks - 1);
	c->in_ours = b->kind == OURS;
	c->now += b->n;
}

static exec_cb what_it_does(const struct qemu_plugin_insn *insn)
{
	static const struct {
		const char *bytes;
		size_t size;
		exec_cb cb;
	} known[] = {
		{ "\xfa", 1, on_cli },
		{ "\xfb", 1, on_sti },
		{ "\x48\xcf", 2, on_return },
		{ "\x48\x0f\x07", 3, on_return },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (qemu_plugin_insn_size(insn) == known[i].size &&
		    !memcmp(qemu_plugin_insn_data(insn), known[i].bytes, known[i].size))
			return known[i].cb;
	return NULL;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = calloc(1, sizeof(*b)); /* until the end: the emulator may keep it */

	b->addr = qemu_plugin_tb_vaddr(tb);
	b->n = qemu_plugin_tb_n_insns(tb);
	classify(b);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, b);
	for (uint32_t i = 0; i < b->n && b->addr >= KERNEL; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		exec_cb cb = what_it_does(insn);

		if (cb)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, cb, 0, NULL);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	int fd = argc == 1 ? open(strchr(argv[0], '=') + 1, O_RDWR) : -1;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED) {
		perror("longest-section");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
