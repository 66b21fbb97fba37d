/* SPDX-License-Identifier: GPL-2.0-only */
/* The ORC tables of an x86_64 kernel: how to find the caller's frame from any instruction. */
#ifndef ORC_H
#define ORC_H

#include "dump/stack/symbols.h"
#include "dump/stack/vmlinuxfile.h"

#define ORC_HASH_SIZE 20

/* Kernels number them in ways of their own. */
enum orc_reg {
	ORC_UNKNOWN, /* to this program */
	ORC_UNDEFINED,
	ORC_PREV_SP,
	ORC_AX,
	ORC_DX,
	ORC_DI,
	ORC_BP,
	ORC_SP,
	ORC_R10,
	ORC_R13,
	ORC_BP_INDIRECT,
	ORC_SP_INDIRECT,
};

enum orc_type { ORC_NOTHING, ORC_END_OF_STACK, ORC_CALL, ORC_REGS, ORC_REGS_PARTIAL };

struct orc_entry {
	int16_t sp_offset;
	int16_t bp_offset;
	enum orc_reg sp_reg;
	enum orc_reg bp_reg;
	enum orc_type type;
};

/* Code that has one entry. */
struct orc_range {
	uint64_t start, end;
	struct orc_entry entry;
};

/* The whole tables, or what a dump has of them: see names.h. */
struct orc {
	uint64_t ip_table; /* where it was in memory */
	int32_t *ips;
	uint8_t *entries;
	size_t n; /* 0: there are none */
	const struct orc_format *format;
	struct orc_range *ranges; /* by address */
	size_t n_ranges, capacity;
	char unknown[2 * ORC_HASH_SIZE + 1]; /* hash of a format that came later; then there are no tables */
};

/* From the dump, or from vmlinux (NULL: there is none). */
void orc_read(struct orc *orc, const struct corefile *core, const struct vmlinux *vmlinux, const struct symbols *s);
void orc_clear(struct orc *orc);

static inline bool orc_is_there(const struct orc *orc)
{
	return orc->n || orc->n_ranges;
}

/* False: nothing is known about this instruction. */
bool orc_find(const struct orc *orc, uint64_t ip, struct orc_range *ret);

/* The tables of a module, whose addresses of code are at ip_table: as the kernel's, which come first. */
void orc_add(struct orc *orc, uint64_t ip_table, const int32_t *ips, const uint8_t *entries, size_t n);
/* Bytes of an entry, and how many there can be. */
#define ORC_ENTRY_SIZE	6
#define ORC_ENTRIES_MAX (8 * MIB)

/* As lines of the note QCMD_NOTE_NAMES; orc_finish() is to be called once after the last one, or the
 * last orc_add(). */
void orc_print(FILE *f, const struct orc_range *range);
bool orc_parse(struct orc *orc, const struct kv_pair *line);
void orc_finish(struct orc *orc);

#endif
