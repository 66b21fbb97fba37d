// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/qcom_minidump_table.h>
#include <qcmd_note.h>

#include "dump/core/elfnote.h"
#include "dump/core/page.h"
#include "dump/image/assembled.h"
#include "dump/image/image.h"
#include "dump/image/rawdump.h"
#include "lib/file.h"
#include "lib/progress.h"
#include "lib/scratchfile.h"

#define SCAN_CHUNK MIB
#define COPY_CHUNK MIB

static int map_elf(struct image *img, struct derr *err)
{
	for (size_t i = 0; i < img->elf.n_phdrs; i++) {
		const Elf64_Phdr *p = &img->elf.phdrs[i];

		if (p->p_type == PT_LOAD)
			rangemap_add(&img->phys, p->p_paddr, p->p_filesz, p->p_offset);
	}
	rangemap_finish(&img->phys);
	if (!img->phys.n)
		return derr_set(err, -ENODATA,
				"%s is an ELF core that has no memory in it. If it was cut off, copy it again.",
				img->path);
	/* Or else a small file could keep us busy, and fill a disk, without end. */
	if (rangemap_total(&img->phys) > img->file_size)
		return derr_set(err, -EINVAL, "%s is damaged: it claims more memory than the file has bytes.",
				img->path);
	img->mapped = true;
	return 0;
}

static int map_raw(struct image *img, const struct range *maps, size_t n_maps, struct derr *err)
{
	for (size_t i = 0; i < n_maps; i++) {
		if (maps[i].offset + maps[i].size > img->file_size)
			return derr_set(err, -ERANGE,
					"--map 0x%" PRIx64 ":0x%" PRIx64 ":0x%" PRIx64 ": %s ends at 0x%" PRIx64 ".",
					maps[i].offset, maps[i].start, maps[i].size, img->path, img->file_size);
		rangemap_add(&img->phys, maps[i].start, maps[i].size, maps[i].offset);
	}
	if (!n_maps)
		rangemap_add(&img->phys, 0, img->file_size, 0);
	rangemap_finish(&img->phys);
	img->mapped = n_maps > 0;
	return 0;
}

const char *image_kind_name(const struct image *img)
{
	static const char *const names[] = {
		[IMAGE_RAW] = "raw",	 [IMAGE_VMCORE] = "vmcore",   [IMAGE_KEEP] = "keep",
		[IMAGE_BLOBS] = "blobs", [IMAGE_RAWDUMP] = "rawdump", [IMAGE_ASSEMBLED] = "assembled",
		[IMAGE_KDUMP] = "kdump",
	};

	return img->snapshot ? "snapshot" : names[img->kind];
}

char *image_format(const struct image *img)
{
	static const char *const names[] = { [IMAGE_RAW] = "a raw memory image",
					     [IMAGE_VMCORE] = "an ELF core of memory",
					     [IMAGE_BLOBS] = "a folder of firmware's files",
					     [IMAGE_RAWDUMP] = "a rawdump partition",
					     [IMAGE_ASSEMBLED] = "firmware's files, assembled in an ELF core" };

	return xprintf("%s%s%s", img->kdump ? kdump_format(img->kdump) : names[img->kind],
		       img->packed & DUMPFILE_FLAT ? ", flattened" : "",
		       img->packed & DUMPFILE_ZSTD ? ", in a file compressed with zstd" : "");
}

/* Only of a raw image it is not known where its memory belongs. */
static int refuse_options(const struct image *img, const struct image_options *o, struct derr *err)
{
	if (o->n_maps && img->kind != IMAGE_RAW)
		return derr_set(err, -EINVAL,
				"%s says itself which address is where (it is no raw memory image): leave --map out.",
				img->path);
	if (o->registers && img->kind != IMAGE_RAW && img->kind != IMAGE_VMCORE && img->kind != IMAGE_KDUMP)
		return derr_set(err, -EINVAL, "%s has regions that firmware saved: leave --registers out.", img->path);
	if (o->dump && img->kind != IMAGE_RAWDUMP)
		return derr_set(err, -EINVAL, "%s is no rawdump partition with several dumps: leave --dump out.",
				img->path);
	return 0;
}

/* What a kernel has kept for the next one, and that one shows as the memory it was. */
static bool is_keep(const struct elffile *elf)
{
	struct elfnote note;

	return elfnote_find(elf->notes, elf->notes_size, QCMD_NOTE_NAME, QCMD_NOTE_KEEP, &note);
}

static enum image_kind elf_kind(struct image *img)
{
	if (is_keep(&img->elf))
		return IMAGE_KEEP;
	return assembled_read(img->fd, img->file_size, &img->elf, &img->pieces) ? IMAGE_ASSEMBLED : IMAGE_VMCORE;
}

static int open_file(struct image *img, const char *path, const struct image_options *o, struct derr *err)
{
	int r = dumpfile_open(path, &img->file_size, &img->packed, err);

	if (r < 0)
		return r;
	img->fd = r;
	r = elffile_read(&img->elf, img->fd, img->file_size, img->path, err);
	if (r < 0)
		return r;
	if (r > 0)
		img->kind = elf_kind(img);
	else if (rawdump_detect(img->fd, img->file_size))
		img->kind = IMAGE_RAWDUMP;
	else if (kdump_detect(img->fd, img->file_size))
		img->kind = IMAGE_KDUMP;
	r = refuse_options(img, o, err);
	if (r < 0)
		return r;
	if (img->kind == IMAGE_VMCORE || img->kind == IMAGE_KEEP)
		return map_elf(img, err);
	if (img->kind == IMAGE_KDUMP) {
		img->mapped = true;
		return kdump_open(&img->kdump, img->fd, img->file_size, img->path, &img->elf, &img->phys, err);
	}
	if (img->kind == IMAGE_ASSEMBLED) {
		img->mapped = true;
		return 0;
	}
	if (img->kind == IMAGE_RAWDUMP)
		return rawdump_map(img, o->dump, err);
	return map_raw(img, o->maps, o->n_maps, err);
}

static int open_folder(struct image *img, const struct image_options *o, struct derr *err)
{
	int r;

	img->kind = IMAGE_BLOBS;
	img->mapped = true;
	r = refuse_options(img, o, err);
	if (r == 0)
		r = blobs_open(&img->blobs, img->path, &img->pieces, &img->problems, err);
	return r;
}

static int open_registers(struct image *img, const char *path, struct derr *err)
{
	uint64_t size;
	int r = dumpfile_open(path, &size, NULL, err);

	if (r < 0)
		return r;
	img->registers_fd = r;
	if (size < MINIDUMP_REGS_SIZE)
		return derr_set(err, -ENODATA, "%s has %" PRIu64 " bytes; the registers of a minidump table take %u.",
				path, size, MINIDUMP_REGS_SIZE);
	return 0;
}

int image_open(struct image *img, const char *path, const struct image_options *o, struct derr *err)
{
	struct stat st;
	int r;

	*img = IMAGE_CLOSED;
	img->path = xprintf("%s", o->name ?: path);
	r = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? open_folder(img, o, err) : open_file(img, path, o, err);
	if (r == 0 && o->registers)
		r = open_registers(img, o->registers, err);
	if (r < 0)
		image_close(img);
	return r;
}

int image_of_core(struct image *img, const struct corefile *core, struct derr *err)
{
	int r;

	*img = IMAGE_CLOSED;
	img->kind = IMAGE_VMCORE;
	img->path = xstrndup(core->path, strlen(core->path));
	img->file_size = core->file_size;
	img->fd = fcntl(core->fd, F_DUPFD_CLOEXEC, 0);
	if (img->fd < 0)
		r = derr_set(err, -errno, "Cannot open %s: %s", img->path, strerror(errno));
	else
		r = elffile_read(&img->elf, img->fd, img->file_size, img->path, err);
	if (r >= 0)
		r = map_elf(img, err);
	if (r < 0)
		image_close(img);
	return r;
}

void image_close(struct image *img)
{
	kdump_close(img->kdump);
	closep(&img->fd);
	closep(&img->registers_fd);
	image_thaw(img);
	free(img->path);
	elffile_clear(&img->elf);
	rangemap_clear(&img->phys);
	pieces_clear(&img->pieces);
	blobs_close(img->blobs);
	strlist_clear(&img->problems);
	strlist_clear(&img->left_out);
	*img = IMAGE_CLOSED;
}

int image_read_at(const struct image *img, uint64_t offset, void *buf, size_t size)
{
	if (img->kdump)
		return kdump_read_at(img->kdump, offset, buf, size);
	return img->blobs ? blobs_read(img->blobs, offset, buf, size) : pread_full(img->fd, buf, size, offset);
}

int image_read_by(void *img, void *buf, size_t size, uint64_t offset)
{
	return image_read_at(img, offset, buf, size);
}

int image_read(const struct image *img, uint64_t paddr, void *buf, size_t size)
{
	if (img->frozen_fd >= 0)
		return rangemap_read(&img->frozen_at, img->frozen_fd, paddr, buf, size);
	return rangemap_read_by(&img->phys, image_read_by, (void *)img, paddr, buf, size);
}

/* The next byte of the source from offset on that is not in a hole; UINT64_MAX: only holes follow. */
static uint64_t skip_hole(const struct image *img, uint64_t offset)
{
	off_t data;

	if (img->kdump)
		return kdump_skip_hole(img->kdump, offset);
	data = lseek(img->fd, (off_t)offset, SEEK_DATA);
	if (data >= 0)
		return (uint64_t)data;
	/* Not every file knows about holes: then it is all data. */
	return errno == ENXIO ? UINT64_MAX : offset;
}

bool image_is_hole(const struct image *img, uint64_t paddr, uint64_t size)
{
	const struct range *r = rangemap_find(&img->phys, paddr);
	uint64_t data;

	if (!r || img->fd < 0 || img->blobs || img->frozen_fd >= 0 || r->size - (paddr - r->start) < size)
		return false;
	data = skip_hole(img, r->offset + (paddr - r->start));
	return data == UINT64_MAX || data - (r->offset + (paddr - r->start)) >= size;
}

static int copy_range(const struct image *img, const struct range *r, int fd, char *buf)
{
	int ret = 0;

	for (uint64_t done = 0, n; done < r->size && ret == 0; done += n) {
		n = r->size - done < COPY_CHUNK ? r->size - done : COPY_CHUNK;
		ret = image_read(img, r->start + done, buf, n);
		if (ret == 0)
			ret = pwrite_full(fd, buf, n, r->offset + done);
	}
	return ret;
}

int image_freeze(struct image *img, struct rangemap *ranges, struct derr *err)
{
	_cleanup_free_ char *buf = xcalloc(COPY_CHUNK, 1);
	int fd = scratch_open(err), r = 0;

	if (fd < 0) {
		rangemap_clear(ranges);
		return fd;
	}
	for (size_t i = 0; i < ranges->n && r == 0; i++)
		r = copy_range(img, &ranges->v[i], fd, buf);
	img->frozen_fd = fd;
	img->frozen_at = *ranges;
	if (r < 0)
		return derr_set(err, r, "Cannot copy %s to a temporary file: %s", img->path, strerror(-r));
	return 0;
}

void image_thaw(struct image *img)
{
	closep(&img->frozen_fd);
	img->frozen_fd = -1;
	rangemap_clear(&img->frozen_at);
}

struct scan {
	const struct image *img;
	image_scan_fn fn;
	void *arg;
	char *buf;
	bool may_map;
	uint64_t done;
	struct progress progress;
};

/* A mapped file that has become shorter since, or can't be read, has no other way to say so. */
static void on_bus_error(int sig)
{
	static const char text[] = "Cannot read the file to its end: it became shorter, or its disk has an error.\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	_exit(EXIT_FAILURE);
}

/*
 * Of most pages only the first bytes are looked at: where the file can be mapped, no more than that is read. NULL: it
 * can't, as devices and /proc/vmcore, whose errors a read tells.
 */
static const char *map_chunk(const struct scan *s, uint64_t offset, size_t size, size_t *ret_mapped)
{
	size_t skew = offset % DUMP_PAGE;
	char *map;

	if (!s->may_map || offset + size > s->img->file_size)
		return NULL;
	*ret_mapped = size + skew;
	map = mmap(NULL, *ret_mapped, PROT_READ, MAP_SHARED, s->img->fd, offset - skew);
	return map == MAP_FAILED ? NULL : map + skew;
}

static int scan_chunk(const struct scan *s, uint64_t pos, uint64_t offset, size_t size, struct derr *err)
{
	size_t mapped;
	const char *map = map_chunk(s, offset, size, &mapped);
	int r;

	if (map) {
		r = s->fn(s->arg, pos, map, size);
		munmap((void *)(map - offset % DUMP_PAGE), mapped);
		return r;
	}
	r = image_read_at(s->img, offset, s->buf, size);
	if (r < 0)
		return derr_set(err, r, "Cannot read %s at offset %" PRIu64 ": %s", s->img->path, offset, strerror(-r));
	return s->fn(s->arg, pos, s->buf, size);
}

static int scan_range(struct scan *s, const struct range *r, struct derr *err)
{
	uint64_t skew, pos, end = r->start + r->size;
	int ret;

	if (end - 1 > UINT64_MAX - DUMP_PAGE)
		return 0;
	for (pos = page_up(r->start); pos < end && end - pos >= DUMP_PAGE;) {
		uint64_t offset = r->offset + (pos - r->start), data = skip_hole(s->img, offset);
		size_t n;

		if (data == UINT64_MAX || data - offset >= end - pos)
			break;
		/* Back to the page that the data starts in. */
		skew = page_down(data - offset);
		pos += skew;
		if (end - pos < DUMP_PAGE)
			break;
		n = end - pos < SCAN_CHUNK ? page_down(end - pos) : SCAN_CHUNK;
		ret = scan_chunk(s, pos, offset + skew, n, err);
		if (ret)
			return ret;
		pos += n;
		progress_at(&s->progress, s->done + (pos - r->start));
	}
	s->done += r->size;
	return 0;
}

int image_scan(const struct image *img, image_scan_fn fn, void *arg, struct derr *err)
{
	_cleanup_free_ char *buf = xcalloc(SCAN_CHUNK, 1);
	struct scan s = { .img = img, .fn = fn, .arg = arg, .buf = buf };
	struct sigaction fault = { .sa_handler = on_bus_error }, before;
	struct stat st;
	int r = 0;

	s.may_map = !img->kdump && fstat(img->fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    sigaction(SIGBUS, &fault, &before) == 0;

	progress_start(&s.progress, "Looking for the minidump table", rangemap_total(&img->phys));
	for (size_t i = 0; i < img->phys.n && r == 0; i++)
		r = scan_range(&s, &img->phys.v[i], err);
	progress_end(&s.progress);
	if (s.may_map)
		sigaction(SIGBUS, &before, NULL);
	return r;
}
