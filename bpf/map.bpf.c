// SPDX-License-Identifier: GPL-2.0-only
/* Where BPF maps keep what is in them. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stddef.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "map.h"

/* Only what is used; where it lies is found in the running kernel's BTF. */
struct bpf_map {
	enum bpf_map_type map_type;
	__u32 max_entries;
	__u32 map_flags;
	__u32 id;
	char name[MAP_NAME_SIZE];
} __attribute__((preserve_access_index));

struct bpf_array {
	__u32 elem_size;
	char value[0];
	void *pptrs[0];
} __attribute__((preserve_access_index));

struct bpf_htab {
	void *elems;
	__u32 elem_size;
} __attribute__((preserve_access_index));

struct bpf_ringbuf {
	__u64 mask;
	unsigned long consumer_pos;
	char data[0];
} __attribute__((preserve_access_index));

struct bpf_ringbuf_map {
	struct bpf_ringbuf *rb;
} __attribute__((preserve_access_index));

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
} __attribute__((preserve_access_index));

static void look_at_array(struct map_memory *m, struct bpf_map *map)
{
	struct bpf_array *array = (void *)map;

	m->elem_size = BPF_CORE_READ(array, elem_size);
	m->size = (__u64)m->elem_size * m->max_entries;
	m->address = (__u64)map + bpf_core_field_offset(struct bpf_array, value);
}

static void look_at_hash(struct map_memory *m, struct bpf_map *map)
{
	struct bpf_htab *htab = (void *)map;

	m->elem_size = BPF_CORE_READ(htab, elem_size);
	m->size = (__u64)m->elem_size * m->max_entries;
	m->address = (__u64)BPF_CORE_READ(htab, elems);
}

/* Both positions, which have a page each, and the data behind them; the second mapping of the data is left out. */
static void look_at_ringbuf(struct map_memory *m, struct bpf_map *map)
{
	struct bpf_ringbuf_map *ringbuf_map = (void *)map;
	struct bpf_ringbuf *rb = BPF_CORE_READ(ringbuf_map, rb);
	__u64 start = bpf_core_field_offset(struct bpf_ringbuf, consumer_pos);

	m->address = (__u64)rb + start;
	m->size = bpf_core_field_offset(struct bpf_ringbuf, data) - start + BPF_CORE_READ(rb, mask) + 1;
}

SEC("iter/bpf_map")
int on_map(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	struct map_memory m = {};

	if (!map)
		return 0;
	m.id = map->id;
	m.type = map->map_type;
	m.flags = map->map_flags;
	m.max_entries = map->max_entries;
	bpf_probe_read_kernel_str(m.name, sizeof(m.name), map->name);
	switch (m.type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		look_at_array(&m, map);
		break;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		if (!(m.flags & BPF_F_NO_PREALLOC))
			look_at_hash(&m, map);
		break;
	case BPF_MAP_TYPE_RINGBUF:
		look_at_ringbuf(&m, map);
		break;
	}
	bpf_seq_write(ctx->meta->seq, &m, sizeof(m));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
