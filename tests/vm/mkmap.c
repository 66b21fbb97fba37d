// SPDX-License-Identifier: GPL-2.0-only
/*
 * mkmap TYPE PATH: makes a BPF map, fills it with texts that begin with TYPE, and pins it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define ENTRIES	   4
#define VALUE_SIZE 64

static const struct type {
	const char *name;
	enum bpf_map_type type;
	__u32 key_size, value_size, entries, flags;
} types[] = {
	{ "array", BPF_MAP_TYPE_ARRAY, 4, VALUE_SIZE, ENTRIES, 0 },
	{ "mmapable", BPF_MAP_TYPE_ARRAY, 4, VALUE_SIZE, 200, BPF_F_MMAPABLE },
	{ "percpu", BPF_MAP_TYPE_PERCPU_ARRAY, 4, VALUE_SIZE, 2, 0 },
	{ "hash", BPF_MAP_TYPE_HASH, 4, VALUE_SIZE, ENTRIES, 0 },
	{ "lru", BPF_MAP_TYPE_LRU_HASH, 4, VALUE_SIZE, ENTRIES, 0 },
	{ "ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
	{ "nopre", BPF_MAP_TYPE_HASH, 4, VALUE_SIZE, ENTRIES, BPF_F_NO_PREALLOC },
};

static int fail(const char *what)
{
	fprintf(stderr, "mkmap: %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

static int fill(int fd, const struct type *t)
{
	int cpus = t->type == BPF_MAP_TYPE_PERCPU_ARRAY ? libbpf_num_possible_cpus() : 1;
	char *values = calloc(cpus, VALUE_SIZE);

	for (__u32 key = 0; t->key_size && key < t->entries && values; key++) {
		for (int cpu = 0; cpu < cpus; cpu++)
			snprintf(values + cpu * VALUE_SIZE, VALUE_SIZE, "%s entry %u cpu %d", t->name, key, cpu);
		if (bpf_map_update_elem(fd, &key, values, BPF_ANY) < 0)
			return -1;
	}
	free(values);
	return 0;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	const struct type *t = types;
	int fd;

	while (argc == 3 && t < types + sizeof(types) / sizeof(types[0]) && strcmp(t->name, argv[1]))
		t++;
	if (argc != 3 || t == types + sizeof(types) / sizeof(types[0])) {
		fprintf(stderr, "usage: mkmap array|mmapable|percpu|hash|lru|ringbuf|nopre PATH\n");
		return 2;
	}
	opts.map_flags = t->flags;
	fd = bpf_map_create(t->type, t->name, t->key_size, t->value_size, t->entries, &opts);
	if (fd < 0 || fill(fd, t) < 0)
		return fail("can't make the map");
	return bpf_obj_pin(fd, argv[2]) < 0 ? fail(argv[2]) : 0;
}
