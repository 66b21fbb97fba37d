// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/core/member.h"
#include "dump/log/prb.h"

/* No structure of the ring is larger than this. */
#define STRUCT_MAX PRB_INFO_MAX

/* A log of 128 MiB, with a descriptor for each 32 bytes as the kernel sizes it. */
#define COUNT_BITS_MAX 22
#define SIZE_BITS_MAX  27

/* State of a descriptor: the two upper bits, over the id. */
#define STATE_SHIFT 62
#define ID_MASK	    ((1ULL << STATE_SHIFT) - 1)
enum { STATE_RESERVED, STATE_COMMITTED, STATE_FINALIZED, STATE_REUSABLE };

/* Positions that stand for a text of no length, and for one that found no room. */
#define LPOS_EMPTY    3
#define LPOS_DATALESS 1

/* Members are described from the start of the largest structure: descs from that of the ring buffer, for example. */
struct prb_layout {
	uint64_t ringbuffer_size, desc_size, info_size;
	struct member count_bits, descs, infos, head_id, tail_id, size_bits, data;	     /* of printk_ringbuffer */
	struct member state, begin, next;						     /* of prb_desc */
	struct member seq, ts_nsec, text_len, caller_id, facility, level, subsystem, device; /* of printk_info */
	struct member other_id, comm; /* likewise, and from qcmdd's note alone */
};

struct prb {
	const struct corefile *core;
	struct prb_layout l;
	uint64_t descs, infos, data;
	uint64_t count, size;
	uint64_t head, tail;
	char *text; /* of all records */
	uint64_t text_size;
};

/* VMCOREINFO says where, and qcmdd's note, if it is there, how wide. */
static bool find_member(const struct corefile *core, const char *name, unsigned int bytes, struct member *ret)
{
	struct member told;

	if (!member_find(&core->vmcoreinfo, name, bytes, ret))
		return false;
	if (member_find(&core->kernel_note, name, bytes, &told) && told.bit == ret->bit)
		*ret = told;
	return member_end(ret) <= STRUCT_MAX;
}

/* A member of members, such as "printk_ringbuffer.desc_ring", "prb_desc_ring.head_id", "atomic_long_t.counter". */
static bool find_path(const struct corefile *core, const char *const names[3], unsigned int bytes, struct member *ret)
{
	struct member outer = { 0 };

	for (size_t i = 0; i < 3 && names[i]; i++) {
		if (!find_member(core, names[i], bytes, ret))
			return false;
		*ret = outer = member_inside(&outer, ret);
	}
	return member_is_number(ret);
}

static int missing_key(const char *kind, const char *name, struct derr *err)
{
	return derr_set(err, -EINVAL,
			"The log cannot be read: VMCOREINFO has no %s of %s that makes sense. Kernels since 5.10 "
			"write it.",
			kind, name);
}

static int read_members(struct prb_layout *l, const struct corefile *core, struct derr *err)
{
	const struct {
		struct member *ret;
		unsigned int bytes;
		const char *names[3];
	} members[] = {
		{ &l->count_bits, 4, { "printk_ringbuffer.desc_ring", "prb_desc_ring.count_bits" } },
		{ &l->descs, 8, { "printk_ringbuffer.desc_ring", "prb_desc_ring.descs" } },
		{ &l->infos, 8, { "printk_ringbuffer.desc_ring", "prb_desc_ring.infos" } },
		{ &l->head_id, 8, { "printk_ringbuffer.desc_ring", "prb_desc_ring.head_id", "atomic_long_t.counter" } },
		{ &l->tail_id, 8, { "printk_ringbuffer.desc_ring", "prb_desc_ring.tail_id", "atomic_long_t.counter" } },
		{ &l->size_bits, 4, { "printk_ringbuffer.text_data_ring", "prb_data_ring.size_bits" } },
		{ &l->data, 8, { "printk_ringbuffer.text_data_ring", "prb_data_ring.data" } },
		{ &l->state, 8, { "prb_desc.state_var", "atomic_long_t.counter" } },
		{ &l->begin, 8, { "prb_desc.text_blk_lpos", "prb_data_blk_lpos.begin" } },
		{ &l->next, 8, { "prb_desc.text_blk_lpos", "prb_data_blk_lpos.next" } },
		{ &l->seq, 8, { "printk_info.seq" } },
		{ &l->ts_nsec, 8, { "printk_info.ts_nsec" } },
		{ &l->text_len, 2, { "printk_info.text_len" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *const *name = members[i].names;

		if (find_path(core, name, members[i].bytes, members[i].ret))
			continue;
		return missing_key("offset", name[2] ?: name[1] ?: name[0], err);
	}
	return 0;
}

static int read_layout(struct prb_layout *l, const struct corefile *core, struct derr *err)
{
	const struct {
		const char *name;
		uint64_t *ret;
	} sizes[] = {
		{ "printk_ringbuffer", &l->ringbuffer_size },
		{ "prb_desc", &l->desc_size },
		{ "printk_info", &l->info_size },
	};
	const struct kv *q = &core->kernel_note;
	struct member dev, subsystem, device;

	*l = (struct prb_layout){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		if (kv_size(&core->vmcoreinfo, sizes[i].name, sizes[i].ret) < 0 || *sizes[i].ret > STRUCT_MAX)
			return missing_key("size", sizes[i].name, err);
	if (read_members(l, core, err) < 0)
		return -EINVAL;
	find_member(core, "printk_info.caller_id", 4, &l->caller_id);
	if (find_member(core, "printk_info.dev_info", 0, &dev) &&
	    find_member(core, "dev_printk_info.subsystem", PRB_SUBSYSTEM_MAX, &subsystem) &&
	    find_member(core, "dev_printk_info.device", PRB_DEVICE_MAX, &device)) {
		l->subsystem = member_inside(&dev, &subsystem);
		l->device = member_inside(&dev, &device);
	}
	member_find(q, "printk_info.caller_id2", 4, &l->other_id);
	member_find(q, "printk_info.comm", 16, &l->comm);
	member_find(q, "printk_info.facility", 1, &l->facility);
	member_find(q, "printk_info.level", 0, &l->level);
	return 0;
}

static int damaged(const char *what, struct derr *err)
{
	return derr_set(err, -EINVAL, "The log cannot be read: its control structure is damaged (%s).", what);
}

static int missing(const char *what, uint64_t vaddr, const struct corefile *core, struct derr *err)
{
	return derr_set(err, -ENOENT,
			"The log cannot be read: %s, at 0x%" PRIx64 ", is not in %s. qcmdump info tells what is. "
			"A policy with a [Printk] section puts it there.",
			what, vaddr, core->path);
}

static int read_control(struct prb *p, struct derr *err)
{
	const struct prb_layout *l = &p->l;
	char buf[STRUCT_MAX];
	uint64_t prb, at, count_bits, size_bits;

	if (!p->core->vmcoreinfo.text)
		return derr_set(err, -ENOENT,
				"The log cannot be read: VMCOREINFO is not in the dump. qcmdump info tells what is.");
	if (kv_symbol(&p->core->vmcoreinfo, "prb", &at) < 0)
		return derr_set(err, -ENOENT,
				"The log cannot be read: VMCOREINFO does not say where it is (no SYMBOL(prb)).");
	if (core_read_virt(p->core, at, &prb, sizeof(prb)) < 0)
		return missing("the pointer to it", at, p->core, err);
	if (core_read_virt(p->core, prb, buf, l->ringbuffer_size) < 0)
		return missing("its control structure", prb, p->core, err);
	count_bits = member_value(&l->count_bits, buf, l->ringbuffer_size);
	size_bits = member_value(&l->size_bits, buf, l->ringbuffer_size);
	p->descs = member_value(&l->descs, buf, l->ringbuffer_size);
	p->infos = member_value(&l->infos, buf, l->ringbuffer_size);
	p->data = member_value(&l->data, buf, l->ringbuffer_size);
	p->head = member_value(&l->head_id, buf, l->ringbuffer_size);
	p->tail = member_value(&l->tail_id, buf, l->ringbuffer_size);
	if (count_bits > COUNT_BITS_MAX || size_bits > SIZE_BITS_MAX)
		return damaged("impossible sizes", err);
	p->count = 1ULL << count_bits;
	p->size = 1ULL << size_bits;
	if (!l->desc_size || !l->info_size || p->count > p->core->file_size || p->size > p->core->file_size)
		return damaged("it claims more than the dump has", err);
	if (!rangemap_covers(&p->core->virt, p->descs, 1))
		return missing("its descriptors", p->descs, p->core, err);
	if (!rangemap_covers(&p->core->virt, p->infos, 1))
		return missing("its record headers", p->infos, p->core, err);
	if (!rangemap_covers(&p->core->virt, p->data, 1))
		return missing("its text", p->data, p->core, err);
	return 0;
}

/* Where the text of a record is, without the id before it. False: damaged, or the record lost its text. */
static bool locate_text(const struct prb *p, uint64_t id, uint64_t begin, uint64_t next, uint64_t *at, uint64_t *len)
{
	uint64_t block;

	if (begin == LPOS_EMPTY && next == LPOS_EMPTY) {
		*len = 0;
		return true;
	}
	if (begin & next & LPOS_DATALESS)
		return false;
	/* Newer kernels let a block end just at the end of the ring. */
	if (next != begin && next - begin <= p->size && begin / p->size == (next - 1) / p->size) {
		*at = begin % p->size;
		*len = next - begin;
	} else if ((begin + p->size) / p->size == next / p->size && next % p->size) {
		/* A block is never split: it went to the start of the ring. */
		*at = 0;
		*len = next % p->size;
	} else {
		return false;
	}
	if (*len < sizeof(block) || core_read_virt(p->core, p->data + *at, &block, sizeof(block)) < 0 || block != id)
		return false;
	*at += sizeof(block);
	*len -= sizeof(block);
	return true;
}

static void copy_text(char *to, size_t max, const struct member *m, const char *info, uint64_t size)
{
	size_t n = m->bits / 8 < max ? m->bits / 8 : max;

	if (member_end(m) > size)
		n = 0;
	n = strnlen(info + member_first(m), n);
	memcpy(to, info + member_first(m), n);
	to[n] = '\0';
}

/* Of thread and CPU one is the caller, and the other one is kept beside it. */
static void fill_context(const struct prb_layout *l, const char *info, struct prb_record *r)
{
	uint64_t other;

	r->has_context = r->has_caller && l->comm.bits && member_read(&l->other_id, info, l->info_size, &other);
	if (!r->has_context)
		return;
	r->cpu = (r->caller & PRB_CALLER_CPU ? r->caller : other) & ~PRB_CALLER_CPU;
	r->pid = r->caller & PRB_CALLER_CPU ? other : r->caller;
	copy_text(r->comm, PRB_COMM_MAX, &l->comm, info, l->info_size);
}

static void fill_info(const struct prb_layout *l, const char *info, struct prb_record *r)
{
	uint64_t n = l->info_size, value;

	r->seq = member_value(&l->seq, info, n);
	r->ts_nsec = member_value(&l->ts_nsec, info, n);
	r->has_caller = member_read(&l->caller_id, info, n, &value);
	r->caller = r->has_caller ? value : 0;
	r->has_facility = member_read(&l->facility, info, n, &value);
	r->facility = r->has_facility ? value : 0;
	r->has_level = member_read(&l->level, info, n, &value);
	r->level = r->has_level ? value : 0;
	fill_context(l, info, r);
	copy_text(r->subsystem, PRB_SUBSYSTEM_MAX, &l->subsystem, info, n);
	copy_text(r->device, PRB_DEVICE_MAX, &l->device, info, n);
}

/* 1: a record, 0: none, -EBADMSG: it was being written or is damaged. */
static int read_record(struct prb *p, uint64_t id, struct prb_record *r)
{
	const struct prb_layout *l = &p->l;
	char desc[STRUCT_MAX], info[STRUCT_MAX];
	uint64_t state, at = 0, len, text_len, i = id % p->count;

	*r = (struct prb_record){ 0 };
	if (core_read_virt(p->core, p->descs + i * l->desc_size, desc, l->desc_size) < 0 ||
	    core_read_virt(p->core, p->infos + i * l->info_size, info, l->info_size) < 0)
		return -EBADMSG;
	state = member_value(&l->state, desc, l->desc_size);
	if (state >> STATE_SHIFT == STATE_REUSABLE)
		return 0;
	if ((state & ID_MASK) != id || state >> STATE_SHIFT == STATE_RESERVED)
		return -EBADMSG;
	if (!locate_text(p, id, member_value(&l->begin, desc, l->desc_size), member_value(&l->next, desc, l->desc_size),
			 &at, &len))
		return -EBADMSG;
	text_len = member_value(&l->text_len, info, l->info_size);
	if (text_len > len)
		text_len = len;
	/* No two texts have a byte in common, so they all fit, or this one is damaged. */
	if (text_len > p->size - p->text_size ||
	    (text_len && core_read_virt(p->core, p->data + at, p->text + p->text_size, text_len) < 0))
		return -EBADMSG;
	fill_info(l, info, r);
	r->info_at = p->infos + i * l->info_size;
	r->text_at = text_len ? p->data + at : 0;
	r->text = p->text + p->text_size;
	r->text_len = text_len;
	p->text_size += text_len;
	return 1;
}

void log_add(struct log *l, const struct prb_record *r)
{
	if (l->n == LOG_RECORDS_MAX) {
		l->skipped++;
		return;
	}
	l->v = xgrow(l->v, &l->capacity, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = *r;
}

int prb_read(const struct corefile *core, struct log *l, struct derr *err)
{
	struct prb p = { .core = core };
	uint64_t n;
	int r;

	r = read_layout(&p.l, core, err);
	if (r == 0)
		r = read_control(&p, err);
	if (r < 0)
		return r;
	n = ((p.head - p.tail) & ID_MASK) + 1;
	if (n > p.count) {
		/* Torn or overwritten: the head still tells where the newest records are. */
		n = p.count;
		p.tail = p.head - n + 1;
	}
	l->text = p.text = xcalloc(p.size, 1);
	for (uint64_t i = 0; i < n; i++) {
		struct prb_record record;

		r = read_record(&p, (p.tail + i) & ID_MASK, &record);
		if (r > 0)
			log_add(l, &record);
		else if (r < 0)
			l->skipped++;
	}
	return 0;
}

static void mark(uint8_t mask[static PRB_INFO_MAX], const struct member *m)
{
	for (uint64_t i = member_first(m); m->bits && i < member_end(m) && i < PRB_INFO_MAX; i++)
		mask[i] = 1;
}

int prb_info_numbers(const struct corefile *core, bool comm, uint8_t mask[static PRB_INFO_MAX], size_t *size,
		     struct derr *err)
{
	struct prb_layout l;
	int r = read_layout(&l, core, err);
	struct member after = { .bits = 16 };

	memset(mask, 0, PRB_INFO_MAX);
	if (r < 0)
		return r;
	/* Facility, flags and level are in the two bytes behind the length, also where no note says so. */
	after.bit = member_end(&l.text_len) * 8;
	mark(mask, &l.seq);
	mark(mask, &l.ts_nsec);
	mark(mask, &l.text_len);
	mark(mask, &after);
	mark(mask, &l.caller_id);
	mark(mask, &l.other_id);
	if (comm)
		mark(mask, &l.comm);
	*size = l.info_size;
	return 0;
}
