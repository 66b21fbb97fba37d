/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own file: its symbols, and what of its memory never changes. */
#ifndef VMLINUXFILE_H
#define VMLINUXFILE_H

#include "dump/stack/symbols.h"

struct vmlinux {
	int fd;
	bool unpacked;		/* of a file to boot: it has no symbols but those in its memory */
	uint64_t image_size;	/* of one for arm64, which is no ELF file; else 0 */
	struct rangemap memory; /* read-only sections, where the kernel of the dump had them */
};

/*
 * ELF, or as vmlinuz_unpack() knows it. Negative: it can't be read, or is that of another kernel. vmlinux_close() in
 * any case.
 */
int vmlinux_open(struct vmlinux *v, const char *path, const struct corefile *core, struct symbols *s, struct derr *err);
void vmlinux_close(struct vmlinux *v);

/* Where packages of debug symbols have that of the dump's kernel, by its build ID; to be freed. NULL: nowhere. */
char *vmlinux_find(const struct corefile *core);
/* The same of the file without debug symbols, as modules are built with or as the machine boots from. */
char *vmlinuz_find(const struct corefile *core);

/* The build ID of ELF notes as hexadecimal digits. */
#define BUILD_ID_TEXT_MAX 65
bool build_id_text(const char *notes, size_t size, char buf[static BUILD_ID_TEXT_MAX]);

#endif
