// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/core/elffile.h"
#include "dump/core/flatfile.h"
#include "dump/core/zstdfile.h"
#include "lib/file.h"
#include "lib/outfile.h"

/* Formats that others give to a dump, and that are neither memory nor a core. */
static int refuse_format(int fd, uint64_t size, const char *path, struct derr *err)
{
	static const struct {
		const char *magic;
		const char *what;
		const char *advice;
	} formats[] = {
		{ "DISKDUMP", "a diskdump file", "Have the next one written as ELF, with makedumpfile -E." },
		{ "QEVM", "a QEMU migration stream", "Use dump-guest-memory or pmemsave instead." },
		{ "\x1f\x8b", "compressed with gzip", "Decompress it first: gzip -d" },
		{ "\xfd"
		  "7zXZ",
		  "compressed with xz", "Decompress it first: xz -d" },
		{ "BZh", "compressed with bzip2", "Decompress it first: bzip2 -d" },
		{ "\x04\x22\x4d\x18", "compressed with lz4", "Decompress it first: lz4 -d" },
	};
	char start[16] = "";

	pread_full(fd, start, size < sizeof(start) ? size : sizeof(start), 0);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (!memcmp(start, formats[i].magic, strlen(formats[i].magic)))
			return derr_set(err, -EINVAL, "%s is %s, which qcmdump does not read. %s", path,
					formats[i].what, formats[i].advice);
	return 0;
}

static int open_plain(const char *path, uint64_t *size, struct derr *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	off_t end;
	int ret;

	/* O_NONBLOCK: a FIFO that nobody writes to must not hold us up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return derr_set(err, -errno, "Cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		return derr_set(err, -errno, "Cannot read the size of %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return derr_set(err, -EISDIR,
				"%s is a directory, not a dump. If it holds md_*.BIN files, collect the dump from "
				"them: qcmdump collect %s",
				path, path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return derr_set(err, -EINVAL, "%s is neither a file nor a block device: it cannot hold a dump.", path);
	end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return derr_set(err, -errno, "Cannot read the size of %s: %s", path, strerror(errno));
	if (end == 0)
		return derr_set(err, -ENODATA, "%s is empty.", path);
	*size = (uint64_t)end;
	outfile_spare(fd);
	ret = fd;
	fd = -1;
	return ret;
}

int dumpfile_open(const char *path, uint64_t *size, unsigned int *packed, struct derr *err)
{
	int fd = open_plain(path, size, err);
	unsigned int found = 0;

	if (fd >= 0 && zstd_detect(fd, *size)) {
		_cleanup_close_ int from = fd;

		found |= DUMPFILE_ZSTD;
		fd = zstd_open(from, path, size, ZSTD_CONTENT_MAX, err);
	}
	if (fd >= 0 && flat_detect(fd, *size)) {
		_cleanup_close_ int from = fd;

		found |= DUMPFILE_FLAT;
		fd = flat_open(from, path, size, err);
	}
	if (packed)
		*packed = found;
	if (fd >= 0 && refuse_format(fd, *size, path, err) < 0) {
		closep(&fd);
		return -EINVAL;
	}
	return fd;
}

/* Program headers beyond 65534 are counted in the first section header. */
static uint64_t phdr_count(const Elf64_Ehdr *ehdr, int fd)
{
	Elf64_Shdr shdr;

	if (ehdr->e_phnum != PN_XNUM)
		return ehdr->e_phnum;
	if (!ehdr->e_shoff || ehdr->e_shoff > INT64_MAX || pread_full(fd, &shdr, sizeof(shdr), ehdr->e_shoff) < 0)
		return 0;
	return shdr.sh_info;
}

static int check_ehdr(const Elf64_Ehdr *ehdr, const char *path, struct derr *err)
{
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64)
		return derr_set(err, -EINVAL,
				"%s is an ELF file of 32 bits. Only dumps of 64-bit machines can be read.", path);
	if (ehdr->e_ident[EI_DATA] != ELFDATA2LSB)
		return derr_set(err, -EINVAL, "%s is a big-endian ELF file. Only little-endian dumps can be read.",
				path);
	if (ehdr->e_type != ET_CORE)
		return derr_set(err, -EINVAL, "%s is an ELF file, but a program or library, not a core dump.", path);
	if (ehdr->e_phentsize != sizeof(Elf64_Phdr))
		return derr_set(err, -EINVAL, "%s is damaged: its program headers have %u bytes each instead of %zu.",
				path, ehdr->e_phentsize, sizeof(Elf64_Phdr));
	return 0;
}

static void read_notes(struct elffile *elf, int fd, uint64_t file_size)
{
	size_t capacity = 0;

	for (size_t i = 0; i < elf->n_phdrs; i++) {
		const Elf64_Phdr *p = &elf->phdrs[i];
		uint64_t end;

		if (p->p_type != PT_NOTE || !p->p_filesz)
			continue;
		if (__builtin_add_overflow(p->p_offset, p->p_filesz, &end) || end > file_size ||
		    p->p_filesz > ELF_NOTES_MAX - elf->notes_size)
			continue;
		elf->notes = xgrow(elf->notes, &capacity, elf->notes_size + p->p_filesz, 1);
		if (pread_full(fd, elf->notes + elf->notes_size, p->p_filesz, p->p_offset) == 0)
			elf->notes_size += p->p_filesz;
	}
}

/* Cuts every PT_LOAD to what the file has. */
static void clip_loads(struct elffile *elf, uint64_t file_size)
{
	for (size_t i = 0; i < elf->n_phdrs; i++) {
		Elf64_Phdr *p = &elf->phdrs[i];
		uint64_t there;

		if (p->p_type != PT_LOAD)
			continue;
		there = p->p_offset < file_size ? file_size - p->p_offset : 0;
		if (p->p_filesz > there) {
			if (__builtin_add_overflow(elf->missing, p->p_filesz - there, &elf->missing))
				elf->missing = UINT64_MAX;
			p->p_filesz = there;
		}
	}
}

int elffile_read(struct elffile *elf, int fd, uint64_t file_size, const char *path, struct derr *err)
{
	uint64_t n, end;
	Elf64_Ehdr ehdr;
	int r;

	*elf = (struct elffile){ 0 };
	if (file_size < SELFMAG || pread_full(fd, ehdr.e_ident, SELFMAG, 0) < 0 ||
	    memcmp(ehdr.e_ident, ELFMAG, SELFMAG))
		return 0;
	if (pread_full(fd, &ehdr, sizeof(ehdr), 0) < 0)
		return derr_set(err, -EIO, "%s is cut off within its ELF header.", path);
	r = check_ehdr(&ehdr, path, err);
	if (r < 0)
		return r;
	n = phdr_count(&ehdr, fd);
	if (n > ELF_PHDRS_MAX)
		return derr_set(err, -EINVAL, "%s is damaged: it claims %" PRIu64 " program headers.", path, n);
	if (!n)
		return derr_set(err, -EINVAL,
				"%s is an ELF core without program headers: empty, or of Xen's xl dump-core, which "
				"qcmdump does not read. kdump inside of the guest writes what it does.",
				path);
	if (__builtin_add_overflow(ehdr.e_phoff, n * sizeof(Elf64_Phdr), &end) || end > file_size)
		return derr_set(err, -EIO,
				"%s is cut off or damaged: its program headers lie beyond its end. "
				"Copy the dump again.",
				path);
	elf->machine = ehdr.e_machine;
	elf->phdrs = xcalloc(n, sizeof(*elf->phdrs));
	elf->n_phdrs = n;
	r = pread_full(fd, elf->phdrs, n * sizeof(*elf->phdrs), ehdr.e_phoff);
	if (r < 0) {
		elffile_clear(elf);
		return derr_set(err, r, "Cannot read %s: %s", path, strerror(-r));
	}
	read_notes(elf, fd, file_size);
	clip_loads(elf, file_size);
	return 1;
}

void elffile_clear(struct elffile *elf)
{
	free(elf->phdrs);
	free(elf->notes);
	*elf = (struct elffile){ 0 };
}
