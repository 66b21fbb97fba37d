// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel before has left in its keep. Memory that is nobody's is read where it lies: it can become somebody's
 * at any time, so it counts only if it was nobody's before and after, and all is judged on the copy. Nothing is
 * written to it. What is intact becomes a file for root in /sys/kernel: an ELF core of the table and what is in it,
 * which qcmd-collect reads as it reads that of any machine's memory. Of a kernel that went down without a word it is
 * text: when it was last alive, and the end of its log.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cc_platform.h>
#include <linux/elf.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <qcmd_note.h>

#include "keep.h"

/* The note, and what comes before its text. */
#define QMD_NOTE_SIZE 256
#define QMD_NOTE_HEAD (sizeof(struct elf64_note) + ALIGN(sizeof(QCMD_NOTE_NAME), 4))

/* The file: a head of its own, then what is in the keep, without what is at its start. */
static struct qcmd_keep *qmd_old;
static void *qmd_old_head;
static size_t qmd_old_head_size;
static const void *qmd_old_body;
static size_t qmd_old_body_size;

const char *qmd_keep_before = "unknown";

static void qmd_old_copy(void *to, u64 at, size_t size)
{
	size_t n;

	for (; size; to += n, at += n, size -= n) {
		n = min(size, PAGE_SIZE);
		if (!qmd_keep_page_is_free(PHYS_PFN(at)) || copy_from_kernel_nofault(to, phys_to_virt(at), n) ||
		    !qmd_keep_page_is_free(PHYS_PFN(at)))
			memset(to, 0, n);
		cond_resched();
	}
}

/* A copy of it; NULL: it is not there. */
static struct qcmd_keep *qmd_old_take(const struct qmd_keep_record *record, u64 at)
{
	struct qcmd_keep start, *keep;

	if (!PAGE_ALIGNED(at))
		return NULL;
	qmd_old_copy(&start, at, sizeof(start));
	if (!qmd_keep_is(&start, at, record->number))
		return NULL;
	keep = vmalloc(start.size);
	if (!keep)
		return NULL;
	qmd_old_copy(keep, at, start.size);
	if (qmd_keep_is(keep, at, record->number) && keep->size == start.size)
		return keep;
	vfree(keep);
	return NULL;
}

static u32 qmd_old_count(const struct qcmd_keep *keep)
{
	u32 i, intact = 0;

	for (i = 0; i < keep->pieces; i++)
		intact += qmd_keep_is_intact(keep, &keep->piece[i]);
	return intact;
}

static struct elf64_phdr *qmd_old_write_note(struct elf64_phdr *ph, u32 intact)
{
	struct elf64_note *note = qmd_old_head + qmd_old_head_size - QMD_NOTE_SIZE;

	note->n_namesz = sizeof(QCMD_NOTE_NAME);
	note->n_type = QCMD_NOTE_KEEP;
	memcpy(note + 1, QCMD_NOTE_NAME, sizeof(QCMD_NOTE_NAME));
	note->n_descsz = scnprintf((char *)note + QMD_NOTE_HEAD, QMD_NOTE_SIZE - QMD_NOTE_HEAD,
				   "QCMD_KEEP=1\nCRASHTIME=%llu\nNUMBER(running)=%u\nNUMBER(damaged)=%u\n",
				   div_u64(qmd_old->time, NSEC_PER_SEC), qmd_old->running, qmd_old->pieces - intact);
	*ph = (struct elf64_phdr){
		.p_type = PT_NOTE,
		.p_offset = qmd_old_head_size - QMD_NOTE_SIZE,
		.p_filesz = QMD_NOTE_SIZE,
	};
	return ph + 1;
}

static int qmd_old_write_head(u32 intact)
{
	struct elf64_hdr *eh;
	struct elf64_phdr *ph;
	u32 i;

	qmd_old_head_size = sizeof(*eh) + (1 + intact) * sizeof(*ph) + QMD_NOTE_SIZE;
	eh = qmd_old_head = vzalloc(qmd_old_head_size);
	if (!eh)
		return -ENOMEM;
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS64;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_ident[EI_VERSION] = EV_CURRENT;
	eh->e_type = ET_CORE;
	eh->e_machine = ELF_ARCH;
	eh->e_version = EV_CURRENT;
	eh->e_ehsize = sizeof(*eh);
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 1 + intact;
	ph = qmd_old_write_note((struct elf64_phdr *)(eh + 1), intact);
	for (i = 0; i < qmd_old->pieces; i++) {
		const struct qcmd_keep_piece *piece = &qmd_old->piece[i];

		if (qmd_keep_is_intact(qmd_old, piece))
			*ph++ = (struct elf64_phdr){
				.p_type = PT_LOAD,
				.p_offset = qmd_old_head_size + piece->offset,
				.p_paddr = piece->paddr,
				.p_filesz = piece->size,
				.p_memsz = piece->size,
			};
	}
	return 0;
}

static ssize_t qmd_old_read(struct file *file, struct kobject *kobj, QMD_BIN_ATTRIBUTE *attr, char *buf, loff_t pos,
			    size_t count)
{
	if (pos < qmd_old_head_size)
		return memory_read_from_buffer(buf, count, &pos, qmd_old_head, qmd_old_head_size);
	pos -= qmd_old_head_size;
	return memory_read_from_buffer(buf, count, &pos, qmd_old_body, qmd_old_body_size);
}

static struct bin_attribute qmd_old_attribute = {
	.attr = { .name = "qcom_minidump_keep", .mode = 0400 },
	.read = qmd_old_read,
};

static int qmd_old_show(const void *body, size_t size)
{
	qmd_old_body = body;
	qmd_old_body_size = size;
	qmd_old_attribute.size = qmd_old_head_size + size;
	return sysfs_create_bin_file(kernel_kobj, &qmd_old_attribute);
}

static int qmd_old_panicked(u32 intact)
{
	u32 pieces = qmd_old->pieces;
	int ret = qmd_old_write_head(intact);

	if (ret)
		return ret;
	pr_info("the kernel before panicked: %u of %u pieces of its dump are intact\n", intact, pieces);
	/* The number is nobody's business, nor how it is used. */
	memset(qmd_old, 0, offsetof(struct qcmd_keep, end));
	memset(qmd_old->piece, 0, pieces * sizeof(*qmd_old->piece));
	return qmd_old_show(qmd_old, qmd_old->end);
}

static int qmd_old_died(void)
{
	const struct qcmd_keep_tail *tail = qmd_keep_tail_of(qmd_old);

	qmd_old_head = vzalloc(QMD_NOTE_SIZE);
	if (!qmd_old_head)
		return -ENOMEM;
	qmd_old_head_size =
		scnprintf(qmd_old_head, QMD_NOTE_SIZE, QCMD_KEEP_DIED "%llu\n", div_u64(tail->time, NSEC_PER_SEC));
	pr_info("the kernel before went down without a word\n");
	return qmd_old_show(tail->text, tail->size);
}

/* How much is to be had of it: that it was there, 0; the end of its log, 1; more than that many pieces of its dump. */
static u32 qmd_old_worth(const struct qcmd_keep *keep)
{
	u32 intact = qmd_keep_is_sealed(keep) ? qmd_old_count(keep) : 0;

	return intact ? 1 + intact : !!qmd_keep_tail_of(keep);
}

/* Of the two the better one. A shutdown is the end, whatever else was written before. */
static u32 qmd_old_choose(const struct qmd_keep_record *old)
{
	u32 worth, most = 0;
	int i;

	for (i = 0; i < QMD_KEEPS; i++) {
		struct qcmd_keep *keep = qmd_old_take(old, old->at[i]);

		if (!keep)
			continue;
		if (strcmp(qmd_keep_before, "clean"))
			qmd_keep_before = qmd_keep_is_clean(keep) ? "clean" : "died";
		worth = qmd_old_worth(keep);
		if (worth > most) {
			swap(qmd_old, keep);
			most = worth;
		}
		vfree(keep);
	}
	return most;
}

int qmd_keep_find(const struct qmd_keep_record *old)
{
	u32 worth;
	int ret = 0;

	/* There is nothing but noise, or what takes the machine with it who looks at it. */
	if (cc_platform_has(CC_ATTR_MEM_ENCRYPT))
		return 0;
	if (security_locked_down(LOCKDOWN_KCORE))
		return -EPERM;
	qmd_keep_before = "lost";
	worth = qmd_old_choose(old);
	if (worth > 1) {
		qmd_keep_before = "panicked";
		ret = qmd_old_panicked(worth - 1);
	} else if (worth && strcmp(qmd_keep_before, "clean")) {
		ret = qmd_old_died();
	} else {
		qmd_keep_forget();
	}
	if (ret)
		qmd_keep_forget();
	return ret;
}

void qmd_keep_forget(void)
{
	if (qmd_old_attribute.size)
		sysfs_remove_bin_file(kernel_kobj, &qmd_old_attribute);
	qmd_old_attribute.size = 0;
	vfree(qmd_old_head);
	vfree(qmd_old);
	qmd_old_head = NULL;
	qmd_old = NULL;
}
