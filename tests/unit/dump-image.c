// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump-image.h"
#include "lib/cleanup.h"

#define GIB4 0x100000000ULL

static uint32_t crc32_ieee(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	while (n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

__attribute__((format(printf, 3, 0))) static void append(char *to, size_t max, const char *fmt, va_list ap)
{
	size_t n = strlen(to);

	n += vsnprintf(to + n, max - n, fmt, ap);
	assert(n + 1 < max);
	strcpy(to + n, "\n");
}

void di_key(struct di *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(d->vmcoreinfo, sizeof(d->vmcoreinfo), fmt, ap);
	va_end(ap);
}

void di_note(struct di *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(d->note, sizeof(d->note), fmt, ap);
	va_end(ap);
}

void di_init(struct di *d, uint64_t file_size, uint64_t base, uint64_t low)
{
	memset(d, 0, sizeof(*d));
	strcpy(d->path, "/tmp/qcmd-test-XXXXXX");
	d->fd = mkstemp(d->path);
	assert(d->fd >= 0 && ftruncate(d->fd, file_size) == 0);
	d->file_size = file_size;
	d->base = base;
	d->low = low;
	d->next = base + 0x100000;
	for (unsigned int i = 0; i < 3; i++)
		di_add(d, "", 0, 0, 0, 0);
	di_key(d, "OSRELEASE=" DI_RELEASE);
	di_key(d, "BUILD-ID=" DI_BUILD_ID);
	di_key(d, "PAGESIZE=4096");
	di_key(d, "SYMBOL(_stext)=%llx", DI_IMAGE_VIRT);
	di_key(d, "SYMBOL(swapper_pg_dir)=%llx", DI_IMAGE_VIRT + 0x10000);
	di_key(d, "NUMBER(phys_base)=%lld", DI_PHYS_BASE);
	di_note(d, "QCMD_NOTE=1");
	di_note(d, "CREATOR=qcmdd test");
	di_note(d, "ARCH=x86_64");
}

void di_done(struct di *d)
{
	close(d->fd);
	unlink(d->path);
}

uint64_t di_offset(const struct di *d, uint64_t paddr)
{
	if (d->low && paddr >= GIB4)
		return paddr - GIB4 + d->low;
	return paddr - d->base;
}

void di_write(struct di *d, uint64_t paddr, const void *data, size_t size)
{
	assert(pwrite(d->fd, data, size, di_offset(d, paddr)) == (ssize_t)size);
}

void di_read(struct di *d, uint64_t paddr, void *data, size_t size)
{
	assert(pread(d->fd, data, size, di_offset(d, paddr)) == (ssize_t)size);
}

void di_write32(struct di *d, uint64_t paddr, uint32_t v)
{
	di_write(d, paddr, &v, sizeof(v));
}

void di_write64(struct di *d, uint64_t paddr, uint64_t v)
{
	di_write(d, paddr, &v, sizeof(v));
}

uint64_t di_alloc(struct di *d, uint64_t size, uint64_t align)
{
	uint64_t paddr = (d->next + align - 1) / align * align;

	d->next = paddr + size;
	assert(di_offset(d, d->next - 1) < d->file_size);
	return paddr;
}

unsigned int di_add(struct di *d, const char *name, uint32_t seq, uint64_t paddr, uint64_t vaddr, uint64_t size)
{
	struct di_slot *s = &d->slots[d->n_slots];

	assert(d->n_slots < DI_SLOTS);
	memcpy(s->name, name, strnlen(name, sizeof(s->name)));
	s->seq = seq;
	s->valid = 'V' << 24 | 'A' << 16 | 'L' << 8 | 'I';
	s->paddr = paddr;
	s->vaddr = vaddr;
	s->size = size;
	return d->n_slots++;
}

/* printk: structures as on x86_64 */

#define ID_MASK 0x3fffffffffffffffULL

static size_t info_size(const struct di *d)
{
	return d->has_context ? 108 + 4 : 88;
}

static void ring_keys(struct di *d)
{
	static const char *const keys[] = {
		"SIZE(printk_ringbuffer)=88",
		"OFFSET(printk_ringbuffer.desc_ring)=0",
		"OFFSET(printk_ringbuffer.text_data_ring)=48",
		"OFFSET(printk_ringbuffer.fail)=80",
		"SIZE(prb_desc_ring)=48",
		"OFFSET(prb_desc_ring.count_bits)=0",
		"OFFSET(prb_desc_ring.descs)=8",
		"OFFSET(prb_desc_ring.infos)=16",
		"OFFSET(prb_desc_ring.head_id)=24",
		"OFFSET(prb_desc_ring.tail_id)=32",
		"SIZE(prb_desc)=24",
		"OFFSET(prb_desc.state_var)=0",
		"OFFSET(prb_desc.text_blk_lpos)=8",
		"SIZE(prb_data_blk_lpos)=16",
		"OFFSET(prb_data_blk_lpos.begin)=0",
		"OFFSET(prb_data_blk_lpos.next)=8",
		"OFFSET(printk_info.seq)=0",
		"OFFSET(printk_info.ts_nsec)=8",
		"OFFSET(printk_info.text_len)=16",
		"OFFSET(printk_info.caller_id)=20",
		"SIZE(dev_printk_info)=64",
		"OFFSET(dev_printk_info.subsystem)=0",
		"LENGTH(printk_info_subsystem)=16",
		"OFFSET(dev_printk_info.device)=16",
		"LENGTH(printk_info_device)=48",
		"SIZE(prb_data_ring)=32",
		"OFFSET(prb_data_ring.size_bits)=0",
		"OFFSET(prb_data_ring.data)=8",
		"SIZE(atomic_long_t)=8",
		"OFFSET(atomic_long_t.counter)=0",
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		di_key(d, "%s", keys[i]);
	di_key(d, "SIZE(printk_info)=%zu", info_size(d));
	di_key(d, "OFFSET(printk_info.dev_info)=%zu", info_size(d) - 64);
	if (d->has_context)
		di_note(d, "BITS(printk_info.caller_id2)=192:32\nBITS(printk_info.comm)=224:128");
	di_note(d, "BITS(printk_info.facility)=144:8");
	di_note(d, "BITS(printk_info.level)=157:3");
	di_note(d, "BITS(printk_info.flags)=152:5");
}

static uint64_t image_virt(uint64_t paddr)
{
	return paddr - DI_PHYS_BASE + DI_IMAGE_VIRT;
}

void di_ring(struct di *d, unsigned int desc_bits, unsigned int text_bits)
{
	uint64_t count = 1ULL << desc_bits, size = 1ULL << text_bits, pointer = DI_PHYS_BASE + 0x20008;

	d->desc_bits = desc_bits;
	d->text_bits = text_bits;
	d->ring = DI_PHYS_BASE + 0x20010;
	d->descs = di_alloc(d, count * 24, 64);
	d->infos = di_alloc(d, count * info_size(d), 64);
	d->text = di_alloc(d, size, 8);
	di_key(d, "SYMBOL(prb)=%llx", (unsigned long long)image_virt(pointer));
	ring_keys(d);
	di_write64(d, pointer, image_virt(d->ring));
	di_write32(d, d->ring, desc_bits);
	di_write64(d, d->ring + 8, DI_DIRECT + d->descs);
	di_write64(d, d->ring + 16, DI_DIRECT + d->infos);
	di_write32(d, d->ring + 48, text_bits);
	di_write64(d, d->ring + 56, DI_DIRECT + d->text);
	/* As the kernel initialises it: one reusable descriptor, just before id 0 would wrap around. */
	d->head_id = d->tail_id = -(count + 1) & ID_MASK;
	d->lpos = -size;
	for (uint64_t i = 0; i < count; i++)
		di_write64(d, d->descs + i * 24, 3ULL << 62 | ((d->head_id - count + 1 + i) & ID_MASK));
	di_set_state(d, d->head_id, 3);
	di_write64(d, d->ring + 24, d->head_id);
	di_write64(d, d->ring + 32, d->tail_id);
	di_add(d, MINIDUMP_LOG_PRB_NAME, 0, pointer, image_virt(pointer), 8);
	di_add(d, MINIDUMP_LOG_RING_NAME, 0, d->ring, image_virt(d->ring), 88);
	di_add(d, MINIDUMP_LOG_DESCS_NAME, 0, d->descs, DI_DIRECT + d->descs, count * 24);
	di_add(d, MINIDUMP_LOG_INFOS_NAME, 0, d->infos, DI_DIRECT + d->infos, count * info_size(d));
	di_add(d, MINIDUMP_LOG_TEXT_NAME, 0, d->text, DI_DIRECT + d->text, size);
}

static uint64_t desc_at(const struct di *d, uint64_t id)
{
	return d->descs + id % (1ULL << d->desc_bits) * 24;
}

void di_set_state(struct di *d, uint64_t id, unsigned int state)
{
	di_write64(d, desc_at(d, id), (uint64_t)state << 62 | id);
}

/* Gives up old records until the text ring has room up to this position. */
static void drop_texts(struct di *d, uint64_t lpos)
{
	uint64_t size = 1ULL << d->text_bits, begin;

	while (d->tail_id != d->head_id) {
		di_read(d, desc_at(d, d->tail_id) + 8, &begin, sizeof(begin));
		if (!(begin & 1) && d->tail_id != (-((1ULL << d->desc_bits) + 1) & ID_MASK) && lpos - begin <= size)
			break;
		di_set_state(d, d->tail_id, 3);
		d->tail_id = (d->tail_id + 1) & ID_MASK;
	}
}

static void put_info(struct di *d, uint64_t id, uint64_t ts, unsigned int level, size_t len, const char *subsystem,
		     const char *device)
{
	size_t size = info_size(d);
	uint8_t info[112] = { 0 };
	uint64_t seq = d->seq++;
	uint16_t text_len = len;
	uint32_t caller = seq % 2 ? 0x80000001 : 42, other = seq % 2 ? 376 : 0x80000003;

	memcpy(info, &seq, 8);
	memcpy(info + 8, &ts, 8);
	memcpy(info + 16, &text_len, 2);
	/* The kernel itself dies at these levels; the others are of a process, which has another facility. */
	info[18] = level > 1 ? 3 : 0;
	info[19] = level << 5 | 2;
	memcpy(info + 20, &caller, 4);
	if (d->has_context) {
		memcpy(info + 24, &other, 4);
		strncpy((char *)info + 28, seq % 2 ? "swapper/\033" : "fifteen letters", 16);
	}
	strncpy((char *)info + size - 64, subsystem ? subsystem : "", 16);
	strncpy((char *)info + size - 48, device ? device : "", 48);
	di_write(d, d->infos + id % (1ULL << d->desc_bits) * size, info, size);
}

uint64_t di_print(struct di *d, uint64_t ts, unsigned int level, const char *text, const char *subsystem,
		  const char *device)
{
	uint64_t size = 1ULL << d->text_bits, count = 1ULL << d->desc_bits, len = strlen(text);
	uint64_t block = (8 + len + 7) / 8 * 8, begin = d->lpos, next = begin + block, at = begin % size;
	uint64_t id = (d->head_id + 1) & ID_MASK;

	if (len == 0) {
		begin = next = 3;
	} else {
		/* A block that would cross the end of the ring goes to its start. */
		if (begin / size != (next - d->fills_ring) / size) {
			at = 0;
			next = begin / size * size + size + block;
		}
		drop_texts(d, next);
		d->lpos = next;
		di_write64(d, d->text + at, id);
		di_write(d, d->text + at + 8, text, len);
	}
	if (((id - d->tail_id) & ID_MASK) >= count)
		d->tail_id = (d->tail_id + 1) & ID_MASK;
	d->head_id = id;
	di_write64(d, desc_at(d, id) + 8, begin);
	di_write64(d, desc_at(d, id) + 16, next);
	di_set_state(d, id, 2);
	put_info(d, id, ts, level, len, subsystem, device);
	di_write64(d, d->ring + 24, d->head_id);
	di_write64(d, d->ring + 32, d->tail_id);
	return id;
}

/* Tasks */

void di_task_keys(struct di *d)
{
	di_note(d, "SIZE(task_struct)=%d", DI_TASK_SIZE);
	di_note(d, "BITS(task_struct.thread_info)=0:192\nBITS(thread_info.cpu)=160:32");
	di_note(d, "BITS(task_struct.__state)=192:32\nBITS(task_struct.stack)=256:64\nBITS(task_struct.flags)=352:32");
	di_note(d, "BITS(task_struct.on_cpu)=416:32s\nBITS(task_struct.exit_state)=800:32s");
	di_note(d, "BITS(task_struct.pid)=864:32s\nBITS(task_struct.tgid)=896:32s");
	di_note(d, "BITS(task_struct.real_parent)=960:64\nBITS(task_struct.start_boottime)=1600:64");
	di_note(d, "BITS(task_struct.comm)=2400:128");
}

static void put32(uint8_t *to, uint32_t v)
{
	memcpy(to, &v, sizeof(v));
}

static void put64(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof(v));
}

uint64_t di_task(struct di *d, const struct di_task *t)
{
	uint64_t paddr = di_alloc(d, DI_TASK_SIZE, 64), vaddr = DI_DIRECT + paddr;
	uint8_t buf[DI_TASK_SIZE];
	uint32_t seq = 0;

	memset(buf, 0xa5, sizeof(buf));
	put32(buf + 20, t->cpu);
	put32(buf + 24, t->state);
	put64(buf + 32, t->stack);
	put32(buf + 44, t->flags);
	put32(buf + 52, t->on_cpu);
	put32(buf + 100, t->exit_state);
	put32(buf + 108, t->pid);
	put32(buf + 112, t->tgid);
	put64(buf + 120, t->parent);
	put64(buf + 200, t->start);
	put64(buf + 400, t->sp);
	memset(buf + 300, 0, 16);
	memcpy(buf + 300, t->comm, strnlen(t->comm, 16));
	di_write(d, paddr, buf, sizeof(buf));
	for (unsigned int i = 0; i < d->n_slots; i++)
		seq += !strcmp(d->slots[i].name, MINIDUMP_TASK_NAME);
	di_add(d, MINIDUMP_TASK_NAME, seq, paddr, vaddr, DI_TASK_SIZE);
	return vaddr;
}

/* Names */

static void put_tokens(struct di *d, uint64_t index_at, uint64_t table_at)
{
	uint16_t index[256] = { 0 };
	char tokens[1024] = { 0 };
	size_t n = 0;

	for (unsigned int i = 0; i < 256; i++) {
		index[i] = n;
		tokens[n++] = i == 1 ? 'd' : i >= ' ' ? i : '!';
		n++;
	}
	di_write(d, index_at, index, sizeof(index));
	di_write(d, table_at, tokens, sizeof(tokens));
}

uint64_t di_kallsyms(struct di *d, const struct di_symbol *symbols, size_t n, bool has_base)
{
	uint64_t at = DI_PHYS_BASE + DI_KALLSYMS, virt = DI_IMAGE_VIRT + DI_KALLSYMS, name = 0x1000;

	di_write32(d, at, n);
	di_write64(d, at + 8, DI_IMAGE_VIRT);
	put_tokens(d, at + 0x100, at + 0x400);
	for (size_t i = 0; i < n; i++) {
		uint8_t len = strlen(symbols[i].name);
		int32_t entry = 0x800 + i * 4, own = -1 - symbols[i].offset - DI_KALLSYMS - entry;

		di_write32(d, at + entry, has_base ? symbols[i].offset : own);
		di_write(d, at + name, &len, 1);
		di_write(d, at + name + 1, symbols[i].name, len);
		name += 1 + len;
	}
	di_key(d, "SYMBOL(kallsyms_num_syms)=%llx", (unsigned long long)virt);
	if (has_base)
		di_key(d, "SYMBOL(kallsyms_relative_base)=%llx", (unsigned long long)virt + 8);
	di_key(d, "SYMBOL(kallsyms_token_index)=%llx", (unsigned long long)virt + 0x100);
	di_key(d, "SYMBOL(kallsyms_token_table)=%llx", (unsigned long long)virt + 0x400);
	di_key(d, "SYMBOL(kallsyms_offsets)=%llx", (unsigned long long)virt + 0x800);
	di_key(d, "SYMBOL(kallsyms_names)=%llx", (unsigned long long)virt + 0x1000);
	return name;
}

/* As kernels have it: entries of the page tables that lead to a page. */
void di_map_page(struct di *d, uint64_t vaddr, uint64_t paddr)
{
	uint64_t table = DI_PHYS_BASE + 0x10000;

	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t at = table + ((vaddr >> shift) & 511) * 8;

		di_read(d, at, &table, sizeof(table));
		if (!table) {
			table = di_alloc(d, 4096, 4096) | 3;
			di_write64(d, at, table);
		}
		table -= 3;
	}
	di_write64(d, table + ((vaddr >> 12) & 511) * 8, paddr | 3);
}

uint64_t di_module(struct di *d, bool loading)
{
	static const char names[] = "\0mod_wait\0$x\0mod_data";
	static const struct {
		uint32_t name;
		uint16_t section;
		uint64_t at;
	} symbols[] = { { 0, 0, 0 }, { 10, 1, 0x880 }, { 1, 1, 0x800 }, { 13, 2, 0xa00 } };
	static const uint8_t wait[] = { 32, 0, 0xf0, 0xff, 0x15, 2 };
	uint64_t page = di_alloc(d, 4096, 4096), memory = page + 144 + (loading ? 4 * 16 : 0);

	di_note(d, "BITS(module.list)=0:128\nBITS(module.name)=128:448\nBITS(module.mem)=1152:640");
	di_note(d, "SIZE(module_memory)=16\nBITS(module_memory.base)=0:64\nBITS(module_memory.size)=64:32");
	di_note(d, "BITS(module.kallsyms)=768:64");
	di_note(d, "BITS(module.arch)=896:192\nBITS(mod_arch_specific.num_orcs)=0:32");
	di_note(d, "BITS(mod_arch_specific.orc_unwind_ip)=64:64\nBITS(mod_arch_specific.orc_unwind)=128:64");
	di_note(d, "BITS(mod_kallsyms.symtab)=0:64\nBITS(mod_kallsyms.num_symtab)=64:32");
	di_note(d, "BITS(mod_kallsyms.strtab)=128:64");
	di_map_page(d, DI_IMAGE_VIRT, DI_PHYS_BASE);
	di_map_page(d, DI_MODULE, page);
	di_write64(d, DI_PHYS_BASE + 0x700, DI_MODULE);
	di_write64(d, page, DI_IMAGE_VIRT + 0x700);
	di_write(d, page + 16, "a_module", 8);
	di_write64(d, memory, DI_MODULE + 0x800);
	di_write32(d, memory + 8, 0x200);
	di_write64(d, page + 96, DI_MODULE + 0x100);
	di_write32(d, page + 112, 2);
	di_write64(d, page + 120, DI_MODULE + 0x300);
	di_write64(d, page + 128, DI_MODULE + 0x340);
	di_write64(d, page + 0x100, DI_MODULE + 0x180);
	di_write32(d, page + 0x108, ARRAY_LEN(symbols));
	di_write64(d, page + 0x110, DI_MODULE + 0x280);
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		di_write32(d, page + 0x180 + i * 24, symbols[i].name);
		di_write32(d, page + 0x180 + i * 24 + 4, (uint32_t)symbols[i].section << 16);
		di_write64(d, page + 0x180 + i * 24 + 8, DI_MODULE + symbols[i].at);
	}
	di_write(d, page + 0x280, names, sizeof(names));
	di_write32(d, page + 0x300, 0x800 - 0x300);
	di_write32(d, page + 0x304, 0xa00 - 0x304);
	di_write(d, page + 0x340, wait, sizeof(wait));
	return page;
}

/* Registers */

void di_cpu_regs_header(uint8_t *region, uint32_t cpus)
{
	put32(region, 1);
	put32(region + 4, cpus);
	put32(region + 8, DI_CPU_REGS_ENTRY);
}

void di_cpu_regs(uint8_t *region, unsigned int cpu, uint32_t from, uint32_t pid, uint64_t ip, uint64_t sp)
{
	uint8_t *entry = region + DI_CPU_REGS_HEADER + cpu * DI_CPU_REGS_ENTRY, *note = entry + 16;

	put32(entry, from);
	put64(entry + 8, 1000000007);
	put32(note, 5);
	put32(note + 4, 336);
	put32(note + 8, 1);
	memcpy(note + 12, "CORE", 5);
	put32(note + 20 + 32, pid);
	put64(note + 20 + 112 + 16 * 8, ip);
	put64(note + 20 + 112 + 17 * 8, 0x10);
	put64(note + 20 + 112 + 19 * 8, sp);
}

/* The table */

static uint64_t put_note(struct di *d, const char *name, uint32_t type, const char *text, uint64_t *size)
{
	size_t n = strlen(text), name_size = strlen(name) + 1;
	uint8_t buf[16384] = { 0 };
	uint64_t paddr;

	put32(buf, name_size);
	put32(buf + 4, n);
	put32(buf + 8, type);
	memcpy(buf + 12, name, name_size);
	memcpy(buf + 12 + (name_size + 3) / 4 * 4, text, n);
	*size = 12 + (name_size + 3) / 4 * 4 + (n + 3) / 4 * 4;
	paddr = di_alloc(d, *size, 4096);
	di_write(d, paddr, buf, *size);
	return paddr;
}

static void set_slot(struct di *d, unsigned int slot, const char *name, uint64_t paddr, uint64_t size)
{
	struct di_slot *s = &d->slots[slot];

	strcpy(s->name, name);
	s->paddr = paddr;
	s->vaddr = DI_DIRECT + paddr;
	s->size = size;
}

/* Program header 0 is VMCOREINFO, k the PT_LOAD of slot k + 1. */
static void put_kelf(struct di *d)
{
	Elf64_Ehdr e = { .e_type = ET_CORE,
			 .e_machine = d->machine ? d->machine : EM_X86_64,
			 .e_version = 1,
			 .e_phoff = 64,
			 .e_ehsize = 64,
			 .e_phentsize = 56,
			 .e_phnum = d->n_slots - 1 };

	memcpy(e.e_ident, "\177ELF\2\1\1", 7);
	di_write(d, d->kelf, &e, sizeof(e));
	for (unsigned int i = 1; i < d->n_slots; i++) {
		const struct di_slot *s = &d->slots[i];
		Elf64_Phdr p = { .p_type = i == 1 ? PT_NOTE : PT_LOAD,
				 .p_vaddr = s->vaddr,
				 .p_paddr = s->paddr,
				 .p_filesz = s->size,
				 .p_memsz = s->size };

		if (i == 1)
			p.p_vaddr = p.p_paddr = p.p_memsz = 0;
		di_write(d, d->kelf + 64 + (i - 1) * 56, &p, sizeof(p));
	}
}

static void put_slot(struct di *d, unsigned int i)
{
	const struct di_slot *s = &d->slots[i];
	uint64_t at = d->regions + i * 40ULL;

	di_write(d, at, s->name, 16);
	di_write32(d, at + 16, s->seq);
	di_write32(d, at + 20, s->valid);
	di_write64(d, at + 24, s->paddr);
	di_write64(d, at + 32, s->size);
}

void di_header(struct di *d)
{
	uint8_t h[48] = "QCOM-MINIDUMP-1";

	put64(h + 16, d->self ? d->self : d->table);
	put64(h + 24, d->toc);
	put32(h + 32, sizeof(h));
	put32(h + 36, DI_SLOTS);
	put32(h + 40, 4096);
	put32(h + 44, crc32_ieee(h, 44) ^ d->bad_crc);
	di_write(d, d->table, h, sizeof(h));
}

void di_finish(struct di *d)
{
	uint64_t size, paddr;

	paddr = put_note(d, "VMCOREINFO", 0, d->vmcoreinfo, &size);
	set_slot(d, 1, MINIDUMP_VMCOREINFO_NAME, paddr, size);
	paddr = put_note(d, "QCMD", 0x51434d01, d->note, &size);
	set_slot(d, 2, MINIDUMP_NOTE_NAME, paddr, size);
	d->kelf = di_alloc(d, 8192, 4096);
	set_slot(d, 0, MINIDUMP_ELF_HEADER_NAME, d->kelf, 8192);
	put_kelf(d);
	d->slots[0].valid ^= d->no_kelf;
	d->slots[1].valid ^= d->no_vmcoreinfo;
	d->slots[2].valid ^= d->no_note;
	d->table = di_alloc(d, 4096 * 2, 4096);
	d->toc = d->table + 48;
	d->regions = d->toc + 16 + 10 * 32;
	di_write32(d, d->toc, 1);
	di_write32(d, d->toc + 4, 1);
	di_write32(d, d->toc + 8, 1);
	di_write32(d, d->toc + 16, 1);
	di_write32(d, d->toc + 20, 'E' << 24 | 'N' << 16 | 'B' << 8 | 'L');
	di_write32(d, d->toc + 32, d->claimed_slots ? d->claimed_slots : d->n_slots);
	di_write64(d, d->toc + 40, d->regions);
	for (unsigned int i = 0; i < d->n_slots; i++)
		put_slot(d, i);
	di_header(d);
}

void di_elf(const struct di *d, const struct di_load *loads, size_t n, const void *notes, size_t notes_size,
	    char path[64])
{
	Elf64_Ehdr e = { .e_type = ET_CORE,
			 .e_machine = d->machine ? d->machine : EM_X86_64,
			 .e_version = 1,
			 .e_phoff = 64,
			 .e_ehsize = 64,
			 .e_phentsize = 56,
			 .e_phnum = n + 1 };
	Elf64_Phdr p = { .p_type = PT_NOTE, .p_offset = 64 + (n + 1) * 56, .p_filesz = notes_size };
	uint64_t offset = 8192 + 16;
	int fd;

	strcpy(path, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(path);
	assert(fd >= 0);
	memcpy(e.e_ident, "\177ELF\2\1\1", 7);
	assert(pwrite(fd, &e, sizeof(e), 0) == sizeof(e));
	assert(pwrite(fd, &p, sizeof(p), 64) == sizeof(p));
	assert(pwrite(fd, notes, notes_size, p.p_offset) == (ssize_t)notes_size);
	for (size_t i = 0; i < n; i++) {
		char *buf = malloc(loads[i].size);

		/* As QEMU writes it: no virtual addresses. */
		p = (Elf64_Phdr){ .p_type = PT_LOAD,
				  .p_offset = offset,
				  .p_paddr = loads[i].paddr,
				  .p_filesz = loads[i].size,
				  .p_memsz = loads[i].size };
		assert(pwrite(fd, &p, sizeof(p), 64 + (i + 1) * 56) == sizeof(p));
		assert(pread(d->fd, buf, loads[i].size, di_offset(d, loads[i].paddr)) == (ssize_t)loads[i].size);
		assert(pwrite(fd, buf, loads[i].size, offset) == (ssize_t)loads[i].size);
		free(buf);
		offset += loads[i].size;
	}
	close(fd);
}
