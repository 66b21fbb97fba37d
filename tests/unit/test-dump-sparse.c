// SPDX-License-Identifier: GPL-2.0-only
/* What is large takes no more room in a dump, and no more reading, than there is of it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "dump-run.h"

#define MIB_	(1ULL << 20)
#define GIB_	(1ULL << 30)
#define PATTERN 0x51

static uint64_t room_taken(const char *path, uint64_t *size)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	*size = st.st_size;
	return (uint64_t)st.st_blocks * 512;
}

/* A ring of 16 MiB text with a few records, as log_buf_len= makes it */
static void large_ring(void **state)
{
	uint64_t size;
	char out[64];
	struct di d;

	di_init(&d, 96 * MIB_, 0, 0);
	d.next = 8 * MIB_;
	di_ring(&d, 19, 24);
	for (int i = 0; i < 508; i++)
		di_print(&d, i, 6, "some text of a usual length, as drivers print it", NULL, NULL);
	/* Descriptors that were never used are zeros. */
	assert_int_equal(fallocate(d.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, d.descs + 4096 * 4, 24ULL << 18),
			 0);
	di_finish(&d);
	must_collect(&d, out);
	assert_true(room_taken(out, &size) < 16 * MIB_);
	assert_true(size > 70 * MIB_);
	unlink(out);
	di_done(&d);
}

/* Large regions of an image with holes: no more is read and written than there is. */
static void large_regions(void **state)
{
	uint64_t size;
	char out[64];
	struct di d;

	di_init(&d, 17 * GIB_, 0, 0);
	for (uint64_t i = 1; i <= 16; i++) {
		char name[16];

		snprintf(name, sizeof(name), "KLARGE%u", (unsigned int)i);
		di_add(&d, name, 0, i * GIB_, DI_DIRECT + i * GIB_, GIB_);
		di_write64(&d, i * GIB_ + GIB_ / 2, i);
	}
	di_add(&d, "KIMAGE", 7, DI_PHYS_BASE + 0x30123, DI_IMAGE_VIRT + 0x30123, 100);
	di_finish(&d);
	must_collect(&d, out);
	/* Page tables of 16 GiB are 32 MiB. */
	assert_true(room_taken(out, &size) < 64 * MIB_);
	assert_true(size > 16 * GIB_);
	unlink(out);
	di_done(&d);
}

/* Where zeros were captured no made memory shows. */
static void hole_over_made(void **state)
{
	static const uint8_t zeros[4096];
	const uint64_t at = 4 * MIB_;
	uint8_t got[4096];
	struct collection c;
	struct corefile core;
	struct derr err;
	char out[64];
	struct di d;
	int fd;

	di_init(&d, 8 * MIB_, 0, 0);
	di_add(&d, "KHOLE", 0, at, DI_DIRECT + at, 64 << 10);
	di_finish(&d);
	assert_int_equal(collect_prepare(&c, d.path, &(struct collect_options){ 0 }, &err), 0);
	memset(made_add(&c.made, DI_DIRECT + at, at, sizeof(got)), PATTERN, sizeof(got));
	strcpy(out, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(out);
	assert_int_equal(collect_write(&c, fd, &err), 0);
	close(fd);
	collection_clear(&c);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_int_equal(rangemap_read(&core.phys, core.fd, at, got, sizeof(got)), 0);
	assert_memory_equal(got, zeros, sizeof(got));
	core_close(&core);
	unlink(out);
	di_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_ring),
		cmocka_unit_test(large_regions),
		cmocka_unit_test(hole_over_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
