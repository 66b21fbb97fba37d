// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/log/prb.h"

/* No structure of the ring is larger than this. */
#define STRUCT_MAX 1024

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

struct prb_layout {
	uint64_t ringbuffer_size, desc_ring, text_data_ring, fail;
	uint64_t count_bits, descs, infos, head_id, tail_id;
	uint64_t size_bits, data, counter;
	uint64_t desc_size, state_var, text_blk_lpos, begin, next;
	uint64_t info_size, seq, ts_nsec, text_len, caller_id, dev_info;
	uint64_t dev_size, subsystem, device, facility;
	bool has_caller, has_dev, has_facility, has_level;
	unsigned int level_bit, level_width;
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

static int need(const struct kv *v, int (*get)(const struct kv *, const char *, uint64_t *), const char *name,
		uint64_t *ret, struct derr *err)
{
	int r = get(v, name, ret);

	if (r == 0 && *ret <= STRUCT_MAX)
		return 0;
	return derr_set(err, -EINVAL,
			"The log cannot be read: VMCOREINFO has no %s of %s that makes sense. Kernels since 5.10 "
			"write it.",
			get == kv_size ? "size" : "offset", name);
}

static int read_layout(struct prb_layout *l, const struct corefile *core, struct derr *err)
{
	const struct {
		int (*get)(const struct kv *, const char *, uint64_t *);
		const char *name;
		uint64_t *ret;
	} fields[] = {
		{ kv_size, "printk_ringbuffer", &l->ringbuffer_size },
		{ kv_offset, "printk_ringbuffer.desc_ring", &l->desc_ring },
		{ kv_offset, "printk_ringbuffer.text_data_ring", &l->text_data_ring },
		{ kv_offset, "prb_desc_ring.count_bits", &l->count_bits },
		{ kv_offset, "prb_desc_ring.descs", &l->descs },
		{ kv_offset, "prb_desc_ring.infos", &l->infos },
		{ kv_offset, "prb_desc_ring.head_id", &l->head_id },
		{ kv_offset, "prb_desc_ring.tail_id", &l->tail_id },
		{ kv_offset, "prb_data_ring.size_bits", &l->size_bits },
		{ kv_offset, "prb_data_ring.data", &l->data },
		{ kv_offset, "atomic_long_t.counter", &l->counter },
		{ kv_size, "prb_desc", &l->desc_size },
		{ kv_offset, "prb_desc.state_var", &l->state_var },
		{ kv_offset, "prb_desc.text_blk_lpos", &l->text_blk_lpos },
		{ kv_offset, "prb_data_blk_lpos.begin", &l->begin },
		{ kv_offset, "prb_data_blk_lpos.next", &l->next },
		{ kv_size, "printk_info", &l->info_size },
		{ kv_offset, "printk_info.seq", &l->seq },
		{ kv_offset, "printk_info.ts_nsec", &l->ts_nsec },
		{ kv_offset, "printk_info.text_len", &l->text_len },
	};
	const struct kv *v = &core->vmcoreinfo, *q = &core->kernel_note;

	*l = (struct prb_layout){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (need(v, fields[i].get, fields[i].name, fields[i].ret, err) < 0)
			return -EINVAL;
	l->has_caller = kv_offset(v, "printk_info.caller_id", &l->caller_id) == 0;
	l->has_dev = kv_offset(v, "printk_info.dev_info", &l->dev_info) == 0 &&
		     kv_offset(v, "dev_printk_info.subsystem", &l->subsystem) == 0 &&
		     kv_offset(v, "dev_printk_info.device", &l->device) == 0;
	l->has_facility = kv_offset(q, "printk_info.facility", &l->facility) == 0;
	l->has_level = kv_bits(q, "printk_info.level", &l->level_bit, &l->level_width) == 0;
	return 0;
}

/* A field of a structure that was read; what lies outside of it reads as 0. */
static uint64_t field(const char *buf, uint64_t buf_size, uint64_t offset, size_t size)
{
	uint64_t v = 0;

	if (offset <= buf_size && buf_size - offset >= size)
		memcpy(&v, buf + offset, size);
	return v;
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
	count_bits = field(buf, l->ringbuffer_size, l->desc_ring + l->count_bits, 4);
	size_bits = field(buf, l->ringbuffer_size, l->text_data_ring + l->size_bits, 4);
	p->descs = field(buf, l->ringbuffer_size, l->desc_ring + l->descs, 8);
	p->infos = field(buf, l->ringbuffer_size, l->desc_ring + l->infos, 8);
	p->data = field(buf, l->ringbuffer_size, l->text_data_ring + l->data, 8);
	p->head = field(buf, l->ringbuffer_size, l->desc_ring + l->head_id + l->counter, 8);
	p->tail = field(buf, l->ringbuffer_size, l->desc_ring + l->tail_id + l->counter, 8);
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

static void copy_text(char *to, size_t max, const char *info, uint64_t info_size, uint64_t offset)
{
	size_t n;

	to[0] = '\0';
	if (offset >= info_size)
		return;
	if (max > info_size - offset)
		max = info_size - offset;
	n = strnlen(info + offset, max);
	memcpy(to, info + offset, n);
	to[n] = '\0';
}

static void fill_info(const struct prb *p, const char *info, struct prb_record *r)
{
	const struct prb_layout *l = &p->l;
	uint64_t n = l->info_size;

	r->seq = field(info, n, l->seq, 8);
	r->ts_nsec = field(info, n, l->ts_nsec, 8);
	r->has_caller = l->has_caller;
	r->caller = l->has_caller ? field(info, n, l->caller_id, 4) : 0;
	r->has_facility = l->has_facility;
	r->facility = l->has_facility ? field(info, n, l->facility, 1) : 0;
	r->has_level = l->has_level;
	if (l->has_level)
		r->level = (field(info, n, l->level_bit / 8, l->level_bit % 8 + l->level_width > 8 ? 4 : 1) >>
			    (l->level_bit % 8)) &
			   ((1ULL << l->level_width) - 1);
	if (l->has_dev) {
		copy_text(r->subsystem, PRB_SUBSYSTEM_MAX, info, n, l->dev_info + l->subsystem);
		copy_text(r->device, PRB_DEVICE_MAX, info, n, l->dev_info + l->device);
	}
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
	state = field(desc, l->desc_size, l->state_var + l->counter, 8);
	if (state >> STATE_SHIFT == STATE_REUSABLE)
		return 0;
	if ((state & ID_MASK) != id || state >> STATE_SHIFT == STATE_RESERVED)
		return -EBADMSG;
	if (!locate_text(p, id, field(desc, l->desc_size, l->text_blk_lpos + l->begin, 8),
			 field(desc, l->desc_size, l->text_blk_lpos + l->next, 8), &at, &len))
		return -EBADMSG;
	text_len = field(info, l->info_size, l->text_len, 2);
	if (text_len > len)
		text_len = len;
	/* No two texts have a byte in common, so they all fit, or this one is damaged. */
	if (text_len > p->size - p->text_size ||
	    (text_len && core_read_virt(p->core, p->data + at, p->text + p->text_size, text_len) < 0))
		return -EBADMSG;
	fill_info(p, info, r);
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
