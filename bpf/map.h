/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the program that looks at BPF maps and the daemon. */
#ifndef QCMD_MAP_H
#define QCMD_MAP_H

#define MAP_NAME_SIZE 16

/* Where a map keeps what is in it. */
struct map_memory {
	__u32 id;
	__u32 type; /* enum bpf_map_type */
	__u32 flags;
	__u32 max_entries;
	__u64 address;	 /* 0: not known for this type. Of a per-CPU array: of the per-CPU pointers to its entries */
	__u64 size;	 /* bytes; of a hash without its spare elements, of which there is one for each possible CPU */
	__u32 elem_size; /* bytes of an element */
	char name[MAP_NAME_SIZE];
	__u32 pad;
};

#endif
