// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slot 0: the header of the ELF core that concatenating all slots gives. The layout is described in
 * include/uapi/linux/qcom_minidump_table.h.
 *
 * There are two buffers. A change is written to the spare one, and published by one aligned 64-bit store: the address
 * in slot 0. Before the next change the same is made in the other one. Where a slot of another size comes in, the
 * offsets of all behind it change by as much.
 */
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

/**
 * struct qmd_elf_change - the last change, or the one that is under way
 * @next: the slot behind the last that is done
 * @shift: what is to be added to the offsets from there on
 * @n: slots so far that have another content
 * @slots: these, in order
 */
static struct qmd_elf_change {
	u32 next;
	u64 shift;
	u32 n;
	u32 slots[QMD_SEGMENTS_MAX];
} qmd_change;

static struct elf64_hdr *qmd_ehdr(void *buf)
{
	return buf;
}

/* Slot 1 has program header 0. */
static struct elf64_phdr *qmd_phdr(void *buf, u32 slot)
{
	return (struct elf64_phdr *)(buf + sizeof(struct elf64_hdr)) + slot - 1;
}

/* Slot 1 has section header 2. */
static struct elf64_shdr *qmd_shdr(void *buf, u32 slot)
{
	return (struct elf64_shdr *)(buf + qmd_ehdr(buf)->e_shoff) + QMD_ELF_SHDRS_FIXED + slot - 1;
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
	qmd_change = (struct qmd_elf_change){ .next = 1 };
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

/* All but where it is in the file. What is there already has its name already. */
static void qmd_elf_write_slot(void *buf, u32 slot)
{
	struct elf64_phdr *ph = qmd_phdr(buf, slot);
	struct elf64_shdr *sh = qmd_shdr(buf, slot);
	u32 str = qmd_str_offset(&qmd.elf, slot);
	const struct qmd_slot *s = &qmd.slots[slot];
	const struct qmd_segment *seg = s->seg;

	if (!ph->p_filesz)
		qmd_elf_write_name(buf + qmd.elf.strtab + str, s);
	*sh = (struct elf64_shdr){
		.sh_name = str,
		.sh_type = SHT_PROGBITS,
		.sh_flags = SHF_ALLOC | SHF_WRITE,
		.sh_addr = s->region->follow ? 0 : qmd_slot_va(seg),	/* see qmd_follow_show(): one place less */
		.sh_size = qmd_slot_size(seg),
		.sh_entsize = seg->seq,	/* sh_info would be the place, but readelf complains of it */
	};
	*ph = (struct elf64_phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_vaddr = qmd_slot_va(seg),
		.p_paddr = qmd_slot_start(seg),
		.p_filesz = qmd_slot_size(seg),
		.p_memsz = qmd_slot_size(seg),
	};
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

static void qmd_elf_copy_slot(void *to, u32 slot, void *from, u32 from_slot)
{
	u32 str = qmd_str_offset(&qmd.elf, slot), from_str = qmd_str_offset(&qmd.elf, from_slot);

	*qmd_phdr(to, slot) = *qmd_phdr(from, from_slot);
	*qmd_shdr(to, slot) = *qmd_shdr(from, from_slot);
	qmd_shdr(to, slot)->sh_name = str;
	memcpy(to + qmd.elf.strtab + str, from + qmd.elf.strtab + from_str, qmd.elf.stride);
}

/* Slots up to this one are elsewhere in the file. There may be thousands: two instructions for each, where possible. */
static void qmd_elf_shift(void *buf, u32 to)
{
	struct elf64_phdr *ph = qmd_phdr(buf, qmd_change.next), *end = qmd_phdr(buf, to);
	struct elf64_shdr *sh = qmd_shdr(buf, qmd_change.next);
	u64 by = qmd_change.shift;
	int i;

	for (; by && ph + 16 <= end; ph += 16, sh += 16) {
#pragma GCC unroll 16
		for (i = 0; i < 16; i++) {
			ph[i].p_offset += by;
			sh[i].sh_offset += by;
		}
	}
	for (; by && ph < end; ph++, sh++) {
		ph->p_offset += by;
		sh->sh_offset += by;
	}
}

/* A slot gets what another one has, or what the table has if @from is NULL. It begins where the one before it ends. */
static void qmd_elf_step(void *buf, u32 slot, void *from, u32 from_slot)
{
	struct elf64_phdr *ph = qmd_phdr(buf, slot);
	u64 size = ph->p_filesz;

	qmd_elf_shift(buf, slot);
	if (from)
		qmd_elf_copy_slot(buf, slot, from, from_slot);
	else
		qmd_elf_write_slot(buf, slot);
	ph->p_offset = slot == 1 ? qmd_slot_size(qmd.header->segs) : ph[-1].p_offset + ph[-1].p_filesz;
	qmd_shdr(buf, slot)->sh_offset = ph->p_offset;
	qmd_change.shift += ph->p_filesz - size;
	qmd_change.next = slot + 1;
}

/* Behind the last step. */
static void qmd_elf_finish(void *buf)
{
	struct elf64_hdr *eh = qmd_ehdr(buf);
	u32 slot;

	qmd_elf_shift(buf, qmd.n_slots);
	for (slot = qmd.n_slots; slot <= eh->e_phnum; slot++)
		qmd_elf_clear_slot(buf, slot);
	eh->e_phnum = qmd.n_slots - 1;
	eh->e_shnum = QMD_ELF_SHDRS_FIXED + qmd.n_slots - 1;
	qmd_change.next = 1;
	qmd_change.shift = 0;
}

/* What was in slot @from is in @slot now; if that is the same, the segment in it is another one. In order of @slot. */
void qmd_elf_change(u32 slot, u32 from)
{
	void *buf = qmd.elf.buf[!qmd.elf.live];

	qmd_elf_step(buf, slot, slot == from ? NULL : buf, from);
	qmd_change.slots[qmd_change.n++] = slot;
}

void qmd_elf_publish(void)
{
	struct qmd_elf *elf = &qmd.elf;
	struct qmd_segment *seg = qmd.header->segs;
	u8 spare = !elf->live;

	qmd_elf_finish(elf->buf[spare]);
	dma_wmb();

	seg->va = (unsigned long)elf->buf[spare];
	seg->pa = virt_to_phys(elf->buf[spare]);
	qmd.backend->ops->move_slot(qmd.backend->priv, seg->slot, seg->pa, qmd_slot_size(seg));

	elf->live = spare;
	elf->lags = true;
}

/* Makes the last change in the spare buffer, too. */
static void qmd_elf_repeat(void)
{
	struct qmd_elf *elf = &qmd.elf;
	u32 i;

	for (i = 0; i < qmd_change.n; i++) {
		u32 slot = qmd_change.slots[i];

		qmd_follow_lock(qmd.slots[slot].region);
		qmd_elf_step(elf->buf[!elf->live], slot, elf->buf[elf->live], slot);
		qmd_follow_unlock(qmd.slots[slot].region);
	}
	qmd_elf_finish(elf->buf[!elf->live]);
	qmd_change.n = 0;
	elf->lags = false;
}

/*
 * Does one of the things that are left to do: the spare header has yet to get what the last publication changed, and
 * then, slots that are new in the table have yet to be named. False: neither.
 */
bool qmd_elf_catch_up(void)
{
	u32 slot;

	if (!qmd.backend)
		return false;
	if (qmd.elf.lags) {
		qmd_elf_repeat();
		return true;
	}
	slot = qmd_ehdr(qmd.elf.buf[qmd.elf.live])->e_phnum + 1;
	if (slot >= qmd.n_slots)
		return false;
	for (; slot < qmd.n_slots; slot++) {
		qmd_follow_lock(qmd.slots[slot].region);
		qmd_elf_change(slot, slot);
		qmd_follow_unlock(qmd.slots[slot].region);
	}
	qmd_elf_publish();
	return true;
}
