// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images of machines in which a process wrote headers and whole tables into its own memory, or in which there was
 * another kernel: the true table is taken each time, and the others are named. Made from a seed, $QCMD_SEED.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "dump-run.h"

#define MIB_   (1ULL << 20)
#define GIB_   (1ULL << 30)
#define ROUNDS 72
#define TABLE  0x63ULL
#define LARGE  0xe3ULL
/* Of the kernel image, from its physical base on */
#define SWAPPER 0x10000
#define POINTER 0x40000
#define RELEASE 0x50000
#define LAST	0x300000
#define MODULES 0x1700 /* the list of them */
/* Of a module's memory: struct module, from its place in the list on, and a variable */
#define MODULE_LIST	0x1108
#define MODULE_VARIABLE 0x2a40
#define MODULE_PAGES	3
/* Where the process has a huge page, and another kernel its memory */
#define HUGE_PAGE    (6 * MIB_)
#define OTHER_KERNEL (10 * MIB_)
#define FILE_SIZE    (16 * MIB_)

static uint64_t seed;

static uint64_t rnd(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static void keys(struct di *d, uint64_t phys_base, uint64_t span)
{
	d->vmcoreinfo[0] = '\0';
	di_key(d, "OSRELEASE=" DI_RELEASE);
	di_key(d, "BUILD-ID=" DI_BUILD_ID);
	di_key(d, "PAGESIZE=4096");
	di_key(d, "SYMBOL(_stext)=%llx", DI_IMAGE_VIRT);
	di_key(d, "SYMBOL(swapper_pg_dir)=%llx", DI_IMAGE_VIRT + SWAPPER);
	di_key(d, "SYMBOL(init_uts_ns)=%llx", DI_IMAGE_VIRT + RELEASE);
	di_key(d, "SYMBOL(node_data)=%llx", DI_IMAGE_VIRT + (unsigned long long)span);
	if (d->machine == EM_AARCH64) {
		di_key(d, "NUMBER(VA_BITS)=48");
		di_key(d, "NUMBER(kimage_voffset)=0x%llx", DI_IMAGE_VIRT - (unsigned long long)phys_base);
	} else {
		di_key(d, "NUMBER(phys_base)=%lld", (long long)phys_base);
	}
}

/* The image in pages of 2 MiB, the first GiB of the direct map in one; of both machines these entries look the same. */
static void page_tables(struct di *d, uint64_t phys_base)
{
	uint64_t root = phys_base + SWAPPER, large = d->machine == EM_AARCH64 ? 1 : LARGE;
	uint64_t gib = d->machine == EM_AARCH64 ? GIB_ : 0;

	di_write64(d, root + 511 * 8, (root + 0x1000) | TABLE);
	di_write64(d, root + 0x1000 + 510 * 8, (root + 0x2000) | TABLE);
	di_write64(d, root + 0x2000, phys_base | large);
	di_write64(d, root + 0x2008, (phys_base + 2 * MIB_) | large);
	di_write64(d, root + 273 * 8, (root + 0x3000) | TABLE);
	di_write64(d, root + 0x3000 + gib / GIB_ * 8, gib | large);
	di_write(d, phys_base + RELEASE + 0x100, "Linux\0host\0" DI_RELEASE, sizeof(DI_RELEASE) + 11);
}

/* With 5 levels there is one more table, in which espfix is before the kernel image. */
static void five_levels(struct di *d, uint64_t phys_base)
{
	uint64_t root = phys_base + SWAPPER;

	di_write64(d, root + 511 * 8, (root + 0x4000) | TABLE);
	di_write64(d, root + 0x4000 + 273 * 8, (root + 0x3000) | TABLE);
	di_write64(d, root + 0x4000 + 510 * 8, (root + 0x5000) | TABLE);
	di_write64(d, root + 0x4000 + 511 * 8, (root + 0x1000) | TABLE);
}

/* What starts the other CPUs, in the first MiB */
static void starts_cpus(struct di *d, uint64_t phys_base)
{
	uint64_t at = (1 + rnd(254)) * 4096, image;

	di_read(d, phys_base + SWAPPER + 511 * 8, &image, sizeof(image));
	di_write64(d, at, (phys_base + SWAPPER + 0x3000) | TABLE);
	di_write64(d, at + 273 * 8, (phys_base + SWAPPER + 0x3000) | TABLE);
	di_write64(d, at + 511 * 8, image);
}

static void regions(struct di *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t at = di_alloc(d, 64 + rnd(1000), 64);

		di_add(d, "KBUF", i, at, DI_DIRECT + at, 64);
	}
}

static void finish_kernel(struct di *d, uint64_t phys_base)
{
	regions(d, 1 + rnd(8));
	di_finish(d);
	page_tables(d, phys_base);
	di_write64(d, phys_base + POINTER + 8 * rnd(100), DI_DIRECT + d->slots[1].paddr);
}

/* Files of a thousand machines would keep a disk busy. */
static void init(struct di *d, uint64_t base)
{
	di_init(d, FILE_SIZE, base, 0);
	di_done(d);
	d->fd = memfd_create("machine", MFD_CLOEXEC);
	assert_true(d->fd >= 0 && ftruncate(d->fd, FILE_SIZE) == 0);
	snprintf(d->path, sizeof(d->path), "/proc/self/fd/%d", d->fd);
}

static void begin(struct di *d, bool crashed)
{
	init(d, 0);
	d->next = MIB_ + rnd(64) * 4096;
	keys(d, DI_PHYS_BASE, LAST);
	if (crashed)
		di_key(d, "CRASHTIME=1700000000");
}

/* The machine itself: x86_64 */
static void machine(struct di *d, bool crashed)
{
	begin(d, crashed);
	finish_kernel(d, DI_PHYS_BASE);
	starts_cpus(d, DI_PHYS_BASE);
}

/* Somebody else's table in the same file: in memory from this place of the file on, which has that address. */
static void other(struct di *e, const struct di *d, uint64_t at, uint64_t paddr)
{
	di_init(e, FILE_SIZE, 0, 0);
	di_done(e);
	e->fd = d->fd;
	e->base = d->base + paddr - at;
	e->next = paddr + MIB_ + rnd(16) * 4096;
}

/* A whole story: better than the true one in all that is only text. */
static void finish_forged(struct di *e, bool crashed)
{
	if (crashed)
		di_key(e, "CRASHTIME=1800000000");
	regions(e, 20 + rnd(20));
	di_finish(e);
}

static void names(const struct collection *c, uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
	if (!has_warning(c, text))
		fail_msg("%s is not named: %s", text, c->toc.warnings.n ? c->toc.warnings.v[0] : "no warning");
}

/* Collects, with the true table. */
static void taken(const struct di *d, const char *path, const struct collect_options *o, struct collection *c)
{
	static const struct collect_options none;
	struct derr err = { 0 };

	if (collect_prepare(c, path, o ? o : &none, &err) < 0)
		fail_msg("%s", err.text);
	if (c->toc.header != d->table)
		fail_msg("the table at 0x%llx was taken, not the one at 0x%llx", (unsigned long long)c->toc.header,
			 (unsigned long long)d->table);
	assert_true(c->img.phys.v[0].start == d->base);
	assert_int_equal(c->toc.n_regions, d->n_slots);
	assert_int_equal(c->toc.problems.n, 0);
	assert_false(c->toc.contradicted);
}

static void taken_and_named(struct di *d, const struct di *e)
{
	struct collection c;

	taken(d, d->path, NULL, &c);
	names(&c, e->table);
	collection_clear(&c);
	di_done(d);
}

/* Pages with the magic: 4 KiB apart, as many as one likes */
static size_t decoys(struct di *d, bool bad_crc, uint64_t shift)
{
	size_t n = 16 + rnd(rnd(8) ? 100 : 1000);
	struct di e = *d;

	e.bad_crc = bad_crc;
	for (size_t i = 0; i < n; i++) {
		/* In front of the true one, and behind it */
		e.table = i < 16 ? MIB_ - (16 - i) * 4096 : HUGE_PAGE + i * 4096;
		e.toc = e.table + 48;
		e.self = e.table + shift;
		di_header(&e);
	}
	return n;
}

static void named_in_all(const struct collection *c, size_t n, const char *what)
{
	char text[64];

	snprintf(text, sizeof(text), "%zu %s", n, what);
	if (!has_warning(c, text))
		fail_msg("no \"%s\": %s", text, c->toc.warnings.n ? c->toc.warnings.v[0] : "no warning");
}

static void decoys_own_address(void)
{
	struct collection c;
	struct di d;
	size_t n;

	machine(&d, false);
	n = decoys(&d, false, 0);
	taken(&d, d.path, NULL, &c);
	named_in_all(&c, n, "headers that lead to no table: ");
	collection_clear(&c);
	di_done(&d);
}

static void decoys_bad_checksum(void)
{
	struct collection c;
	struct di d;

	machine(&d, false);
	decoys(&d, true, 0);
	taken(&d, d.path, NULL, &c);
	assert_int_equal(c.toc.warnings.n, 0);
	collection_clear(&c);
	di_done(&d);
}

static void decoys_wrong_address(void)
{
	struct collection c;
	struct di d;
	size_t n;

	machine(&d, false);
	n = decoys(&d, false, rnd(2) ? -4096ULL : (1 + rnd(1000)) << 20);
	taken(&d, d.path, NULL, &c);
	assert_true(has_warning(&c, "copies of a table's header: ") ||
		    has_warning(&c, "headers that lead to no table: "));
	named_in_all(&c, n, "");
	collection_clear(&c);
	di_done(&d);
}

/* The true one is asked for by its address. */
static void decoys_and_option(void)
{
	struct collect_options o = { 0 };
	struct collection c;
	struct di d;

	machine(&d, false);
	decoys(&d, rnd(2), 0);
	o.table = &d.table;
	taken(&d, d.path, &o, &c);
	collection_clear(&c);
	di_done(&d);
}

static uint64_t somewhere(void)
{
	return HUGE_PAGE + ((1 + rnd(2000)) << 21);
}

static void forged_shifted(void)
{
	struct di d, e;

	machine(&d, rnd(2));
	other(&e, &d, HUGE_PAGE, somewhere());
	finish_forged(&e, rnd(2));
	taken_and_named(&d, &e);
}

static void forged_in_place(void)
{
	struct di d, e;

	machine(&d, false);
	other(&e, &d, HUGE_PAGE, HUGE_PAGE);
	finish_forged(&e, true);
	taken_and_named(&d, &e);
}

/* The true text of VMCOREINFO, which a process can know where addresses are not random */
static void forged_copied(void)
{
	struct di d, e;

	machine(&d, false);
	other(&e, &d, HUGE_PAGE, rnd(2) ? HUGE_PAGE : somewhere());
	keys(&e, DI_PHYS_BASE, LAST);
	finish_forged(&e, rnd(2));
	taken_and_named(&d, &e);
}

/* A kernel of its own: VMCOREINFO copied, page tables, the pointer, all in 2 MiB */
static void forged_world(void)
{
	uint64_t paddr = rnd(2) ? HUGE_PAGE : somewhere();
	struct di d, e;

	machine(&d, false);
	other(&e, &d, HUGE_PAGE, paddr);
	keys(&e, paddr, LAST);
	page_tables(&e, paddr);
	finish_forged(&e, true);
	di_write64(&e, paddr + POINTER, DI_DIRECT + e.slots[1].paddr);
	taken_and_named(&d, &e);
}

static void forged_on_five_levels(void)
{
	struct collection c;
	struct di d, e;

	begin(&d, false);
	di_key(&d, "NUMBER(pgtable_l5_enabled)=1");
	finish_kernel(&d, DI_PHYS_BASE);
	five_levels(&d, DI_PHYS_BASE);
	starts_cpus(&d, DI_PHYS_BASE);
	other(&e, &d, HUGE_PAGE, HUGE_PAGE);
	finish_forged(&e, true);
	taken(&d, d.path, NULL, &c);
	assert_int_equal(c.toc.proven, 2);
	names(&c, e.table);
	collection_clear(&c);
	di_done(&d);
}

/* A machine of the other kind, whose memory starts elsewhere by right */
static void forged_arm64(void)
{
	uint64_t paddr = GIB_ + HUGE_PAGE;
	struct di d, e;

	machine(&d, false);
	other(&e, &d, HUGE_PAGE, paddr);
	e.machine = EM_AARCH64;
	keys(&e, paddr, LAST);
	page_tables(&e, paddr);
	finish_forged(&e, rnd(2));
	taken_and_named(&d, &e);
}

/* Whole tables, as many as one likes, which share all but the header */
static void forged_many(void)
{
	struct collection c;
	struct di d, e;
	uint64_t n = 40 + rnd(200), first;

	machine(&d, false);
	other(&e, &d, HUGE_PAGE, HUGE_PAGE);
	finish_forged(&e, true);
	first = e.table;
	for (uint64_t i = 0; i < n; i++) {
		e.table = 8 * MIB_ + i * 4096;
		di_header(&e);
	}
	taken(&d, d.path, NULL, &c);
	names(&c, first);
	/* Of four it is said why */
	named_in_all(&c, n + 1 - 4, "more tables");
	collection_clear(&c);
	di_done(&d);
}

static uint64_t bytes_read(void)
{
	unsigned long long n = 0;
	FILE *f = fopen("/proc/self/io", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "rchar: %llu", &n), 1);
	fclose(f);
	return n;
}

/* A whole table in each page, with a large VMCOREINFO: of each no more is read than it takes to leave it out. */
static void table_in_each_page(void **state)
{
	struct collection c;
	struct di d, e;
	uint64_t before;

	seed = 1;
	machine(&d, false);
	other(&e, &d, HUGE_PAGE, HUGE_PAGE);
	finish_forged(&e, true);
	di_write64(&e, e.regions + sizeof(struct minidump_region) + offsetof(struct minidump_region, size), 64 << 10);
	for (e.table = 8 * MIB_; e.table < FILE_SIZE; e.table += 4096)
		di_header(&e);
	before = bytes_read();
	taken(&d, d.path, NULL, &c);
	assert_true(bytes_read() - before < 4 * FILE_SIZE);
	collection_clear(&c);
	di_done(&d);
}

/* Both kernels are true, one after the other: the one that crashed has noted when, whichever is found first. */
static void capture_kernel(void)
{
	bool first = rnd(2);
	struct collection c;
	struct di d, e;

	machine(&d, first);
	other(&e, &d, OTHER_KERNEL, OTHER_KERNEL);
	e.next = OTHER_KERNEL + 4 * MIB_;
	keys(&e, OTHER_KERNEL, LAST);
	if (!first)
		di_key(&e, "CRASHTIME=1700000000");
	finish_kernel(&e, OTHER_KERNEL);
	starts_cpus(&e, OTHER_KERNEL);
	taken(first ? &d : &e, d.path, NULL, &c);
	assert_int_equal(c.toc.proven, 2);
	names(&c, first ? e.table : d.table);
	collection_clear(&c);
	di_done(&d);
}

/* A kernel that a reset ended, at the same place or elsewhere; what started its CPUs has been written over. */
static void earlier_boot(void)
{
	bool same = rnd(2);
	struct di d, e;

	machine(&d, false);
	other(&e, &d, OTHER_KERNEL, OTHER_KERNEL);
	e.next = OTHER_KERNEL + 4 * MIB_;
	keys(&e, same ? DI_PHYS_BASE : OTHER_KERNEL, LAST);
	if (!same)
		page_tables(&e, OTHER_KERNEL);
	finish_forged(&e, rnd(2));
	taken_and_named(&d, &e);
}

/* Collects, from a vmcore whose memory starts at base, and with that VMCOREINFO, if any. */
static void vmcore_of(const struct di *d, const char *vmcoreinfo, struct collection *c)
{
	const struct di_load all = { d->base, 8 * MIB_ };
	struct notebuf b = { 0 };
	char core[64];

	if (vmcoreinfo)
		notebuf_add(&b, "VMCOREINFO", 0, vmcoreinfo, strlen(vmcoreinfo));
	di_elf(d, &all, 1, b.data, b.size, core);
	taken(d, core, NULL, c);
	notebuf_clear(&b);
	unlink(core);
}

/* The hypervisor's VMCOREINFO decides; what starts CPUs may be another kernel's. */
static void vmcore(void)
{
	struct collection c;
	uint64_t paddr = HUGE_PAGE;
	struct di d, e;

	machine(&d, false);
	other(&e, &d, HUGE_PAGE, paddr);
	keys(&e, rnd(2) ? paddr : DI_PHYS_BASE, LAST);
	page_tables(&e, paddr);
	finish_forged(&e, true);
	starts_cpus(&e, paddr);
	vmcore_of(&d, d.vmcoreinfo, &c);
	names(&c, e.table);
	collection_clear(&c);
	di_done(&d);
}

/* Memory of arm64 may start at 0, too; but what is there may be a process's, a whole PC as well. */
static void vmcore_arm64_from_0(void)
{
	struct collection c;
	struct di d, e;

	init(&d, 0);
	d.machine = EM_AARCH64;
	d.next = MIB_ + rnd(64) * 4096;
	keys(&d, DI_PHYS_BASE, LAST);
	finish_kernel(&d, DI_PHYS_BASE);
	other(&e, &d, HUGE_PAGE, HUGE_PAGE);
	keys(&e, HUGE_PAGE, 2 * MIB_ - 8);
	page_tables(&e, HUGE_PAGE);
	finish_forged(&e, false);
	di_write64(&e, HUGE_PAGE + POINTER, DI_DIRECT + e.slots[1].paddr);
	starts_cpus(&e, HUGE_PAGE);
	vmcore_of(&d, NULL, &c);
	assert_int_equal(c.toc.proven, 0);
	names(&c, e.table);
	collection_clear(&c);
	di_done(&d);
}

/* How many levels there are a copy of the true text may not say. */
static void vmcore_levels(void)
{
	struct collection c;
	struct di d, e;
	char *text;

	begin(&d, false);
	d.next = 7 * MIB_;
	text = strdup(d.vmcoreinfo);
	finish_kernel(&d, DI_PHYS_BASE);
	other(&e, &d, MIB_, MIB_);
	strcpy(e.vmcoreinfo, d.vmcoreinfo);
	di_key(&e, "NUMBER(pgtable_l5_enabled)=1");
	e.next = MIB_;
	finish_forged(&e, true);
	vmcore_of(&d, text, &c);
	assert_int_equal(c.toc.proven, 2);
	names(&c, e.table);
	collection_clear(&c);
	free(text);
	di_done(&d);
}

/* The user, or a vmcore, leaves out the first page: the table is proven all the same. */
static void first_page_left_out(void **state)
{
	const struct range map = { .start = 4096, .size = FILE_SIZE - 4096, .offset = 4096 };
	struct collect_options o = { .image = { .maps = &map, .n_maps = 1 } };
	struct collection c;
	struct derr err;
	struct di d;

	seed = 1;
	machine(&d, false);
	assert_int_equal(collect_prepare(&c, d.path, &o, &err), 0);
	assert_false(c.toc.contradicted);
	assert_int_equal(c.toc.proven, 2);
	collection_clear(&c);
	di_done(&d);
}

/* Of a machine whose page tables are none that are read here: its kernel's VMCOREINFO says enough. */
static void vmcore_52_bits(void **state)
{
	uint64_t base = GIB_;
	struct collection c;
	struct di d;

	seed = 1;
	init(&d, base);
	d.machine = EM_AARCH64;
	d.next = base + MIB_;
	keys(&d, base + DI_PHYS_BASE, LAST);
	memcpy(strstr(d.vmcoreinfo, "VA_BITS)=48") + 9, "52", 2);
	finish_kernel(&d, base + DI_PHYS_BASE);
	vmcore_of(&d, d.vmcoreinfo, &c);
	assert_int_equal(c.toc.proven, 1);
	collection_clear(&c);
	di_done(&d);
}

/* There is nothing that nobody can write: what the table says of its kernel fits into one huge page. */
static void forged_on_arm64(void)
{
	uint64_t base = GIB_, kernel = base + DI_PHYS_BASE, paddr = base + somewhere();
	struct di d, e;

	init(&d, base);
	d.machine = EM_AARCH64;
	d.next = base + MIB_;
	keys(&d, kernel, LAST);
	finish_kernel(&d, kernel);
	other(&e, &d, HUGE_PAGE, paddr - base);
	e.next = paddr + MIB_;
	e.machine = EM_AARCH64;
	keys(&e, paddr, 2 * MIB_ - 8);
	page_tables(&e, paddr);
	finish_forged(&e, true);
	taken_and_named(&d, &e);
}

/* Where VMCOREINFO leads from symbol to symbol: the kernel's list of names, that of modules, the module's variable */
static void kernel_names(struct di *d)
{
	static const struct di_symbol symbols[] = { { -1, "T_stext" },
						    { -0x601, "Dmo\001ule" },
						    { -MODULES - 1, "Dmo\001ules" },
						    { -0x1801, "Dmo\001ulesx" } };

	di_kallsyms(d, symbols, ARRAY_LEN(symbols), rnd(2));
}

/* The pages of the module; its tables are behind those of the kernel. */
static uint64_t module(struct di *d, uint64_t phys_base, const char *name, uint64_t table)
{
	uint64_t root = phys_base + SWAPPER, memory = di_alloc(d, MODULE_PAGES * 4096, 4096);
	uint64_t place = rnd(512 - MODULE_PAGES), at = DI_MODULE + place * 4096 + MODULE_LIST;

	di_write64(d, root + 0x1000 + 511 * 8, (root + 0x6000) | TABLE);
	di_write64(d, root + 0x6000, (root + 0x7000) | TABLE);
	for (uint64_t i = 0; i < MODULE_PAGES; i++)
		di_write64(d, root + 0x7000 + (place + i) * 8, (memory + i * 4096) | TABLE);
	di_write64(d, phys_base + MODULES, at);
	di_write64(d, memory + MODULE_LIST, DI_IMAGE_VIRT + MODULES);
	di_write(d, memory + MODULE_LIST + 16, name, strlen(name) + 1);
	/* In front of struct module, or behind it */
	di_write64(d, memory + (rnd(2) ? MODULE_VARIABLE : 8 * rnd(512)), DI_DIRECT + table);
	return memory;
}

/* A machine whose kernel leads to the table. text: of its VMCOREINFO; memory: of the module */
static void leading_machine(struct di *d, uint16_t machine, const char *name, char **text, uint64_t *memory)
{
	begin(d, false);
	d->machine = machine;
	keys(d, DI_PHYS_BASE, LAST);
	kernel_names(d);
	*text = strdup(d->vmcoreinfo);
	finish_kernel(d, DI_PHYS_BASE);
	/* Memory of arm64 starts at 0 here, too. */
	di_write64(d, DI_PHYS_BASE + SWAPPER + 0x3000, machine == EM_AARCH64 ? 1 : LARGE);
	starts_cpus(d, DI_PHYS_BASE);
	*memory = module(d, DI_PHYS_BASE, name, d->table);
}

/* All of it once more, in the memory of a process; it may know the true text. */
static void forged_modules(struct di *e, const struct di *d)
{
	uint64_t paddr = HUGE_PAGE;
	char names[0x2000];

	other(e, d, HUGE_PAGE, paddr);
	keys(e, rnd(2) ? paddr : DI_PHYS_BASE, LAST);
	page_tables(e, paddr);
	finish_forged(e, true);
	di_read((struct di *)d, DI_PHYS_BASE + DI_KALLSYMS, names, sizeof(names));
	di_write(e, paddr + DI_KALLSYMS, names, sizeof(names));
	module(e, paddr, "qcom_minidump_ram", e->table);
}

/* Whatever else there is: a vmcore is not searched. A raw image is: so the others are named. */
static void whole_chain(void)
{
	uint16_t machine = rnd(2) ? EM_AARCH64 : EM_X86_64;
	struct collection c;
	uint64_t memory;
	struct di d, e;
	char *text;

	leading_machine(&d, machine, "qcom_minidump_ram", &text, &memory);
	forged_modules(&e, &d);
	vmcore_of(&d, text, &c);
	assert_int_equal(c.toc.from, TOC_FROM_KERNEL);
	assert_int_equal(c.toc.proven, 3);
	assert_int_equal(c.toc.warnings.n, 0);
	collection_clear(&c);
	if (machine == EM_X86_64) {
		taken(&d, d.path, NULL, &c);
		assert_int_equal(c.toc.from, TOC_FROM_SEARCH);
		assert_int_equal(c.toc.proven, 3);
		names(&c, e.table);
		collection_clear(&c);
	}
	free(text);
	di_done(&d);
}

static void break_link(struct di *d, unsigned int link, char *text, uint64_t memory)
{
	switch (link) {
	case 1: /* round without the list's head */
		di_write64(d, DI_PHYS_BASE + MODULES, DI_IMAGE_VIRT + MODULES + 8);
		di_write64(d, DI_PHYS_BASE + MODULES + 8, DI_IMAGE_VIRT + MODULES + 8);
		break;
	case 2:
		di_write64(d, DI_PHYS_BASE + MODULES, rnd(2) ? 0 : -4096ULL);
		break;
	case 3:
		strstr(text, "kallsyms_offsets")[0] = 'x';
		break;
	case 4:
		di_write(d, DI_PHYS_BASE + DI_KALLSYMS + 0x1000, "\377\377\377", 3);
		break;
	case 5: /* no variable */
		for (uint64_t at = 0; at < MODULE_PAGES * 4096; at += 8)
			if (at < MODULE_LIST || at > MODULE_LIST + 64)
				di_write64(d, memory + at, 0);
		break;
	}
}

/* A link of the chain is missing: the memory is searched, and the others are named. */
static void vmcore_broken(void)
{
	unsigned int link = rnd(6);
	struct collection c;
	uint64_t memory;
	struct di d, e;
	char *text;

	leading_machine(&d, rnd(2) ? EM_AARCH64 : EM_X86_64, link == 0 ? "qcom_minidump" : "qcom_minidump_ram", &text,
			&memory);
	break_link(&d, link, text, memory);
	forged_modules(&e, &d);
	vmcore_of(&d, text, &c);
	assert_int_equal(c.toc.from, TOC_FROM_SEARCH);
	names(&c, e.table);
	collection_clear(&c);
	free(text);
	di_done(&d);
}

/* A variable leads to what is a header and no table, as when the module goes. */
static void vmcore_of_no_table(void)
{
	struct collection c;
	uint64_t memory;
	struct di d, e;
	char *text;

	leading_machine(&d, EM_X86_64, "qcom_minidump_ram", &text, &memory);
	e = d;
	e.table = e.self = di_alloc(&d, 4096, 4096);
	e.toc = e.table + 64;
	di_header(&e);
	for (uint64_t at = 0; at < MODULE_PAGES * 4096; at += 8)
		if (at < MODULE_LIST || at > MODULE_LIST + 64)
			di_write64(&d, memory + at, DI_DIRECT + e.table);
	vmcore_of(&d, text, &c);
	assert_int_equal(c.toc.from, TOC_FROM_SEARCH);
	names(&c, e.table);
	collection_clear(&c);
	free(text);
	di_done(&d);
}

/* Whoever knows where the true VMCOREINFO is has it in his table, too: but the kernel does not lead to that. */
static void raw_true_vmcoreinfo(void)
{
	uint64_t slot = sizeof(struct minidump_region), n = 1 + rnd(100);
	struct collection c;
	struct di d, e;

	begin(&d, false);
	kernel_names(&d);
	/* The true one comes last. */
	d.next = OTHER_KERNEL;
	finish_kernel(&d, DI_PHYS_BASE);
	starts_cpus(&d, DI_PHYS_BASE);
	module(&d, DI_PHYS_BASE, "qcom_minidump_ram", d.table);
	other(&e, &d, HUGE_PAGE, HUGE_PAGE);
	finish_forged(&e, false);
	di_write64(&e, e.regions + slot + offsetof(struct minidump_region, address), d.slots[1].paddr);
	di_write64(&e, e.regions + slot + offsetof(struct minidump_region, size), d.slots[1].size);
	for (uint64_t i = 0; i < n; i++) {
		e.table = 8 * MIB_ + i * 4096;
		di_header(&e);
	}
	taken(&d, d.path, NULL, &c);
	assert_int_equal(c.toc.proven, 3);
	/* Of four it is said why */
	if (n > 3)
		named_in_all(&c, n + 1 - 4, n > 4 ? "more tables" : "more table");
	collection_clear(&c);
	di_done(&d);
}

static void each_kind(void **state)
{
	static void (*const kinds[])(void) = {
		decoys_own_address,    decoys_bad_checksum,
		decoys_wrong_address,  decoys_and_option,
		forged_shifted,	       forged_in_place,
		forged_copied,	       forged_world,
		forged_on_five_levels, forged_arm64,
		forged_many,	       capture_kernel,
		earlier_boot,	       vmcore,
		vmcore_levels,	       forged_on_arm64,
		whole_chain,	       vmcore_broken,
		vmcore_of_no_table,    raw_true_vmcoreinfo,
		vmcore_arm64_from_0,
	};
	const char *given = getenv("QCMD_SEED");
	uint64_t first = given ? strtoull(given, NULL, 10) : 1;
	uint64_t rounds = given ? 1 : ROUNDS;

	for (uint64_t i = first; i < first + rounds; i++)
		for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
			seed = i * 0x9e3779b97f4a7c15 + kind;
			print_message("QCMD_SEED=%llu kind %zu\n", (unsigned long long)i, kind);
			kinds[kind]();
		}
}

/* One table, and the kernel's own page tables do not lead to it: it is taken, and everything says so. */
static void contradiction(void **state)
{
	static const char says[] = "does not lead to the table";
	struct collection c;
	struct derr err;
	char out[64], *text;
	struct di d, e;

	seed = 1;
	machine(&d, false);
	other(&e, &d, HUGE_PAGE, somewhere());
	finish_forged(&e, true);
	di_write64(&d, d.table, 0);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_true(c.toc.header == e.table);
	assert_true(has_warning(&c, says));
	collection_clear(&c);
	for (int json = 0; json < 2; json++) {
		text = run_show(show_info, out, json, false, &err);
		assert_non_null(text);
		assert_non_null(strstr(text, says));
		/* On the first screen */
		if (!json)
			assert_true(strstr(text, "Beware: ") < strstr(text, "Collected: "));
		free(text);
	}
	unlink(out);
	di_done(&d);
}

static void info_says(const char *core, const uint64_t *table, const char *text, const char *json)
{
	struct collect_options o = { .table = table };
	struct collection c;
	struct derr err;
	char out[64], *said;

	assert_int_equal(run_collect(core, &o, out, &c, &err), 0);
	collection_clear(&c);
	for (int j = 0; j < 2; j++) {
		said = run_show(show_info, out, j, false, &err);
		assert_non_null(said);
		if (!strstr(said, j ? json : text))
			fail_msg("no \"%s\" in %s", j ? json : text, said);
		free(said);
	}
	unlink(out);
}

/* Silence about other tables means something only where they were looked for. */
static void says_what_led(void **state)
{
	const struct di_load all = { 0, 8 * MIB_ };
	struct notebuf b = { 0 };
	uint64_t memory;
	struct di d;
	char core[64], *text;

	seed = 1;
	leading_machine(&d, EM_X86_64, "qcom_minidump_ram", &text, &memory);
	notebuf_add(&b, "VMCOREINFO", 0, text, strlen(text));
	di_elf(&d, &all, 1, b.data, b.size, core);
	info_says(core, NULL, "to which the kernel leads: the memory was not searched", "\"table_from\": \"kernel\"");
	info_says(core, &d.table, "which --table named: the memory was not searched", "\"table_from\": \"option\"");
	info_says(d.path, NULL, "found by a search of the memory", "\"table_from\": \"search\"");
	unlink(core);
	notebuf_clear(&b);
	free(text);
	di_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind),	       cmocka_unit_test(contradiction),
		cmocka_unit_test(vmcore_52_bits),      cmocka_unit_test(table_in_each_page),
		cmocka_unit_test(first_page_left_out), cmocka_unit_test(says_what_led),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
