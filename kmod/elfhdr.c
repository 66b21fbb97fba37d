// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slot 0: the header of the ELF core that concatenating all slots gives. The layout is described in
 * include/uapi/linux/qcom_minidump_table.h.
 *
 * There are two buffers. What the table has in slots that have changed is written to the spare one, which is then
 * published by one aligned 64-bit store: the address in slot 0. Before the next change the same is written to the other
 * one. Where a slot of another size comes in, the offsets of all behind it change by as much.
 */
#include <linux/bitmap.h>
#include <linux/elf.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/barrier.h>

#include "core.h"
#include "follow.h"
#include "table.h"

/* Section headers before that of slot 1: null, STR_TBL. */
#define QMD_ELF_SHDRS_FIXED	2
#define QMD_ELF_STRTAB_NAME	"STR_TBL"
/* Bytes of the string table before the name of slot 1. */
#define QMD_ELF_STRTAB_FIXED	16
/* NULs at its very end, and what is in each gap before it: see include/uapi/linux/qcom_minidump_table.h. */
#define QMD_ELF_STRTAB_END	4
#define QMD_ELF_STRTAB_GAP	1

/* Slots that have another content than qmd.elf.behind of the buffers say. */
static DECLARE_BITMAP(qmd_changed, QMD_SLOTS_LIMIT);

/* Slot 1 has program header 0. */
static struct elf64_phdr *qmd_phdr(void *buf, u32 slot)
{
	return (struct elf64_phdr *)(buf + sizeof(struct elf64_hdr)) + slot - 1;
}

/* Slot 1 has section header 2. */
static struct elf64_shdr *qmd_shdr(void *buf, u32 slot)
{
	return (struct elf64_shdr *)(buf + ((struct elf64_hdr *)buf)->e_shoff) + QMD_ELF_SHDRS_FIXED + slot - 1;
}

static u32 qmd_str_offset(const struct qmd_elf *elf, u32 slot)
{
	return QMD_ELF_STRTAB_FIXED + (slot - 1) * elf->stride;
}

static void qmd_elf_fill_fixed(struct qmd_elf *elf, void *buf, u32 slots)
{
	struct elf64_hdr *eh = buf;
	struct elf64_shdr *strtab;

	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS64;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_ident[EI_VERSION] = EV_CURRENT;
	eh->e_ident[EI_OSABI] = ELFOSABI_NONE;
	eh->e_type = ET_CORE;
	eh->e_machine = ELF_ARCH;
	eh->e_version = EV_CURRENT;
	eh->e_ehsize = sizeof(*eh);
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(struct elf64_phdr);
	eh->e_shoff = sizeof(*eh) + (slots - 1) * sizeof(struct elf64_phdr);
	eh->e_shentsize = sizeof(struct elf64_shdr);
	eh->e_shnum = QMD_ELF_SHDRS_FIXED;
	eh->e_shstrndx = 1;

	strtab = (struct elf64_shdr *)(buf + eh->e_shoff) + 1;
	strtab->sh_name = 1;
	strtab->sh_type = SHT_STRTAB;
	strtab->sh_offset = elf->strtab;
	strtab->sh_size = qmd_str_offset(elf, slots) + QMD_ELF_STRTAB_END;
	strtab->sh_addralign = 1;
	memset(buf + elf->strtab + 1, QMD_ELF_STRTAB_GAP, QMD_ELF_STRTAB_FIXED - 1);
	strscpy(buf + elf->strtab + strtab->sh_name, QMD_ELF_STRTAB_NAME, QMD_ELF_STRTAB_FIXED - 1);
}

/* Where it fails, there is something to free, too. */
int qmd_elf_alloc(struct qmd_elf *elf, const struct qcom_minidump_limits *limits)
{
	u32 name_max = min_t(u32, limits->name_max, QCOM_MINIDUMP_NAME_MAX), slots = limits->slots;
	int i;

	/* What was left to do in another table's header is not in this one. */
	bitmap_zero(qmd_changed, QMD_SLOTS_LIMIT);
	*elf = (struct qmd_elf){ .stride = ALIGN(name_max + QCOM_MINIDUMP_NUMBER_MAX + 1, 4) };
	elf->strtab = sizeof(struct elf64_hdr) + (slots - 1) * sizeof(struct elf64_phdr) +
		      (QMD_ELF_SHDRS_FIXED + slots - 1) * sizeof(struct elf64_shdr);
	elf->size = PAGE_ALIGN(elf->strtab + qmd_str_offset(elf, slots) + QMD_ELF_STRTAB_END);

	for (i = 0; i < 2; i++) {
		elf->buf[i] = alloc_pages_exact(elf->size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
		if (!elf->buf[i])
			return -ENOMEM;
		qmd_elf_fill_fixed(elf, elf->buf[i], slots);
	}
	return 0;
}

void qmd_elf_free(struct qmd_elf *elf)
{
	int i;

	for (i = 0; i < 2; i++)
		if (elf->buf[i])
			free_pages_exact(elf->buf[i], elf->size);
	*elf = (struct qmd_elf){};
}

/* No two NULs behind it, where a reader would take the end of all names to be. */
static void qmd_elf_write_name(char *str, const struct qmd_slot *s)
{
	int n = qcom_minidump_slot_name(str, qmd.elf.stride, s->region->name->name, s->seg->seq);

	memset(str + n + 1, QMD_ELF_STRTAB_GAP, qmd.elf.stride - n - 1);
}

/*
 * What the table has in a slot, which begins where the one before it ends. By how much it grows. What is not written is
 * zero in a slot that is not in use, and otherwise as it is to be.
 */
static u64 qmd_elf_write_slot(void *buf, u32 slot)
{
	struct elf64_phdr *ph = qmd_phdr(buf, slot);
	struct elf64_shdr *sh = qmd_shdr(buf, slot);
	const struct qmd_slot *s = &qmd.slots[slot];
	const struct qmd_segment *seg = s->seg;
	u64 size, va, was = ph->p_filesz;

	/* What moves in place was hidden, and keeps its name. */
	if (ph->p_type || !sh->sh_type) {
		sh->sh_name = qmd_str_offset(&qmd.elf, slot);
		qmd_elf_write_name(buf + qmd.elf.strtab + sh->sh_name, s);
		sh->sh_type = SHT_PROGBITS;
		sh->sh_flags = SHF_ALLOC | SHF_WRITE;
		sh->sh_entsize = seg->seq;	/* sh_info would be the place, but readelf complains of it */
		ph->p_flags = PF_R | PF_W;
	}
	qmd_follow_lock(s->region);
	size = qmd_slot_size(seg);
	va = qmd_slot_va(seg);
	ph->p_type = PT_LOAD;
	ph->p_offset = slot == 1 ? qmd.elf.size : ph[-1].p_offset + ph[-1].p_filesz;
	ph->p_vaddr = va;
	ph->p_paddr = qmd_slot_start(seg);
	ph->p_filesz = size;
	ph->p_memsz = size;
	sh->sh_addr = s->region->follow ? 0 : va;	/* see qmd_follow_show(): one place less */
	sh->sh_offset = ph->p_offset;
	sh->sh_size = size;
	if (s->region == qmd.vmcoreinfo) {
		sh->sh_type = SHT_NOTE;
		sh->sh_flags = 0;
		sh->sh_addralign = 4;
		ph->p_type = PT_NOTE;
		ph->p_flags = 0;
		ph->p_vaddr = 0;
		ph->p_paddr = 0;
		ph->p_memsz = 0;
		ph->p_align = 4;
	}
	qmd_follow_unlock(s->region);
	return size - was;
}

static void qmd_elf_clear_slot(void *buf, u32 slot)
{
	memset(qmd_phdr(buf, slot), 0, sizeof(struct elf64_phdr));
	memset(qmd_shdr(buf, slot), 0, sizeof(struct elf64_shdr));
	memset(buf + qmd.elf.strtab + qmd_str_offset(&qmd.elf, slot), 0, qmd.elf.stride);
}

struct elf64_phdr *qmd_elf_phdr(u32 buffer, u32 slot)
{
	return qmd_phdr(qmd.elf.buf[buffer], slot);
}

/*
 * A slot is about to move in place: from now on the header doesn't say where it is, so that it never names what the
 * table lacks. Its place in the file stays. In both buffers, as a context switch can't wait for a publication.
 */
void qmd_elf_hide(u32 slot)
{
	WRITE_ONCE(qmd_elf_phdr(0, slot)->p_type, PT_NULL);
	WRITE_ONCE(qmd_elf_phdr(1, slot)->p_type, PT_NULL);
	dma_wmb();
}

/* Slots before @end are elsewhere in the file. There may be thousands: two instructions for each, where possible. */
static void qmd_elf_shift(void *buf, u32 slot, u32 end, u64 by)
{
	struct elf64_phdr *ph = qmd_phdr(buf, slot), *last = qmd_phdr(buf, end);
	struct elf64_shdr *sh = qmd_shdr(buf, slot);

	for (; ph + 64 <= last; ph += 64, sh += 64) {
#pragma GCC unroll 64
		for (int i = 0; i < 64; i++) {
			ph[i].p_offset += by;
			sh[i].sh_offset += by;
		}
	}
	for (; ph < last; ph++, sh++) {
		ph->p_offset += by;
		sh->sh_offset += by;
	}
}

static void qmd_elf_write(void *buf)
{
	struct elf64_hdr *eh = buf;
	u32 slot, next;
	u64 shift = 0;

	for (next = 1; next < qmd.n_slots; next = slot + 1) {
		/* What changes is often many in a row. */
		slot = test_bit(next, qmd_changed) ? next : find_next_bit(qmd_changed, qmd.n_slots, next);
		if (shift && slot > next)
			qmd_elf_shift(buf, next, slot, shift);
		if (slot < qmd.n_slots)
			shift += qmd_elf_write_slot(buf, slot);
	}
	for (slot = qmd.n_slots; slot <= eh->e_phnum; slot++)
		qmd_elf_clear_slot(buf, slot);
	eh->e_phnum = qmd.n_slots - 1;
	eh->e_shnum = QMD_ELF_SHDRS_FIXED + qmd.n_slots - 1;
}

static void qmd_elf_publish(u8 buffer)
{
	struct qmd_segment *seg = qmd.header->segs;

	dma_wmb();
	seg->va = (unsigned long)qmd.elf.buf[buffer];
	seg->pa = virt_to_phys(qmd.elf.buf[buffer]);
	qmd.backend->ops->move_slot(qmd.backend->priv, seg->slot, seg->pa, qmd_slot_size(seg));
	qmd.elf.live = buffer;
}

/* The slot has another content, or is no longer in use. When the headers have caught up with all earlier changes. */
void qmd_elf_change(u32 slot)
{
	if (!slot)
		return;
	__set_bit(slot, qmd_changed);
	qmd.elf.behind = 2;
}

/*
 * Has one header catch up with the table, the one that is then published before the other. False: both have. Slots that
 * were added are in the table from here on: nothing comes between the stores of their count and of the header.
 */
bool qmd_elf_catch_up(void)
{
	u8 spare = !qmd.elf.live;

	if (!qmd.backend || !qmd.elf.behind)
		return false;
	qmd_elf_write(qmd.elf.buf[spare]);
	if (((struct elf64_hdr *)qmd.elf.buf[qmd.elf.live])->e_phnum + 1 < qmd.n_slots)
		qmd.backend->ops->publish(qmd.backend->priv, qmd.n_slots);
	if (--qmd.elf.behind)
		qmd_elf_publish(spare);
	else
		bitmap_zero(qmd_changed, qmd.limits.slots);
	return true;
}
