// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include <zstd.h>

#include "lib/file.h"
#include "lib/progress.h"
#include "lib/scratchfile.h"
#include "dump/core/zstdfile.h"

/* The longest header of a frame, RFC 8878 */
#define FRAME_HEADER_MAX 18

struct compressor {
	ZSTD_CCtx *ctx;
	size_t in_size, out_size;
	char *in, *out;
	uint64_t written;
};

static void compressor_clear(struct compressor *c)
{
	ZSTD_freeCCtx(c->ctx);
	free(c->in);
	free(c->out);
}

static int compress_chunk(struct compressor *c, size_t size, bool last, int fd, struct derr *err)
{
	ZSTD_inBuffer in = { c->in, size, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { c->out, c->out_size, 0 };
		int r;

		left = ZSTD_compressStream2(c->ctx, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return derr_set(err, -EIO, "Cannot compress the dump: %s", ZSTD_getErrorName(left));
		r = pwrite_full(fd, c->out, out.pos, c->written);
		if (r < 0)
			return derr_set(err, r, "Cannot write the dump: %s", strerror(-r));
		c->written += out.pos;
	} while (last ? left : in.pos < in.size);
	return 0;
}

int zstd_compress(int in, uint64_t size, int out, struct derr *err)
{
	_cleanup_(compressor_clear) struct compressor c = { .ctx = ZSTD_createCCtx(),
							    .in_size = ZSTD_CStreamInSize(),
							    .out_size = ZSTD_CStreamOutSize() };
	struct progress p;
	int r = 0;

	c.in = xcalloc(c.in_size, 1);
	c.out = xcalloc(c.out_size, 1);
	if (!c.ctx || ZSTD_isError(ZSTD_CCtx_setParameter(c.ctx, ZSTD_c_checksumFlag, 1)) ||
	    ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(c.ctx, size)))
		return derr_set(err, -ENOMEM, "Cannot compress the dump: zstd cannot be set up.");
	progress_start(&p, "Compressing", size);
	for (uint64_t pos = 0; pos < size && r == 0;) {
		size_t n = size - pos < c.in_size ? size - pos : c.in_size;

		r = pread_full(in, c.in, n, pos);
		if (r < 0)
			derr_set(err, r, "Cannot read what is to be compressed: %s", strerror(-r));
		pos += n;
		if (r == 0)
			r = compress_chunk(&c, n, pos == size, out, err);
		progress_at(&p, pos);
	}
	progress_end(&p);
	return r;
}

int zstd_write(int (*write_plain)(void *what, int fd, struct derr *err), void *what, int out, struct derr *err)
{
	_cleanup_close_ int plain = scratch_open(err);
	struct stat st;
	int r = plain < 0 ? plain : write_plain(what, plain, err);

	if (r == 0 && fstat(plain, &st) < 0)
		r = derr_set(err, -errno, "Cannot read the size of the dump: %s", strerror(errno));
	return r < 0 ? r : zstd_compress(plain, st.st_size, out, err);
}

bool zstd_detect(int fd, uint64_t size)
{
	uint32_t magic;

	return size >= sizeof(magic) && pread_full(fd, &magic, sizeof(magic), 0) == 0 && magic == ZSTD_MAGICNUMBER;
}

static int too_large(const char *path, uint64_t max, struct derr *err)
{
	return derr_set(
		err, -EFBIG,
		"%s has more than %s when it is decompressed. If that is right, decompress it first: zstd -d %s", path,
		size_text(max).s, path);
}

/* Refuses at once what says itself that it is too large. */
static int check_content_size(int fd, uint64_t size, const char *path, uint64_t max, struct derr *err)
{
	char header[FRAME_HEADER_MAX] = "";
	size_t n = size < sizeof(header) ? size : sizeof(header);
	unsigned long long content = 0;

	if (pread_full(fd, header, n, 0) == 0)
		content = ZSTD_getFrameContentSize(header, n);
	if (content == ZSTD_CONTENTSIZE_ERROR)
		return derr_set(err, -EINVAL, "%s is damaged: its zstd header makes no sense.", path);
	if (content != ZSTD_CONTENTSIZE_UNKNOWN && content > max)
		return too_large(path, max, err);
	return 0;
}

struct decompressor {
	ZSTD_DCtx *ctx;
	size_t in_size, out_size;
	char *in, *out;
	int fd; /* where the content goes */
	uint64_t size, max;
	size_t hint; /* 0: a frame is complete */
	const char *path;
};

static void decompressor_clear(struct decompressor *d)
{
	ZSTD_freeDCtx(d->ctx);
	free(d->in);
	free(d->out);
}

/* What is zero becomes a hole: it takes no room, however much of it there is. */
static int decompress_chunk(struct decompressor *d, size_t size, struct derr *err)
{
	ZSTD_inBuffer in = { d->in, size, 0 };
	ZSTD_outBuffer out;
	int r;

	do {
		out = (ZSTD_outBuffer){ d->out, d->out_size, 0 };
		d->hint = ZSTD_decompressStream(d->ctx, &out, &in);
		if (ZSTD_isError(d->hint))
			return derr_set(err, -EIO, "%s is damaged: zstd says \"%s\". Copy it again.", d->path,
					ZSTD_getErrorName(d->hint));
		if (out.pos > d->max - d->size)
			return too_large(d->path, d->max, err);
		r = all_zero(d->out, out.pos) ? 0 : pwrite_full(d->fd, d->out, out.pos, d->size);
		if (r < 0)
			return derr_set(err, r, "Cannot decompress %s to a temporary file: %s", d->path, strerror(-r));
		d->size += out.pos;
	} while (in.pos < in.size || (d->hint && out.pos == out.size));
	return 0;
}

static int decompress(struct decompressor *d, int from, uint64_t size, struct derr *err)
{
	struct progress p;
	int r = 0;

	progress_start(&p, "Decompressing", size);
	for (uint64_t pos = 0; pos < size && r == 0;) {
		size_t n = size - pos < d->in_size ? size - pos : d->in_size;

		r = pread_full(from, d->in, n, pos);
		if (r < 0)
			derr_set(err, r, "Cannot read %s: %s", d->path, strerror(-r));
		else
			r = decompress_chunk(d, n, err);
		pos += n;
		progress_at(&p, pos);
	}
	progress_end(&p);
	if (r == 0 && d->hint)
		r = derr_set(err, -EIO, "%s is cut off. Copy it again.", d->path);
	if (r == 0 && !d->size)
		r = derr_set(err, -ENODATA, "%s is empty when it is decompressed.", d->path);
	if (r == 0 && ftruncate(d->fd, (off_t)d->size) < 0)
		r = derr_set(err, -errno, "Cannot decompress %s to a temporary file: %s", d->path, strerror(errno));
	return r;
}

int zstd_open(int fd, const char *path, uint64_t *size, uint64_t max, struct derr *err)
{
	_cleanup_(decompressor_clear) struct decompressor d = {
		.ctx = ZSTD_createDCtx(),
		.in_size = ZSTD_DStreamInSize(),
		.out_size = ZSTD_DStreamOutSize(),
		.path = path,
		.max = max,
	};
	int r = check_content_size(fd, *size, path, max, err);

	if (r < 0)
		return r;
	if (!d.ctx)
		return derr_set(err, -ENOMEM, "Cannot decompress %s: zstd cannot be set up.", path);
	d.in = xcalloc(d.in_size, 1);
	d.out = xcalloc(d.out_size, 1);
	d.fd = scratch_open(err);
	if (d.fd < 0)
		return d.fd;
	r = decompress(&d, fd, *size, err);
	if (r < 0) {
		close(d.fd);
		return r;
	}
	*size = d.size;
	return d.fd;
}
