// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/image/assembled.h"
#include "lib/file.h"

/* Names of sections are in the header of no other core: they come behind the memory. */
static bool has_names(const struct kelf *kelf)
{
	for (size_t i = 0; i < kelf->n; i++)
		if (kelf->phdrs[i].p_type == PT_LOAD && kelf->names[i][0])
			return true;
	return false;
}

static uint64_t header_size(const struct elffile *elf, uint64_t file_size)
{
	uint64_t size = file_size < KELF_MAX ? file_size : KELF_MAX;

	for (size_t i = 0; i < elf->n_phdrs; i++)
		if (elf->phdrs[i].p_filesz && elf->phdrs[i].p_offset < size)
			size = elf->phdrs[i].p_offset;
	return size;
}

/* As firmware would have called it. What is behind the end of the file is missing. */
static void add_piece(struct pieces *pieces, uint64_t file_size, const char *name, uint32_t seq, const Elf64_Phdr *p)
{
	char number[16] = "";
	_cleanup_free_ char *file = NULL;
	struct piece *piece;

	if (seq)
		snprintf(number, sizeof(number), "_%" PRIu32, seq);
	file = xprintf("md_%s%s.BIN", name, number);
	piece = pieces_add(pieces, file, strlen(file));
	if (!piece)
		return;
	piece->offset = p->p_offset < file_size ? p->p_offset : file_size;
	piece->size = p->p_filesz < file_size - piece->offset ? p->p_filesz : file_size - piece->offset;
	piece->expected = p->p_filesz;
	piece->has_paddr = p->p_type == PT_LOAD;
	piece->paddr = p->p_paddr;
}

bool assembled_read(int fd, uint64_t file_size, const struct elffile *elf, struct pieces *pieces)
{
	uint64_t size = header_size(elf, file_size);
	_cleanup_free_ char *buf = xcalloc(size, 1);
	const Elf64_Phdr header = { .p_filesz = size };
	struct kelf kelf = { 0 };
	struct derr ignored;
	bool is_one =
		pread_full(fd, buf, size, 0) == 0 && kelf_parse(&kelf, buf, size, &ignored) >= 0 && has_names(&kelf);

	if (is_one)
		add_piece(pieces, file_size, MINIDUMP_ELF_HEADER_NAME, 0, &header);
	for (size_t i = 0; is_one && i < kelf.n; i++) {
		const Elf64_Phdr *p = &kelf.phdrs[i];

		if (p->p_type == PT_NOTE)
			add_piece(pieces, file_size, MINIDUMP_VMCOREINFO_NAME, 0, p);
		else if (p->p_type == PT_LOAD)
			add_piece(pieces, file_size, kelf.names[i], kelf.seqs[i], p);
	}
	kelf_clear(&kelf);
	return is_one;
}
