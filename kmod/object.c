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

/* The number behind "KEY=" at the start of a line, which is not the first one. */
static int qmd_vmcoreinfo_get(const char *key, unsigned int base, u64 *value)
{
	char text[64];
	const char *p;

	snprintf(text, sizeof(text), "\n%s=", key);
	p = strnstr(qmd_vmcoreinfo_text, text, qmd_vmcoreinfo_size);
	if (!p)
		return -ENOENT;
	p += strlen(text);
	strscpy(text, p, min(sizeof(text), strcspn(p, "\n") + 1));
	return kstrtou64(text, base, value);
}

static u64 qmd_pointer_at(u64 addr)
{
	return *(unsigned long *)(unsigned long)addr;
}

/*
 * Where the parts are, by the layout that the kernel publishes: in the struct that prb points to is, at @ring, a struct
 * that begins with the log2 of a number of units, and has at @data the pointer to them.
 */
static const struct qmd_object qmd_objects[] = {
	{ "prb", MINIDUMP_LOG_PRB_NAME, "kernel log: pointer to the ring" },
	{ "printk_ring", MINIDUMP_LOG_RING_NAME, "kernel log: state of the ring", .unit = "SIZE(printk_ringbuffer)" },
	{ "printk_descs", MINIDUMP_LOG_DESCS_NAME, "kernel log: descriptors", "OFFSET(printk_ringbuffer.desc_ring)",
	  "OFFSET(prb_desc_ring.descs)", "SIZE(prb_desc)" },
	{ "printk_infos", MINIDUMP_LOG_INFOS_NAME, "kernel log: time, level and sender of each record",
	  "OFFSET(printk_ringbuffer.desc_ring)", "OFFSET(prb_desc_ring.infos)", "SIZE(printk_info)" },
	{ "printk_text", MINIDUMP_LOG_TEXT_NAME, "kernel log: text", "OFFSET(printk_ringbuffer.text_data_ring)",
	  "OFFSET(prb_data_ring.data)" },
};

static int qmd_object_range(const struct qmd_object *o, u64 *addr, u64 *size)
{
	u64 prb, ring, data, unit = 1;
	int ret = qmd_vmcoreinfo_get("SYMBOL(prb)", 16, &prb);

	if (!ret && o->unit)
		ret = qmd_vmcoreinfo_get(o->unit, 10, &unit);
	if (ret)
		return ret;
	if (!o->ring) {
		*addr = o->unit ? qmd_pointer_at(prb) : prb;
		*size = o->unit ? unit : sizeof(void *);
		return 0;
	}
	ret = qmd_vmcoreinfo_get(o->ring, 10, &ring) ?: qmd_vmcoreinfo_get(o->data, 10, &data);
	if (ret)
		return ret;
	ring += qmd_pointer_at(prb);
	*addr = qmd_pointer_at(ring + data);
	*size = unit << *(unsigned int *)(unsigned long)ring;
	return 0;
}

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
	u64 addr, size;

	if (qmd_object_range(spec->object, &addr, &size))
		return qmd_refuse(why, -EOPNOTSUPP, "OBJECT: this kernel's VMCOREINFO does not say where it is");
	return qmd_segments_of_virt((void *)(unsigned long)addr, size, segs, max, why);
}

const struct qmd_kind qmd_kind_object = {
	.pieces = qmd_object_pieces,
};

void __init qmd_objects_own(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(qmd_objects); i++) {
		struct qmd_spec spec = {
			.name = qmd_objects[i].region,
			.comment = qmd_objects[i].comment,
			.kind = &qmd_kind_object,
			.object = &qmd_objects[i],
		};

		qmd_region_own(&spec);
	}
}
