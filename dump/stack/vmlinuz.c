// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "dump/stack/vmlinuz.h"
#include "lib/alloc.h"
#include "lib/file.h"
#include "lib/scratchfile.h"
#include "lib/size.h"

/* Debian's files have up to 40 MiB, and kernels that are unpacked up to 100 MiB. */
#define FILE_MAX_    (128 * MIB)
#define UNPACKED_MAX (512 * MIB)
#define CHUNK	     MIB

/* Documentation/arch/x86/boot.rst: the header in the first sectors */
#define X86_SECTORS	 0x1f1
#define X86_MAGIC	 0x202
#define X86_PAYLOAD	 0x248
#define X86_PAYLOAD_SIZE 0x24c
#define X86_HEADER_END	 0x250

/* drivers/firmware/efi/libstub/zboot-header.S */
#define ZBOOT_MAGIC	   4
#define ZBOOT_PAYLOAD	   8
#define ZBOOT_PAYLOAD_SIZE 12

/* Documentation/arch/arm64/booting.rst */
#define ARM64_MAGIC 56

struct packed {
	bool boots; /* it begins as what boot loaders start */
	const uint8_t *data;
	size_t size;
	int out;
	uint64_t written;
	char *chunk;
};

static uint32_t read32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Leaves out what unpacks it. */
static bool find_payload(struct packed *p)
{
	uint64_t start, size;

	if (p->size >= X86_HEADER_END && !memcmp(p->data + X86_MAGIC, "HdrS", 4)) {
		start = ((p->data[X86_SECTORS] ?: 4) + 1) * 512ULL + read32(p->data + X86_PAYLOAD);
		size = read32(p->data + X86_PAYLOAD_SIZE);
	} else if (p->size >= X86_HEADER_END && !memcmp(p->data + ZBOOT_MAGIC, "zimg", 4)) {
		start = read32(p->data + ZBOOT_PAYLOAD);
		size = read32(p->data + ZBOOT_PAYLOAD_SIZE);
	} else {
		return true;
	}
	p->boots = true;
	if (start > p->size || size > p->size - start)
		return false;
	p->data += start;
	p->size = size;
	return true;
}

static bool write_chunk(struct packed *p, const void *data, size_t size)
{
	if (size > UNPACKED_MAX - p->written || pwrite_full(p->out, data, size, p->written) < 0)
		return false;
	p->written += size;
	return true;
}

/* What a payload has behind its end, its size, is of no use. */
static bool unpack_gzip(struct packed *p)
{
	z_stream z = { .next_in = (Bytef *)p->data, .avail_in = p->size };
	bool good = true;
	int r;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return false;
	do {
		z.next_out = (Bytef *)p->chunk;
		z.avail_out = CHUNK;
		r = inflate(&z, Z_NO_FLUSH);
		good = (r == Z_OK || r == Z_STREAM_END) && write_chunk(p, p->chunk, CHUNK - z.avail_out);
	} while (good && r == Z_OK);
	inflateEnd(&z);
	return good;
}

static bool unpack_zstd(struct packed *p)
{
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	ZSTD_inBuffer in = { p->data, p->size, 0 };
	bool good = false;

	/* The kernel packs itself with windows of up to 128 MiB. */
	if (ctx)
		ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, 27);
	while (ctx && !good) {
		ZSTD_outBuffer out = { p->chunk, CHUNK, 0 };
		size_t before = in.pos, r = ZSTD_decompressStream(ctx, &out, &in);

		if (ZSTD_isError(r) || !write_chunk(p, p->chunk, out.pos) || (r && in.pos == before && !out.pos))
			break;
		good = r == 0;
	}
	ZSTD_freeDCtx(ctx);
	return good;
}

/* -ENOTSUP: it is none of what is known here. */
static int unpack(struct packed *p)
{
	if (!find_payload(p))
		return -EINVAL;
	if (p->size >= 2 && !memcmp(p->data, "\x1f\x8b", 2))
		return unpack_gzip(p) ? 0 : -EINVAL;
	if (p->size >= 4 && read32(p->data) == ZSTD_MAGICNUMBER)
		return unpack_zstd(p) ? 0 : -EINVAL;
	if (p->size < ARM64_MAGIC + 4 || memcmp(p->data + ARM64_MAGIC, "ARM\x64", 4))
		return -ENOTSUP;
	return write_chunk(p, p->data, p->size) ? 0 : -EINVAL;
}

int vmlinuz_unpack(int fd, uint64_t *size, const char *path, struct derr *err)
{
	_cleanup_free_ uint8_t *data = NULL;
	_cleanup_free_ char *chunk = NULL;
	struct packed p = { .size = *size };
	int r;

	if (*size > FILE_MAX_)
		return derr_set(err, -EINVAL, "%s is larger than any kernel.", path);
	p.data = data = xcalloc(*size, 1);
	if (pread_full(fd, data, *size, 0) < 0)
		return derr_set(err, -EIO, "%s cannot be read.", path);
	p.chunk = chunk = xcalloc(CHUNK, 1);
	p.out = scratch_open(err);
	if (p.out < 0)
		return p.out;
	r = unpack(&p);
	if (r == 0) {
		*size = p.written;
		return p.out;
	}
	close(p.out);
	if (r == -ENOTSUP && p.boots)
		return derr_set(err, -EINVAL, "%s cannot be unpacked: it is compressed with neither gzip nor zstd.",
				path);
	return derr_set(err, r, "%s cannot be unpacked: it is damaged, or larger than any kernel.", path);
}
