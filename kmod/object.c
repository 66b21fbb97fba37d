// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel objects by name. Their addresses come from exported symbols and from the VMCOREINFO note, which
 * says where the printk ring is and how its structures are laid out: no kallsyms.
 */
#include <linux/elf.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/qcom_minidump_table.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>
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

/* The kernel's printk ring, by the layout that it publishes. */
struct qmd_printk {
	u64 prb;	/* address of the pointer */
	u64 ring;	/* address of struct printk_ringbuffer */
	u64 ring_size;
	u64 desc_ring;	/* offsets from here on */
	u64 text_ring;
	u64 descs;
	u64 infos;
	u64 data;
	u64 desc_size;
	u64 info_size;
};

static int qmd_read(u64 addr, void *buf, size_t size)
{
	return copy_from_kernel_nofault(buf, (void *)(unsigned long)addr, size);
}

static int qmd_printk_find(struct qmd_printk *p)
{
	const struct {
		const char *key;
		unsigned int base;
		u64 *value;
	} keys[] = {
		{ "SYMBOL(prb)", 16, &p->prb },
		{ "SIZE(printk_ringbuffer)", 10, &p->ring_size },
		{ "OFFSET(printk_ringbuffer.desc_ring)", 10, &p->desc_ring },
		{ "OFFSET(printk_ringbuffer.text_data_ring)", 10, &p->text_ring },
		{ "OFFSET(prb_desc_ring.descs)", 10, &p->descs },
		{ "OFFSET(prb_desc_ring.infos)", 10, &p->infos },
		{ "OFFSET(prb_data_ring.data)", 10, &p->data },
		{ "SIZE(prb_desc)", 10, &p->desc_size },
		{ "SIZE(printk_info)", 10, &p->info_size },
	};
	unsigned long ring;
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		ret = qmd_vmcoreinfo_get(keys[i].key, keys[i].base, keys[i].value);
		if (ret)
			return ret;
	}
	ret = qmd_read(p->prb, &ring, sizeof(ring));
	p->ring = ring;
	return ret;
}

/* Both ring structures begin with the log2 of what they hold. */
static int qmd_printk_ring(u64 ring, u64 field, u64 unit, const void **addr, u64 *size)
{
	unsigned int bits;
	unsigned long p;
	int ret;

	ret = qmd_read(ring, &bits, sizeof(bits)) ?: qmd_read(ring + field, &p, sizeof(p));
	if (ret)
		return ret;
	if (bits > 31)
		return -EOPNOTSUPP;
	*addr = (void *)p;
	*size = unit << bits;
	return 0;
}

enum qmd_printk_part { QMD_PRINTK_POINTER, QMD_PRINTK_RING, QMD_PRINTK_DESCS, QMD_PRINTK_INFOS, QMD_PRINTK_TEXT };

static int qmd_printk_range(int part, const void **addr, u64 *size)
{
	struct qmd_printk p;
	int ret = qmd_printk_find(&p);

	if (ret)
		return ret;
	switch (part) {
	case QMD_PRINTK_POINTER:
		*addr = (void *)(unsigned long)p.prb;
		*size = sizeof(void *);
		return 0;
	case QMD_PRINTK_RING:
		*addr = (void *)(unsigned long)p.ring;
		*size = p.ring_size;
		return 0;
	case QMD_PRINTK_DESCS:
		return qmd_printk_ring(p.ring + p.desc_ring, p.descs, p.desc_size, addr, size);
	case QMD_PRINTK_INFOS:
		return qmd_printk_ring(p.ring + p.desc_ring, p.infos, p.info_size, addr, size);
	default:
		return qmd_printk_ring(p.ring + p.text_ring, p.data, 1, addr, size);
	}
}

#ifdef CONFIG_SPARSEMEM_EXTREME
static int qmd_mem_section_roots_range(int part, const void **addr, u64 *size)
{
	*addr = mem_section;
	*size = NR_SECTION_ROOTS * sizeof(*mem_section);
	return 0;
}

/* One piece for each root that is there. */
static int qmd_mem_sections_segments(struct qmd_segment *segs, u32 max, struct qmd_why *why)
{
	unsigned long i;
	u32 n = 0;

	for (i = 0; i < NR_SECTION_ROOTS; i++) {
		const void *root = READ_ONCE(mem_section[i]);
		int ret;

		if (!root)
			continue;
		ret = qmd_segments_of_virt(root, SECTIONS_PER_ROOT * sizeof(struct mem_section), segs ? segs + n : NULL,
					   max - n, why);
		if (ret < 0)
			return ret;
		n += ret;
	}
	return n;
}
#endif

static const struct qmd_object qmd_objects[] = {
	{ "prb", MINIDUMP_LOG_PRB_NAME, .part = QMD_PRINTK_POINTER, .range = qmd_printk_range },
	{ "printk_ring", MINIDUMP_LOG_RING_NAME, .part = QMD_PRINTK_RING, .range = qmd_printk_range },
	{ "printk_descs", MINIDUMP_LOG_DESCS_NAME, .part = QMD_PRINTK_DESCS, .range = qmd_printk_range },
	{ "printk_infos", MINIDUMP_LOG_INFOS_NAME, .part = QMD_PRINTK_INFOS, .range = qmd_printk_range },
	{ "printk_text", MINIDUMP_LOG_TEXT_NAME, .part = QMD_PRINTK_TEXT, .range = qmd_printk_range },
	{ "init_uts_ns", MINIDUMP_UTS_NAME, &init_uts_ns, sizeof(init_uts_ns) },
	{ "node_states", MINIDUMP_NODE_STATES_NAME, node_states, sizeof(node_states) },
#ifdef CONFIG_SPARSEMEM_EXTREME
	{ "mem_section", MINIDUMP_MEM_SECTION_NAME, &mem_section, sizeof(mem_section) },
	{ "mem_section_roots", MINIDUMP_MEM_ROOTS_NAME, .range = qmd_mem_section_roots_range },
	{ "mem_sections", MINIDUMP_MEM_SECTIONS_NAME, .segments = qmd_mem_sections_segments },
#endif
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
	const struct qmd_object *object = spec->object;
	const void *addr = object->addr;
	u64 size = object->size;

	if (object->segments)
		return object->segments(segs, max, why);
	if (object->range && object->range(object->part, &addr, &size))
		return qmd_refuse(why, -EOPNOTSUPP, "OBJECT: this kernel's VMCOREINFO does not say where it is");
	return qmd_segments_of_virt(addr, size, segs, max, why);
}

const struct qmd_kind qmd_kind_object = {
	.pieces = qmd_object_pieces,
};
