// SPDX-License-Identifier: GPL-2.0-only
/* The small parts of qcmdump, each by itself. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "dump/core/elfnote.h"
#include "dump/image/image.h"
#include "dump/core/keyval.h"
#include "lib/file.h"
#include "lib/outfile.h"
#include "dump/image/map-option.h"
#include "dump/collect/pagetable.h"
#include "dump/core/rangemap.h"
#include "lib/table.h"

static void map_arguments(void **state)
{
	struct derr err;
	struct range r;

	assert_int_equal(map_option_parse("0x1000:4G:2M", &r, &err), 0);
	assert_int_equal(r.offset, 0x1000);
	assert_int_equal(r.start, 4ULL << 30);
	assert_int_equal(r.size, 2 << 20);
	assert_int_equal(map_option_parse("0:0", &r, &err), -EINVAL);
	assert_int_equal(map_option_parse("0:0:1:2", &r, &err), -EINVAL);
	assert_int_equal(map_option_parse("0:0:0", &r, &err), -EINVAL);
	assert_int_equal(map_option_parse("0:0xffffffffffffffff:2", &r, &err), -ERANGE);
	assert_int_equal(map_option_parse("0xffffffffffffffff:0:2", &r, &err), -ERANGE);
}

static void tables(void **state)
{
	static const struct table_column columns[] = { { "N", true }, { "NAME", false }, { "NOTE", false } };
	struct table *t = table_new(columns, 3, 2);
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	table_addf(t, "%d", 7);
	table_addf(t, "a");
	table_addf(t, ">x");
	table_addf(t, "%d", 1234);
	table_addf(t, "longer");
	table_addf(t, "%s", "");
	table_print(t, f, &(struct style){ .legend = true });
	table_free(t);
	fclose(f);
	assert_string_equal(text, "   N  NAME    NOTE\n   7  a       >x\n1234  longer  \n");
	free(text);
}

static void problems_are_bounded(void **state)
{
	struct strlist l = { 0 };

	for (unsigned int i = 0; i < STRLIST_MAX + 50; i++)
		strlist_addf(&l, "%u", i);
	assert_int_equal(l.n, STRLIST_MAX);
	assert_int_equal(l.left_out, 50);
	strlist_clear(&l);
}

static void ranges(void **state)
{
	struct rangemap m = { 0 };

	rangemap_add(&m, 0x3000, 0x1000, 100);
	rangemap_add(&m, 0x1000, 0x1800, 0);
	rangemap_add(&m, 0x2000, 0x1000, 0x9000); /* overlaps the one before: its end counts */
	rangemap_add(&m, 0x2400, 0x100, 0);	  /* inside */
	rangemap_add(&m, 0x9000, 0, 0);
	rangemap_add(&m, UINT64_MAX - 10, 100, 0); /* wraps */
	rangemap_finish(&m);
	assert_int_equal(m.n, 3);
	assert_int_equal(rangemap_find(&m, 0x27ff)->offset, 0);
	assert_int_equal(rangemap_find(&m, 0x2800)->offset, 0x9800);
	assert_null(rangemap_find(&m, 0xfff));
	assert_null(rangemap_find(&m, 0x4000));
	assert_true(rangemap_covers(&m, 0x1000, 0x3000));
	assert_false(rangemap_covers(&m, 0x1000, 0x3001));
	assert_int_equal(rangemap_total(&m), 0x3000);
	assert_int_equal(rangemap_end(&m), 0x4000);
	rangemap_clear(&m);
}

static void range_reads(void **state)
{
	struct rangemap m = { 0 };
	FILE *f = tmpfile();
	char buf[8] = "";

	fputs("abcdefgh", f);
	fflush(f);
	rangemap_add(&m, 100, 3, 5);
	rangemap_add(&m, 103, 3, 0);
	rangemap_add(&m, 200, 50, 6); /* more than the file has */
	rangemap_finish(&m);
	assert_int_equal(rangemap_read(&m, fileno(f), 101, buf, 4), 0);
	assert_string_equal(buf, "ghab");
	assert_int_equal(rangemap_read(&m, fileno(f), 104, buf, 4), -EFAULT);
	assert_int_equal(rangemap_read(&m, fileno(f), 200, buf, 4), -EIO);
	rangemap_clear(&m);
	fclose(f);
}

static void key_values(void **state)
{
	static const char text[] =
		"OSRELEASE=6.1=x\nnonsense\nSYMBOL(prb)=ffffffff81000000\nSIZE(a)=12\nSIZE(a)=13\n"
		"NUMBER(phys_base)=-4096\nNUMBER(h)=0x1f\nOFFSET(b)=1x\nBITS(l)=157:3\nBITS(m)=8:32s\nBITS(n)=8:x\n"
		"BITS(o)=8:32u\n"
		"POLICY(x)=/a\nPOLICY(y(z))=/b\nLAST=no newline";
	const struct kv_pair *p;
	const char *arg;
	size_t pos = 0, len;
	struct kv kv;
	uint64_t v, off, width;
	bool is_signed;

	kv_parse(&kv, text, sizeof(text) - 1);
	assert_string_equal(kv_get(&kv, "OSRELEASE"), "6.1=x");
	assert_string_equal(kv_get(&kv, "LAST"), "no newline");
	assert_null(kv_get(&kv, "nonsense"));
	assert_int_equal(kv_symbol(&kv, "prb", &v), 0);
	assert_true(v == 0xffffffff81000000);
	assert_int_equal(kv_size(&kv, "a", &v), 0);
	assert_int_equal(v, 12);
	assert_int_equal(kv_number(&kv, "phys_base", &v), 0);
	assert_true(v == (uint64_t)-4096);
	assert_int_equal(kv_number(&kv, "h", &v), 0);
	assert_int_equal(v, 31);
	assert_int_equal(kv_offset(&kv, "b", &v), -EINVAL);
	assert_int_equal(kv_offset(&kv, "c", &v), -ENOENT);
	assert_int_equal(kv_bits(&kv, "l", &off, &width, &is_signed), 0);
	assert_int_equal(off, 157);
	assert_int_equal(width, 3);
	assert_false(is_signed);
	assert_int_equal(kv_bits(&kv, "m", &off, &width, &is_signed), 0);
	assert_int_equal(width, 32);
	assert_true(is_signed);
	assert_int_equal(kv_bits(&kv, "n", &off, &width, &is_signed), -EINVAL);
	assert_int_equal(kv_bits(&kv, "o", &off, &width, &is_signed), -EINVAL);
	p = kv_next(&kv, "POLICY(", &pos);
	assert_string_equal(p->value, "/a");
	p = kv_next(&kv, "POLICY(", &pos);
	assert_true(kv_argument(p->key, &arg, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(arg, "y(z)", 4);
	assert_null(kv_next(&kv, "POLICY(", &pos));
	kv_clear(&kv);
}

static void bits_are_plain_numbers(void **state)
{
	static const char *const wrong[] = {
		"-8:16", "1:-1", "8:-32", "+8:16", "8:+16", " 8:16", "8: 16", "8 :16", "8:16 ", "8:", ":16", "8", "",
	};
	uint64_t offset, width;
	bool is_signed;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char text[64];
		struct kv kv;

		kv_parse(&kv, text, snprintf(text, sizeof(text), "BITS(a)=%s", wrong[i]));
		if (kv_bits(&kv, "a", &offset, &width, &is_signed) != -EINVAL)
			fail_msg("'%s' is taken", wrong[i]);
		kv_clear(&kv);
	}
}

static void notes(void **state)
{
	struct notebuf b = { 0 };
	struct elfnote n;
	size_t pos = 0;

	notebuf_add(&b, "VMCOREINFO", 0, "abcde", 5);
	notebuf_add(&b, "QCMD", 0x51434d01, NULL, 0);
	assert_int_equal(b.size, 12 + 12 + 8 + 12 + 8);
	assert_true(elfnote_next(b.data, b.size, &pos, &n));
	assert_true(elfnote_is(&n, "VMCOREINFO", 0));
	assert_false(elfnote_is(&n, "VMCOREINF", 0));
	assert_false(elfnote_is(&n, "VMCOREINFO", 1));
	assert_memory_equal(n.desc, "abcde", 5);
	assert_int_equal(n.desc_size, 5);
	assert_true(elfnote_next(b.data, b.size, &pos, &n));
	assert_true(elfnote_is(&n, "QCMD", 0x51434d01));
	assert_false(elfnote_next(b.data, b.size, &pos, &n));
	/* Cut off in the middle of the first */
	pos = 0;
	assert_false(elfnote_next(b.data, 28, &pos, &n));
	/* Sizes that wrap in 32 bits */
	memset(b.data, 0xff, 8);
	pos = 0;
	assert_false(elfnote_next(b.data, b.size, &pos, &n));
	notebuf_clear(&b);
}

/* A walk as the processor does it. */
static uint64_t walk(const struct pagetable *pt, uint64_t vaddr)
{
	const uint64_t *table = pt->pages[0];

	for (int shift = 12 + 9 * (pt->levels - 1);; shift -= 9) {
		uint64_t entry = table[vaddr >> shift & 511], at = entry & 0xffffffffff000;

		if (!(entry & 1))
			return 0;
		assert_false(entry & 0x80);
		if (shift == 12)
			return at | (vaddr & 4095);
		assert_true(at >= pt->rest && at < pt->rest + (pt->n - 1) * 4096);
		table = pt->pages[1 + (at - pt->rest) / 4096];
	}
}

static void page_tables(void **state)
{
	struct pagetable pt;

	for (unsigned int levels = 4; levels <= 5; levels++) {
		pagetable_init(&pt, levels, 0x7000, 0x40000000);
		assert_int_equal(pagetable_map(&pt, 0xffffffff81234000, 0x1234000), 0);
		assert_int_equal(pagetable_map(&pt, 0xffff888000001000, 0x1000), 0);
		assert_int_equal(pagetable_map(&pt, 0xffff888000001000, 0x1000), 0);
		assert_int_equal(pagetable_map(&pt, 0xffff888000001000, 0x2000), -EEXIST);
		assert_int_equal(pagetable_map(&pt, 0xfe00000000000000, 0x1000), -EINVAL);
		assert_int_equal(pagetable_map(&pt, 0xff11000000000000, 0x5000), levels == 5 ? 0 : -EINVAL);
		assert_int_equal(pagetable_map(&pt, 0xffffc90000000000, 1ULL << 52), -EINVAL);
		assert_true(walk(&pt, 0xffffffff81234567) == 0x1234567);
		assert_true(walk(&pt, 0xffff888000001fff) == 0x1fff);
		assert_true(walk(&pt, 0xffff888000002000) == 0);
		assert_int_equal(pt.n, levels == 4 ? 7 : 12);
		pagetable_clear(&pt);
	}
}

static void page_tables_are_bounded(void **state)
{
	struct pagetable pt;
	int r = 0;

	pagetable_init(&pt, 4, 0x7000, 0x40000000);
	for (uint64_t i = 0; i < PAGETABLE_PAGES_MAX && r == 0; i++)
		r = pagetable_map(&pt, 0xffff800000000000 + (i << 30), 0x1000);
	assert_int_equal(r, -E2BIG);
	assert_true(pt.n <= PAGETABLE_PAGES_MAX);
	pagetable_clear(&pt);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static void output_files(void **state)
{
	char folder[] = "/tmp/qcmd-test-XXXXXX", path[64];
	struct outfile f;
	struct derr err;
	struct stat st;
	char buf[4] = "";
	int fd;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/out", folder);
	/* Given up: nothing is left */
	assert_int_equal(outfile_open(&f, path, false, &err), 0);
	assert_int_equal(pwrite_full(f.fd, "abc", 3, 0), 0);
	outfile_close(&f);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	/* Somebody else was faster */
	assert_int_equal(outfile_open(&f, path, false, &err), 0);
	put(path, "old");
	assert_int_equal(outfile_commit(&f, &err), -EEXIST);
	outfile_close(&f);
	assert_int_equal(outfile_open(&f, path, false, &err), -EEXIST);
	assert_non_null(strstr(err.text, "--force"));
	outfile_close(&f);
	/* Replaced */
	assert_int_equal(outfile_open(&f, path, true, &err), 0);
	assert_int_equal(pwrite_full(f.fd, "new", 3, 0), 0);
	assert_int_equal(outfile_commit(&f, &err), 0);
	outfile_close(&f);
	fd = open(path, O_RDONLY);
	assert_int_equal(pread_full(fd, buf, 3, 0), 0);
	assert_string_equal(buf, "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* Not the source, whatever its name */
	outfile_spare(fd);
	assert_int_equal(outfile_open(&f, path, true, &err), -EEXIST);
	outfile_close(&f);
	close(fd);
	assert_int_equal(outfile_open(&f, folder, true, &err), -EISDIR);
	outfile_close(&f);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(outfile_open(&f, path, true, &err), -ENOENT);
	outfile_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_arguments),
		cmocka_unit_test(tables),
		cmocka_unit_test(problems_are_bounded),
		cmocka_unit_test(ranges),
		cmocka_unit_test(range_reads),
		cmocka_unit_test(key_values),
		cmocka_unit_test(bits_are_plain_numbers),
		cmocka_unit_test(notes),
		cmocka_unit_test(page_tables),
		cmocka_unit_test(page_tables_are_bounded),
		cmocka_unit_test(output_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
