// SPDX-License-Identifier: GPL-2.0-only
/*
 * The printk ring, by the names of its parts: the VMCOREINFO note says where it is and how its structures are laid out.
 * This much the module finds by itself, whatever its client may know of addresses.
 */
#include <linux/elf.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/qcom_minidump_table.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#ifdef CONFIG_VMCORE_INFO
#include <linux/vmcore_info.h>
#else
#include <linux/crash_core.h>
#endif

#include "region.h"

static const char *qmd_vmcoreinfo_text;
static size_t qmd_vmcoreinfo_size;

int qmd_vmcoreinfo_spec(struct qmd_spec *spec)
{
	const struct elf_note *note = phys_to_virt(paddr_vmcoreinfo_note());
	size_t name_size = ALIGN(note->n_namesz, 4);

	if (!note->n_descsz || sizeof(*note) + name_size + note->n_descsz > VMCOREINFO_NOTE_SIZE)
		return -EOPNOTSUPP;
	qmd_vmcoreinfo_text = (const char *)(note + 1) + name_size;
	qmd_vmcoreinfo_size = note->n_descsz;

	spec->addr = note;
	spec->size = sizeof(*note) + name_size + ALIGN(note->n_descsz, 4);
	return 0;
}

/* The number behind "KEY=" at the start of a line. */
static int qmd_vmcoreinfo_get(const char *key, unsigned int base, u64 *value)
{
	const char *p = qmd_vmcoreinfo_text, *end = p + qmd_vmcoreinfo_size;
	size_t len = strlen(key);
	char number[24];

	while (p < end) {
		const char *nl = memchr(p, '\n', end - p) ?: end;
		size_t line = nl - p;

		if (line > len && !memcmp(p, key, len) && p[len] == '=' && line - len - 1 < sizeof(number)) {
			strscpy(number, p + len + 1, line - len);
			return kstrtou64(number, base, value);
		}
		p = nl + 1;
	}
	return -ENOENT;
}

/* The kernel's printk ring, by the layout that it publishes: the address of the pointer, sizes, and offsets. */
enum {
	QMD_PRB, QMD_RING_SIZE, QMD_DESC_SIZE, QMD_INFO_SIZE,
	QMD_DESC_RING, QMD_TEXT_RING, QMD_DESCS, QMD_INFOS, QMD_DATA,
};

static const char *const qmd_printk_keys[] = {
	[QMD_PRB] = "SYMBOL(prb)",
	[QMD_RING_SIZE] = "SIZE(printk_ringbuffer)",
	[QMD_DESC_SIZE] = "SIZE(prb_desc)",
	[QMD_INFO_SIZE] = "SIZE(printk_info)",
	[QMD_DESC_RING] = "OFFSET(printk_ringbuffer.desc_ring)",
	[QMD_TEXT_RING] = "OFFSET(printk_ringbuffer.text_data_ring)",
	[QMD_DESCS] = "OFFSET(prb_desc_ring.descs)",
	[QMD_INFOS] = "OFFSET(prb_desc_ring.infos)",
	[QMD_DATA] = "OFFSET(prb_data_ring.data)",
};

static int qmd_read(u64 addr, void *buf, size_t size)
{
	return copy_from_kernel_nofault(buf, (void *)(unsigned long)addr, size);
}

/* Both ring structures begin with the log2 of what they hold. */
static int qmd_printk_ring(u64 ring, u64 field, u64 unit, const void **addr, u64 *size)
{
	unsigned int bits;
	int ret;

	ret = qmd_read(ring, &bits, sizeof(bits)) ?: qmd_read(ring + field, addr, sizeof(*addr));
	if (ret)
		return ret;
	if (bits > 31)
		return -EOPNOTSUPP;
	*size = unit << bits;
	return 0;
}

enum qmd_printk_part { QMD_PRINTK_POINTER, QMD_PRINTK_RING, QMD_PRINTK_DESCS, QMD_PRINTK_INFOS, QMD_PRINTK_TEXT };

static int qmd_printk_range(int part, const void **addr, u64 *size)
{
	u64 v[ARRAY_SIZE(qmd_printk_keys)];
	unsigned long ring;
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		ret = qmd_vmcoreinfo_get(qmd_printk_keys[i], i == QMD_PRB ? 16 : 10, &v[i]);
		if (ret)
			return ret;
	}
	ret = qmd_read(v[QMD_PRB], &ring, sizeof(ring));
	if (ret)
		return ret;
	switch (part) {
	case QMD_PRINTK_POINTER:
		*addr = (void *)(unsigned long)v[QMD_PRB];
		*size = sizeof(void *);
		return 0;
	case QMD_PRINTK_RING:
		*addr = (void *)ring;
		*size = v[QMD_RING_SIZE];
		return 0;
	case QMD_PRINTK_DESCS:
		return qmd_printk_ring(ring + v[QMD_DESC_RING], v[QMD_DESCS], v[QMD_DESC_SIZE], addr, size);
	case QMD_PRINTK_INFOS:
		return qmd_printk_ring(ring + v[QMD_DESC_RING], v[QMD_INFOS], v[QMD_INFO_SIZE], addr, size);
	default:
		return qmd_printk_ring(ring + v[QMD_TEXT_RING], v[QMD_DATA], 1, addr, size);
	}
}

static const struct qmd_object qmd_objects[] = {
	{ "prb", MINIDUMP_LOG_PRB_NAME, QMD_PRINTK_POINTER },
	{ "printk_ring", MINIDUMP_LOG_RING_NAME, QMD_PRINTK_RING },
	{ "printk_descs", MINIDUMP_LOG_DESCS_NAME, QMD_PRINTK_DESCS },
	{ "printk_infos", MINIDUMP_LOG_INFOS_NAME, QMD_PRINTK_INFOS },
	{ "printk_text", MINIDUMP_LOG_TEXT_NAME, QMD_PRINTK_TEXT },
};

const struct qmd_object *qmd_object_find(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(qmd_objects); i++)
		if (!strcmp(qmd_objects[i].name, name))
			return &qmd_objects[i];
	return NULL;
}

static int qmd_object_pieces(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why)
{
	const void *addr;
	u64 size;

	if (qmd_printk_range(spec->object->part, &addr, &size))
		return qmd_refuse(why, -EOPNOTSUPP, "OBJECT: this kernel's VMCOREINFO does not say where it is");
	return qmd_segments_of_virt(addr, size, segs, max, why);
}

const struct qmd_kind qmd_kind_object = {
	.pieces = qmd_object_pieces,
};
