// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "dump/core/page.h"
#include "dump/core/tasks.h"
#include "dump/collect/toc.h"
#include "lib/file.h"

/* To which a back end may have cut a name. */
#define SYMBOL_NAME_MIN 11

bool toc_header_plausible(const struct minidump_ram_header *h)
{
	uint32_t size = le32toh(h->header_size);

	return !memcmp(h->magic, MINIDUMP_RAM_MAGIC, MINIDUMP_RAM_MAGIC_SIZE) && size >= sizeof(*h) &&
	       size <= DUMP_PAGE;
}

bool toc_header_checksum_ok(const struct minidump_ram_header *h)
{
	return crc32(0, (const Bytef *)h, offsetof(struct minidump_ram_header, crc32)) == le32toh(h->crc32);
}

void toc_clear(struct toc *toc)
{
	free(toc->regions);
	strlist_clear(&toc->problems);
	strlist_clear(&toc->warnings);
	*toc = (struct toc){ 0 };
}

const struct region *toc_region(const struct toc *toc, const char *name)
{
	for (size_t i = 0; i < toc->n_regions; i++)
		if (!strcmp(toc->regions[i].name, name))
			return &toc->regions[i];
	return NULL;
}

const struct region *toc_symbol(const struct toc *toc, const char *variable)
{
	char name[64];

	snprintf(name, sizeof(name), MINIDUMP_SYMBOL_NAME "%s", variable);
	for (size_t i = 0; i < toc->n_regions; i++) {
		const char *found = toc->regions[i].name;
		size_t len = strlen(found);

		if (!strcmp(found, name) || (len >= SYMBOL_NAME_MIN && !strncmp(found, name, len)))
			return &toc->regions[i];
	}
	return NULL;
}

static bool slot_is_empty(const struct minidump_region *s)
{
	static const struct minidump_region zero;

	return !memcmp(s, &zero, sizeof(zero));
}

/* A slot becomes a region, or a problem. */
static void read_slot(const struct image *img, struct toc *toc, unsigned int slot, const struct minidump_region *s)
{
	struct region r = {
		.slot = slot, .seq = le32toh(s->seq_num), .paddr = le64toh(s->address), .size = le64toh(s->size)
	};
	uint64_t ram = rangemap_total(&img->phys), end;
	uint32_t valid = le32toh(s->valid);
	bool named = region_name_copy(r.name, s->name, sizeof(s->name)) == 0;
	const char *name = named ? r.name : "(bad name)";

	if (slot_is_empty(s))
		return;
	if (valid == MINIDUMP_REGION_INVALID) {
		/* Half-written by rule: invalid first, VALI last. The slot was free or about to be. */
		if (named)
			strlist_addf(&toc->problems, "slot %u (%s): was being changed when the machine stopped", slot,
				     name);
		return;
	}
	toc->slots_used++;
	if (valid != MINIDUMP_REGION_VALID)
		strlist_addf(&toc->problems, "slot %u (%s): neither valid nor invalid (0x%08x): overwritten", slot,
			     name, valid);
	else if (!named)
		strlist_addf(&toc->problems, "slot %u: the name is no text: overwritten", slot);
	else if (!r.size || __builtin_add_overflow(r.paddr, r.size, &end) || end > PADDR_LIMIT)
		strlist_addf(&toc->problems, "slot %u (%s): impossible range, 0x%" PRIx64 " bytes at 0x%" PRIx64, slot,
			     name, r.size, r.paddr);
	else if (r.size > ram || r.size > ram - toc->bytes)
		strlist_addf(&toc->problems, "slot %u (%s): %" PRIu64 " bytes are more than the memory that is there",
			     slot, name, r.size);
	else if (!rangemap_covers(&img->phys, r.paddr, r.size))
		strlist_addf(&toc->problems,
			     "slot %u (%s): its memory, %" PRIu64 " bytes at 0x%" PRIx64 ", is not in %s", slot, name,
			     r.size, r.paddr, img->path);
	else {
		toc->regions[toc->n_regions++] = r;
		toc->bytes += r.size;
	}
}

static void check_status(struct toc *toc, const struct minidump_global_toc *g, const struct minidump_subsystem *ss)
{
	uint32_t enabled = le32toh(g->enabled);

	toc->enabled = g->status && enabled && le32toh(ss->status) == 1 && le32toh(ss->enabled) == MINIDUMP_SS_ENABLED;
	if (!toc->enabled)
		strlist_addf(&toc->problems, "the table is not marked as enabled: it was being set up or taken down "
					     "when the machine stopped, or is damaged");
	if (le32toh(g->revision) != MINIDUMP_TOC_REVISION)
		strlist_addf(&toc->problems,
			     "the table has revision %u, this program knows %u: some of it may be read wrongly",
			     le32toh(g->revision), MINIDUMP_TOC_REVISION);
	if (le32toh(ss->encryption_required) == MINIDUMP_SS_ENCR_REQ)
		strlist_addf(&toc->problems,
			     "the table says that firmware encrypts its regions: the dump may be unreadable");
}

static int cmp_by_memory(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	if (x->paddr != y->paddr)
		return x->paddr < y->paddr ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return (x->slot > y->slot) - (x->slot < y->slot);
}

static int cmp_by_slot(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* The same by two names, as a variable and as what a pointer leads to; or a task that a policy names and a CPU runs. */
static bool may_overlap(const struct region *a, const struct region *b)
{
	if (strcmp(a->name, b->name))
		return a->paddr == b->paddr;
	return !strcmp(a->name, MINIDUMP_TASK_NAME) || !strcmp(a->name, MINIDUMP_STACK_NAME);
}

/*
 * The same region in two slots is the instant in the middle of a move within the table: it is kept once, and
 * nothing is wrong. Everything else that overlaps is told.
 */
void toc_settle_overlaps(struct toc *toc)
{
	struct region *v = toc->regions, *last = NULL;
	size_t n = 0;

	qsort(v, toc->n_regions, sizeof(*v), cmp_by_memory);
	for (size_t i = 0; i < toc->n_regions; i++) {
		struct region r = v[i];

		if (n && v[n - 1].paddr == r.paddr && v[n - 1].size == r.size && v[n - 1].seq == r.seq &&
		    !strcmp(v[n - 1].name, r.name)) {
			toc->bytes -= r.size;
			continue;
		}
		v[n++] = r;
	}
	toc->n_regions = n;
	for (size_t i = 0; i < n; i++) {
		if (last && v[i].paddr < last->paddr + last->size && !may_overlap(&v[i], last))
			strlist_addf(&toc->problems, "slot %u (%s) overlaps slot %u (%s): the memory is saved once",
				     v[i].slot, v[i].name, last->slot, last->name);
		if (!last || v[i].paddr + v[i].size > last->paddr + last->size)
			last = &v[i];
	}
	qsort(v, n, sizeof(*v), cmp_by_slot);
}

static int read_slots(const struct image *img, struct toc *toc, uint64_t base, uint32_t count, struct derr *err)
{
	struct minidump_region *slots;
	uint64_t room = rangemap_contiguous(&img->phys, base) / sizeof(*slots);
	/* An array that is cut off at the end still has a beginning. */
	uint32_t readable = room < count ? room : count;
	int r = -EFAULT;

	if (count && !readable)
		return derr_set(err, -EFAULT, "its array of regions, at 0x%" PRIx64 ", is not in %s", base, img->path);
	if (readable < count)
		strlist_addf(&toc->problems, "only %u of %u slots of the table are in %s", readable, count, img->path);
	slots = xcalloc(readable, sizeof(*slots));
	toc->regions = xcalloc(readable, sizeof(*toc->regions));
	if (readable)
		r = image_read(img, base, slots, readable * sizeof(*slots));
	for (uint32_t i = 0; i < readable && r == 0; i++)
		read_slot(img, toc, i, &slots[i]);
	free(slots);
	if (readable && r < 0)
		return derr_set(err, r, "its array of regions, at 0x%" PRIx64 ", cannot be read: %s", base,
				strerror(-r));
	return 0;
}

/* The table of contents behind the header in plain RAM */
static int read_header(const struct image *img, struct toc *toc, struct minidump_global_toc *g, struct derr *err)
{
	struct minidump_ram_header h;

	if (image_read(img, toc->header, &h, sizeof(h)) < 0 || !toc_header_plausible(&h))
		return derr_set(err, -ENOENT, "there is no table header at 0x%" PRIx64, toc->header);
	if (le64toh(h.self) != toc->header)
		return derr_set(err, -ENOENT, "the header at 0x%" PRIx64 " is a copy of one at 0x%" PRIx64, toc->header,
				(uint64_t)le64toh(h.self));
	toc->checksum_ok = toc_header_checksum_ok(&h);
	if (!toc->checksum_ok)
		strlist_addf(&toc->problems,
			     "the checksum of the table's header is wrong: it was overwritten, or the module "
			     "was being loaded or unloaded");
	toc->page_size = le32toh(h.page_size);
	toc->slots_max = le32toh(h.slots_max);
	if (image_read(img, le64toh(h.toc), g, sizeof(*g)) < 0)
		return derr_set(err, -EFAULT, "its table of contents, at 0x%" PRIx64 ", is not in %s",
				(uint64_t)le64toh(h.toc), img->path);
	return 0;
}

/* Registers are read as the table of contents that they stand for. */
static int read_registers(const struct image *img, struct toc *toc, struct minidump_global_toc *g, struct derr *err)
{
	__le32 regs[MINIDUMP_REGS_SIZE / sizeof(__le32)];
	int r = pread_full(img->registers_fd, regs, sizeof(regs), 0);

#define REG(name) regs[MINIDUMP_REG_##name / sizeof(__le32)]
	if (r < 0)
		return derr_set(err, r, "its registers cannot be read: %s", strerror(-r));
	if (REG(STATUS) == UINT32_MAX && REG(REVISION) == UINT32_MAX)
		return derr_set(err, -ENOENT, "its registers are all ones: nobody has set it up");
	*g = (struct minidump_global_toc){
		.status = REG(STATUS),
		.revision = REG(REVISION),
		.enabled = REG(ENABLED),
		.subsystems[MINIDUMP_SUBSYSTEM_APSS] = {
			.status = REG(SS_STATUS),
			.enabled = REG(SS_ENABLED),
			.encryption_status = REG(SS_ENCRYPTION_STATUS),
			.encryption_required = REG(SS_ENCRYPTION_REQUIRED),
			.region_count = REG(SS_REGION_COUNT),
			.regions_baseptr = (uint64_t)REG(SS_REGIONS_BASE_HIGH) << 32 | REG(SS_REGIONS_BASE_LOW),
		},
	};
#undef REG
	toc->checksum_ok = true;
	toc->slots_max = TOC_SLOTS_MAX;
	return 0;
}

int toc_read(const struct image *img, uint64_t paddr, uint32_t slots, struct toc *toc, struct derr *err)
{
	struct minidump_global_toc g;
	struct minidump_subsystem ss;
	uint32_t count;
	int r;

	*toc = (struct toc){ .header = paddr };
	r = image_has_registers(img) ? read_registers(img, toc, &g, err) : read_header(img, toc, &g, err);
	if (r < 0)
		return r;
	ss = g.subsystems[MINIDUMP_SUBSYSTEM_APSS];
	check_status(toc, &g, &ss);
	count = le32toh(ss.region_count);
	if (toc->slots_max > TOC_SLOTS_MAX)
		toc->slots_max = TOC_SLOTS_MAX;
	if (count > toc->slots_max) {
		strlist_addf(&toc->problems, "the table claims %u slots, but has room for %u", count, toc->slots_max);
		count = toc->slots_max;
	}
	r = read_slots(img, toc, le64toh(ss.regions_baseptr), count < slots ? count : slots, err);
	if (r < 0)
		return r;
	if (count <= slots)
		toc_settle_overlaps(toc);
	return 0;
}
