/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files that redact a dump. */
#ifndef REDACT_PRIVATE_H
#define REDACT_PRIVATE_H

#include "dump/redact/lines.h"
#include "dump/redact/redact.h"
#include "dump/redact/words.h"

/* What becomes of a region. */
enum treatment {
	TREAT_REMOVE,
	TREAT_WHOLE, /* nothing but numbers, addresses and names of the kernel's own */
	TREAT_STACK,
	TREAT_TASK,
	TREAT_UTS,
	TREAT_TEXT, /* stays up to its NUL */
	TREAT_LOG_TEXT,
	TREAT_LOG_INFOS,
};

/* kinds.c. Of one that goes, *why is in words what it is. */
enum treatment treatment_of(const struct region *r, const struct redact_options *o, const char **why);

/* What is known while a dump is redacted. */
struct work {
	struct redaction *x;
	const struct corefile *core;
	const struct redact_options *o;
	enum treatment *treatments; /* of the regions of the collection */
	struct words words;
	struct lines lines;
	size_t blank_words; /* of stacks and registers */
};

/* memory.c: the copy of what stays, by physical and by virtual address. */
int memory_read(const struct work *w, uint64_t paddr, void *buf, size_t size);
int memory_write(const struct work *w, uint64_t paddr, const void *buf, size_t size);
int memory_write_virt(const struct work *w, enum treatment treatment, uint64_t vaddr, const void *buf, size_t size);
/* Blanks it in all regions that stay. */
int memory_redact(struct work *w, struct derr *err);

/* ringlog.c: the texts of the printk ring, behind memory_redact(), which has blanked all of it. */
int ringlog_redact(struct work *w);

/* notes.c: those of the collection, but that of qcmdump collect. */
void notes_redact(struct work *w);
/* That one; once all else is done. */
void notes_add_collect(struct work *w);

#endif
