// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/stack/orc.h"

static const enum orc_reg regs_4_14[16] = {
	ORC_UNDEFINED, ORC_PREV_SP, ORC_DX, ORC_DI, ORC_BP, ORC_SP, ORC_R10, ORC_R13, ORC_BP_INDIRECT, ORC_SP_INDIRECT,
};
static const enum orc_reg regs_7_1[16] = {
	ORC_UNDEFINED, ORC_AX,	ORC_DX,	     ORC_SP,	      ORC_BP,	       ORC_DI,
	ORC_R10,       ORC_R13, ORC_PREV_SP, ORC_SP_INDIRECT, ORC_BP_INDIRECT,
};

/*
 * Since 6.4 kernels have a hash of the format, the SHA-1 of its definition in asm/orc_types.h: the numbers of
 * registers and types follow from it.
 */
struct orc_format {
	const char *hash; /* NULL: before 6.4 */
	const enum orc_reg *regs;
	bool has_end_bit; /* CALL is 0, and the end a bit of its own */
};

static const struct orc_format formats[] = {
	{ NULL, regs_4_14, true },
	{ "fe5d32bf581bd63b2ca9a5c65ba5a625eab3fe24", regs_4_14, false },
	{ "137c36ad7627c4dd55932176bb0ecdbd5041fc82", regs_7_1, false },
};

struct source {
	const struct corefile *core;
	const struct vmlinux *vmlinux;
};

static bool read_memory(const struct source *s, uint64_t addr, void *buf, size_t size)
{
	if (core_read_virt(s->core, addr, buf, size) == 0)
		return true;
	return s->vmlinux && rangemap_read(&s->vmlinux->memory, s->vmlinux->fd, addr, buf, size) == 0;
}

/* False: it can't be told, or is one that came later. */
static bool read_format(struct orc *orc, const struct source *source, const struct symbols *s)
{
	uint8_t hash[ORC_HASH_SIZE];
	uint64_t header;

	orc->format = &formats[0];
	if (!symbols_address(s, "__start_orc_header", &header))
		return true;
	if (!read_memory(source, header, hash, sizeof(hash)))
		return false;
	for (size_t i = 0; i < sizeof(hash); i++)
		sprintf(orc->unknown + 2 * i, "%02x", hash[i]);
	for (size_t i = 1; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].hash, orc->unknown))
			continue;
		orc->format = &formats[i];
		orc->unknown[0] = '\0';
		return true;
	}
	return false;
}

void orc_read(struct orc *orc, const struct corefile *core, const struct vmlinux *vmlinux, const struct symbols *s)
{
	const struct source source = { core, vmlinux };
	uint64_t ips, ips_end, entries, n;

	*orc = (struct orc){ 0 };
	if (core->elf.machine != EM_X86_64 || !symbols_address(s, "__start_orc_unwind_ip", &ips) ||
	    !symbols_address(s, "__stop_orc_unwind_ip", &ips_end) ||
	    !symbols_address(s, "__start_orc_unwind", &entries) || !read_format(orc, &source, s))
		return;
	n = (ips_end - ips) / sizeof(*orc->ips);
	if (ips_end < ips || n > ORC_ENTRIES_MAX)
		return;
	orc->ip_table = ips;
	orc->ips = xcalloc(n, sizeof(*orc->ips));
	orc->entries = xcalloc(n, ORC_ENTRY_SIZE);
	if (read_memory(&source, ips, orc->ips, n * sizeof(*orc->ips)) &&
	    read_memory(&source, entries, orc->entries, n * ORC_ENTRY_SIZE))
		orc->n = n;
}

void orc_clear(struct orc *orc)
{
	free(orc->ips);
	free(orc->entries);
	free(orc->ranges);
	*orc = (struct orc){ 0 };
}

/* Each is relative to itself. */
static uint64_t entry_ip(const struct orc *orc, size_t i)
{
	return orc->ip_table + i * sizeof(*orc->ips) + (int64_t)orc->ips[i];
}

static enum orc_type entry_type(const struct orc_format *format, uint8_t bits)
{
	if (!format->has_end_bit)
		return bits & 7;
	return bits & 4 ? ORC_END_OF_STACK : ORC_CALL + (bits & 3);
}

/* struct orc_entry of the kernel: two offsets, two registers of four bits, a type; not aligned */
static struct orc_entry read_entry(const struct orc_format *format, const uint8_t *entries, size_t i)
{
	const uint8_t *e = entries + i * ORC_ENTRY_SIZE;
	struct orc_entry ret = {
		.sp_reg = format->regs[e[4] & 15],
		.bp_reg = format->regs[e[4] >> 4],
		.type = entry_type(format, e[5]),
	};

	memcpy(&ret.sp_offset, e, 2);
	memcpy(&ret.bp_offset, e + 2, 2);
	return ret;
}

static bool find_range(const struct orc *orc, uint64_t ip, struct orc_range *ret)
{
	size_t lo = 0, hi = orc->n_ranges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (orc->ranges[mid].start <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || ip >= orc->ranges[lo - 1].end)
		return false;
	*ret = orc->ranges[lo - 1];
	return true;
}

bool orc_find(const struct orc *orc, uint64_t ip, struct orc_range *ret)
{
	size_t lo = 0, hi = orc->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (entry_ip(orc, mid) <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || lo == orc->n)
		return find_range(orc, ip, ret);
	*ret = (struct orc_range){ entry_ip(orc, lo - 1), entry_ip(orc, lo),
				   read_entry(orc->format, orc->entries, lo - 1) };
	return true;
}

static const char *const reg_names[] = {
	[ORC_UNKNOWN] = "unknown",
	[ORC_UNDEFINED] = "undefined",
	[ORC_PREV_SP] = "prev_sp",
	[ORC_AX] = "ax",
	[ORC_DX] = "dx",
	[ORC_DI] = "di",
	[ORC_BP] = "bp",
	[ORC_SP] = "sp",
	[ORC_R10] = "r10",
	[ORC_R13] = "r13",
	[ORC_BP_INDIRECT] = "bp_indirect",
	[ORC_SP_INDIRECT] = "sp_indirect",
};
static const char *const type_names[] = {
	[ORC_NOTHING] = "nothing", [ORC_END_OF_STACK] = "end",		[ORC_CALL] = "call",
	[ORC_REGS] = "regs",	   [ORC_REGS_PARTIAL] = "regs_partial",
};

void orc_print(FILE *f, const struct orc_range *range)
{
	const struct orc_entry *e = &range->entry;

	/* Types have three bits in the tables. */
	fprintf(f, "ORC(%" PRIx64 ")=%" PRIu64 " %s %s %d %s %d\n", range->start, range->end - range->start,
		type_names[e->type < ARRAY_LEN(type_names) ? e->type : ORC_NOTHING], reg_names[e->sp_reg], e->sp_offset,
		reg_names[e->bp_reg], e->bp_offset);
}

static void add_range(struct orc *orc, const struct orc_range *range)
{
	orc->ranges = xgrow(orc->ranges, &orc->capacity, orc->n_ranges + 1, sizeof(*range));
	orc->ranges[orc->n_ranges++] = *range;
}

void orc_add(struct orc *orc, uint64_t ip_table, const int32_t *ips, const uint8_t *entries, size_t n)
{
	for (size_t i = 0; i + 1 < n && orc->n_ranges < ORC_ENTRIES_MAX; i++) {
		uint64_t at = ip_table + i * sizeof(*ips);

		add_range(orc, &(struct orc_range){ at + (int64_t)ips[i], at + sizeof(*ips) + (int64_t)ips[i + 1],
						    read_entry(orc->format, entries, i) });
	}
}

/* The index of a word, or 0. */
static unsigned int word_index(const char *const *words, size_t n, const char *word)
{
	while (--n && strcmp(words[n], word))
		;
	return n;
}

bool orc_parse(struct orc *orc, const struct kv_pair *line)
{
	char type[16], sp_reg[16], bp_reg[16];
	struct orc_range r;
	uint64_t size;

	if (sscanf(line->key, "ORC(%" SCNx64 ")", &r.start) != 1 ||
	    sscanf(line->value, "%" SCNu64 " %15s %15s %" SCNd16 " %15s %" SCNd16, &size, type, sp_reg,
		   &r.entry.sp_offset, bp_reg, &r.entry.bp_offset) != 6 ||
	    __builtin_add_overflow(r.start, size, &r.end))
		return false;
	r.entry.type = word_index(type_names, ARRAY_LEN(type_names), type);
	r.entry.sp_reg = word_index(reg_names, ARRAY_LEN(reg_names), sp_reg);
	r.entry.bp_reg = word_index(reg_names, ARRAY_LEN(reg_names), bp_reg);
	add_range(orc, &r);
	return true;
}

static int cmp_range(const void *a, const void *b)
{
	const struct orc_range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

void orc_finish(struct orc *orc)
{
	if (orc->n_ranges)
		qsort(orc->ranges, orc->n_ranges, sizeof(*orc->ranges), cmp_range);
}
