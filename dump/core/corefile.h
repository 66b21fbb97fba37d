/* SPDX-License-Identifier: GPL-2.0-only */
/* A dump that qcmdump collected (or any other ELF core of a kernel, which knows less). */
#ifndef COREFILE_H
#define COREFILE_H

#include "dump/core/elffile.h"
#include "dump/core/rangemap.h"
#include "dump/core/region.h"
#include "lib/strlist.h"

/* As many as a table can have slots. */
#define CORE_REGIONS_MAX 32768

struct corefile {
	int fd;
	rangemap_read_fn read; /* of what lays memory out as a dump, if that is no file; else NULL */
	void *read_arg;
	char *path;
	uint64_t file_size;
	struct elffile elf;
	struct rangemap virt;
	struct rangemap phys;
	struct kv vmcoreinfo;
	struct kv kernel_note;	/* from qcmdd */
	struct kv collect_note; /* from qcmdump collect */
	const char *log;	/* text of the kernel log, where that alone was kept; not terminated */
	size_t log_size;
	struct region *regions;
	size_t n_regions;
	struct strlist remarks; /* what a reader of all of it must know */
};

int core_open(struct corefile *core, const char *path, struct derr *err);
void core_close(struct corefile *core);

/* A note of the QCMD notes whose version, the value of that key, is not the one that is known. */
void note_check_version(const struct kv *note, const char *key, struct strlist *remarks);

/* Fails with a message unless qcmdump collect made the file, and of memory. */
int core_need_collected(const struct corefile *core, struct derr *err);

/* Seconds since the epoch as text; NULL: the kernel did not say. */
const char *core_crash_time(const struct corefile *core);

static inline int core_read_virt(const struct corefile *core, uint64_t vaddr, void *buf, size_t size)
{
	if (core->read)
		return rangemap_read_by(&core->virt, core->read, core->read_arg, vaddr, buf, size);
	return rangemap_read(&core->virt, core->fd, vaddr, buf, size);
}

#endif
