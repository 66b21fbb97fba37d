// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include <linux/qcom_minidump_table.h>
#include <qcmd_note.h>

#include "dump/collect/collect.h"
#include "dump/core/corefile.h"
#include "dump/core/notetext.h"
#include "dump/collect/pstore.h"
#include "lib/file.h"
#include "samples.h"
#include "lib/scratchfile.h"
#include "dump/core/zstdfile.h"

#include "../unit/dump-firmware.h"
#include "../unit/dump-kdump.h"
#include "../unit/dump-trace.h"

#define IMAGE_SIZE (3 * MIB)
#define SEC	   1000000000ULL
#define STACK	   0xffffc90000000000ULL

/* Of a vmcore */
static const char vmcoreinfo[] = "\13\0\0\0\4\0\0\0\0\0\0\0VMCOREINFO\0\0A=1\n";

static const char table_magic[] = "QCOM-MINIDUMP-1";

static const char *const landmarks[] = { "\177ELF", table_magic, "VMCOREINFO", "QCMD",	   "Raw_Dmp!",	  "REGION(",
					 "OFFSET(", "FUNCTION(", "ORC(",       "KDUMP   ", "makedumpfile" };

static void find_hot(struct sample *s)
{
	for (size_t i = 0; i < ARRAY_LEN(landmarks); i++) {
		const uint8_t *p = s->data, *end = s->data + s->size;

		/* No more than some of each kind */
		for (size_t n = 0; n < 32 && (p = memmem(p, end - p, landmarks[i], strlen(landmarks[i]))); n++, p += 8)
			if (s->n_hot < SAMPLE_HOT_MAX)
				s->hot[s->n_hot++] = p - s->data;
	}
}

/* The regions of a dump begin where their structures do. */
static void find_regions(struct sample *s, const char *path)
{
	struct corefile core;
	struct derr err;

	if (core_open(&core, path, &err) == 0)
		for (size_t i = 0; i < core.n_regions && s->n_hot < SAMPLE_HOT_MAX; i++)
			s->hot[s->n_hot++] = core.regions[i].offset;
	s->is_dump = core.collect_note.text;
	core_close(&core);
}

static void add(struct samples *all, const char *path, const char *file, unsigned int folder)
{
	struct sample s = { .folder = folder };
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	s.size = st.st_size;
	s.data = xcalloc(s.size, 1);
	if (pread_full(fd, s.data, s.size, 0) < 0)
		abort();
	close(fd);
	snprintf(s.file, sizeof(s.file), "%s", file);
	find_hot(&s);
	if (!folder)
		find_regions(&s, path);
	all->v = xgrow(all->v, &all->capacity, all->n + 1, sizeof(s));
	all->v[all->n++] = s;
}

static void add_folder(struct samples *all, const char *folder, unsigned int number)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			add(all, path, entries[i]->d_name, number);
		free(entries[i]);
	}
	free(entries);
}

static void add_trace(struct di *d, bool compressed)
{
	static struct dt_page pages[2];

	dt_note(d, "ARRAY(0)=qcmd\nCLOCK(0)=local\nSUBBUF_SIZE(0)=4096\n", "", compressed);
	for (int i = 0; i < 2; i++) {
		dt_page(&pages[i], 4096, (i + 1) * SEC);
		dt_switch(&pages[i], 0, 0, "swapper/0", 7, "worker");
		dt_extend(&pages[i], SEC / 2);
		dt_mark(&pages[i], 500, 7, 2, "a mark");
		dt_commit(&pages[i], 0);
	}
	dt_add(d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 2);
	dt_add(d, MINIDUMP_TRACE_NAME "0C1", 0, pages, 1);
}

static void add_registers(struct di *d)
{
	uint8_t region[DI_CPU_REGS_HEADER + 2 * DI_CPU_REGS_ENTRY] = { 0 };
	uint64_t paddr = di_alloc(d, sizeof(region), 4096);

	di_cpu_regs_header(region, 2);
	di_cpu_regs(region, 0, MINIDUMP_CPU_REGS_PANIC, 7, DI_IMAGE_VIRT + 0x100, 0);
	di_cpu_regs(region, 1, MINIDUMP_CPU_REGS_CRASH_NOTES, 0, DI_IMAGE_VIRT + 0x200, 0);
	di_write(d, paddr, region, sizeof(region));
	di_add(d, MINIDUMP_CPU_REGS_NAME, 0, paddr, DI_DIRECT + paddr, sizeof(region));
}

/* A stack with an address of code, and the names of the kernel. Gives the place of a module. */
static uint64_t add_names(struct di *d)
{
	static const struct di_symbol symbols[] = {
		{ -1, "T_stext" },
		{ -0x101, "Tsche\001ule" },
		{ -0x301, "T_etext" },
		{ -0x701, "Dmo\001ules" },
		{ -0x2001, "R__start_orc_unwind_ip" },
		{ -0x200d, "R__stop_orc_unwind_ip" },
		{ -0x3001, "R__start_orc_unwind" },
	};
	static const uint8_t entries[3][6] = { { 16, 0, 0, 0, 5, 0 }, { 16, 0, 0, 0, 5, 0 }, { 0, 0, 0, 0, 0, 4 } };
	uint64_t stack = di_alloc(d, 16384, 4096);

	for (unsigned int i = 0; i < ARRAY_LEN(entries); i++)
		di_write32(d, DI_PHYS_BASE + 0x2000 + i * 4, i * 0x100 - (0x2000 + i * 4));
	di_write(d, DI_PHYS_BASE + 0x3000, entries, sizeof(entries));
	for (uint64_t at = 16000; at < 16384; at += 32) {
		di_write64(d, stack + at, DI_IMAGE_VIRT + 0x150);
		di_write64(d, stack + at + 16, DI_MODULE + 0x820);
	}
	di_add(d, MINIDUMP_STACK_NAME, 0, stack, STACK, 16384);
	di_kallsyms(d, symbols, ARRAY_LEN(symbols), true);
	return di_module(d, false);
}

/* The module is the one that has the table, to which the kernel leads so. */
static void lead_to_table(struct di *d, uint64_t module)
{
	di_write(d, module + 16, "qcom_minidump_ram", 18);
	di_write64(d, module + 0xb00, DI_DIRECT + d->table);
	di_map_page(d, DI_DIRECT + d->table, d->table);
}

static void make_machine(struct di *d, bool compressed)
{
	struct di_task t = {
		.pid = 7, .tgid = 7, .state = 1, .start = SEC, .comm = "worker", .stack = STACK, .on_cpu = true
	};
	uint64_t module;

	di_init(d, IMAGE_SIZE, 0, 0);
	di_ring(d, 4, 9);
	di_task_keys(d);
	di_task(d, &t);
	add_trace(d, compressed);
	add_registers(d);
	module = add_names(d);
	di_finish(d);
	lead_to_table(d, module);
	for (unsigned int i = 0; i < 20; i++)
		di_print(d, i * SEC, 6, i % 3 ? "a line" : "two\nlines", "usb", "+usb:1-1");
}

/* Names that are not compressed, so that damage reaches them. */
static void uncompress_names(struct notebuf *notes)
{
	struct notebuf changed = { 0 };
	struct elfnote note;

	for (size_t pos = 0, size; elfnote_next(notes->data, notes->size, &pos, &note);) {
		_cleanup_free_ char *text = notetext_read(&note, QCMD_NOTE_NAMES_MAX, &size);

		if (!text)
			abort();
		notebuf_add(&changed, note.name, note.type, text, size);
	}
	notebuf_clear(notes);
	*notes = changed;
}

static void add_dump(struct samples *all, const struct di *d, bool compressed)
{
	static const struct collect_options options;
	char path[] = "/tmp/qcmd-sample-XXXXXX";
	int fd = mkstemp(path);
	struct collection c;
	struct derr err;

	if (fd < 0 || collect_prepare(&c, d->path, &options, &err) < 0)
		abort();
	if (!compressed)
		uncompress_names(&c.notes);
	if (collect_write(&c, fd, &err) < 0)
		abort();
	collection_clear(&c);
	close(fd);
	add(all, path, "dump", 0);
	unlink(path);
}

static void add_compressed(struct samples *all, const struct sample *dump)
{
	char path[] = "/tmp/qcmd-sample-XXXXXX";
	int fd = mkstemp(path), in;
	struct derr err;

	in = scratch_open(&err);
	if (fd < 0 || in < 0 || pwrite_full(in, dump->data, dump->size, 0) < 0 ||
	    zstd_compress(in, dump->size, fd, &err) < 0)
		abort();
	close(in);
	close(fd);
	add(all, path, "dump.zst", 0);
	unlink(path);
}

static void add_vmcore(struct samples *all, const struct di *d)
{
	const struct di_load load = { 0, IMAGE_SIZE };
	struct notebuf notes = { 0 };
	char path[64];

	notebuf_add(&notes, "VMCOREINFO", 0, d->vmcoreinfo, strlen(d->vmcoreinfo));
	di_elf(d, &load, 1, notes.data, notes.size, path);
	notebuf_clear(&notes);
	add(all, path, "vmcore", 0);
	unlink(path);
}

/* Of each method, in order and flattened */
static void add_kdump(struct samples *all, const struct di *d)
{
	for (enum dk_method m = DK_PLAIN; m < DK_METHODS; m++) {
		struct dk_options o = {
			.method = m, .level = m % 2 ? 1 : 31, .notes = vmcoreinfo, .notes_size = sizeof(vmcoreinfo) - 1
		};
		char path[64];

		for (int flattened = 0; flattened < 2; flattened++) {
			static const size_t hot[] = { DK_MICROSECONDS, DK_SPLIT - 12, DK_BITMAPS, DK_DESCRIPTORS };
			struct sample *s;

			o.flattened = flattened;
			dk_write(d, &o, path);
			add(all, path, flattened ? "flattened" : "kdump", 0);
			unlink(path);
			s = &all->v[all->n - 1];
			for (size_t i = 0; i < ARRAY_LEN(hot) && s->n_hot < SAMPLE_HOT_MAX; i++)
				s->hot[s->n_hot++] = hot[i];
		}
	}
}

/* The log alone */
static void add_log(struct samples *all)
{
	static char text[] = "Panic#2 Part1\n<6>[    1.234567] a line\n<28>[    2.000000][  T712] a daemon\n"
			     "<0>[    3.000000][   C1] Kernel panic - not syncing: a crash\n";
	struct pstore_record record = { .path = text, .text = text, .size = sizeof(text) - 1, .time = 1700000000 };
	char path[] = "/tmp/qcmd-sample-XXXXXX";
	int fd = mkstemp(path);
	struct derr err;

	if (fd < 0 || pstore_write(&record, fd, &err) < 0)
		abort();
	close(fd);
	add(all, path, "log", 0);
	unlink(path);
}

void samples_make(struct samples *all)
{
	struct df files;
	struct di d;

	make_machine(&d, true);
	add_dump(all, &d, true);
	di_done(&d);
	make_machine(&d, false);
	add_dump(all, &d, false);
	add_compressed(all, &(struct sample){ .data = all->v[0].data, .size = all->v[0].size });
	add(all, d.path, "image", 0);
	add_vmcore(all, &d);
	add_kdump(all, &d);
	add_log(all);
	df_init(&files, &d);
	for (enum df_places places = DF_NONE; places <= DF_SAHARA; places++) {
		df_folder(&files, places);
		add_folder(all, files.path, 1 + places);
		df_remove(&files);
	}
	df_rawdump(&files, NULL);
	add(all, files.path, "rawdump", 0);
	df_remove(&files);
	df_done(&files);
	di_done(&d);
}

void samples_read(struct samples *all, const char *path)
{
	add(all, path, "file", 0);
}

void samples_clear(struct samples *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->v[i].data);
	free(all->v);
}

void sample_mend(uint8_t *data, size_t size, bool right)
{
	struct minidump_ram_header h;
	uint8_t *p = memmem(data, size, table_magic, sizeof(table_magic) - 1);

	if (!right || !p || (size_t)(data + size - p) < sizeof(h))
		return;
	memcpy(&h, p, sizeof(h));
	h.crc32 = crc32(0, (const Bytef *)&h, offsetof(struct minidump_ram_header, crc32));
	memcpy(p, &h, sizeof(h));
}
