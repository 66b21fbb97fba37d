// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump-firmware.h"

struct df_piece *df_add(struct df *f, const char *file, const void *data, uint64_t size, uint64_t paddr)
{
	struct df_piece *p = &f->v[f->n++];

	assert(f->n <= DF_PIECES);
	*p = (struct df_piece){ .size = size, .claimed = size, .paddr = paddr, .flags = 1, .type = 1 };
	strcpy(p->file, file);
	p->data = malloc(size + 1);
	memcpy(p->data, data, size);
	return p;
}

struct df_piece *df_find(struct df *f, const char *file)
{
	for (unsigned int i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].file, file))
			return &f->v[i];
	assert(!"no such piece");
	return NULL;
}

void df_drop(struct df *f, const char *file)
{
	struct df_piece *p = df_find(f, file);

	free(p->data);
	memmove(p, p + 1, (&f->v[f->n] - (p + 1)) * sizeof(*p));
	f->n--;
}

/* null, STR_TBL, then each slot from 1 on; regions lie in the file one after the other behind the header. */
static void put_sections(struct di *d, bool numbered)
{
	uint64_t shoff = d->kelf + 64 + (d->n_slots - 1) * 56, strtab = shoff + (d->n_slots + 1) * 64, at = strtab + 16;
	uint64_t file = d->slots[0].size;
	uint16_t numbers[3] = { 64, d->n_slots + 1, 1 };
	Elf64_Shdr sh = { 0 };

	di_write64(d, d->kelf + 40, shoff - d->kelf);
	di_write(d, d->kelf + 58, numbers, sizeof(numbers));
	di_write(d, strtab + 1, "STR_TBL", 8);
	for (unsigned int i = 1; i < d->n_slots; i++, at += 24) {
		uint32_t seq = numbered ? d->slots[i].seq : 0;
		char name[24] = "";

		sh = (Elf64_Shdr){ .sh_name = at - strtab,
				   .sh_type = i == 1 ? SHT_NOTE : SHT_PROGBITS,
				   .sh_addr = d->slots[i].vaddr,
				   .sh_offset = file,
				   .sh_size = d->slots[i].size,
				   .sh_entsize = seq };
		di_write(d, shoff + (i + 1) * 64, &sh, sizeof(sh));
		di_write64(d, d->kelf + 64 + (i - 1) * 56 + 8, file);
		snprintf(name, sizeof(name), seq ? "%.15s_%u" : "%.15s", d->slots[i].name, seq);
		di_write(d, at, name, sizeof(name));
		file += d->slots[i].size;
	}
	sh = (Elf64_Shdr){ .sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = strtab - d->kelf, .sh_size = at - strtab };
	di_write(d, shoff + 64, &sh, sizeof(sh));
	assert(at <= d->kelf + d->slots[0].size);
}

static void init(struct df *f, struct di *d, bool numbered)
{
	memset(f, 0, sizeof(*f));
	strcpy(f->magic, "Raw_Dmp!");
	f->version = 0x1000;
	f->flags = 1;
	put_sections(d, numbered);
	for (unsigned int i = 0; i < d->n_slots; i++) {
		const struct di_slot *s = &d->slots[i];
		uint8_t *data = malloc(s->size);
		char file[40];

		di_read(d, s->paddr, data, s->size);
		snprintf(file, sizeof(file), s->seq ? "md_%s_%u.BIN" : "md_%s.BIN", s->name, s->seq);
		df_add(f, file, data, s->size, s->paddr);
		free(data);
	}
}

void df_init(struct df *f, struct di *d)
{
	init(f, d, true);
}

void df_init_unnumbered(struct df *f, struct di *d)
{
	init(f, d, false);
}

void df_done(struct df *f)
{
	for (unsigned int i = 0; i < f->n; i++)
		free(f->v[i].data);
}

void df_put(const struct df *f, const char *file, const void *data, uint64_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->path, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void put_places(const struct df *f, enum df_places places)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned int i = 0; i < f->n; i++) {
		const struct df_piece *p = &f->v[i];
		struct {
			uint64_t type, addr, length;
			char region[20], file[20];
		} entry = { 1, p->paddr, p->claimed, "md_region", "" };

		if (places == DF_CMM)
			fprintf(out, "d.load.binary %s 0x%" PRIx64 " /noclear\r\n", p->file, p->paddr);
		else if (places == DF_DUMP_INFO)
			fprintf(out, "1 0x%016" PRIx64 "\t%" PRIu64 "\tregion\t%s\r\n", p->paddr, p->claimed, p->file);
		memcpy(entry.file, p->file, strnlen(p->file, sizeof(entry.file)));
		if (places == DF_SAHARA)
			fwrite(&entry, sizeof(entry), 1, out);
	}
	fclose(out);
	df_put(f, places == DF_CMM ? "load.cmm" : places == DF_DUMP_INFO ? "dump_info.txt" : "table", text, size);
	free(text);
}

void df_folder(struct df *f, enum df_places places)
{
	strcpy(f->path, "/tmp/qcmd-test-XXXXXX");
	assert(mkdtemp(f->path));
	for (unsigned int i = 0; i < f->n; i++)
		df_put(f, f->v[i].file, f->v[i].data, f->v[i].size);
	if (places)
		put_places(f, places);
}

static void put(uint8_t **to, const void *data, size_t n)
{
	memcpy(*to, data, n);
	*to += n;
}

static void put_u32(uint8_t **to, uint32_t v)
{
	put(to, &v, 4);
}

static void put_u64(uint8_t **to, uint64_t v)
{
	put(to, &v, 8);
}

uint64_t df_rawdump(struct df *f, const char *append_to)
{
	uint64_t size = 56 + f->n * 64, at = 0;
	char path[sizeof(f->path)];
	uint8_t head[56 + DF_PIECES * 64] = { 0 }, *to = head + 56;
	int fd;

	snprintf(path, sizeof(path), "%s", append_to ? append_to : "/tmp/qcmd-test-XXXXXX");
	fd = append_to ? open(path, O_RDWR) : mkstemp(path);
	assert(fd >= 0);
	at = (lseek(fd, 0, SEEK_END) + 511) / 512 * 512;
	for (unsigned int i = 0; i < f->n; i++) {
		const struct df_piece *p = &f->v[i];

		put_u32(&to, p->flags);
		put_u32(&to, 0x1000);
		put_u32(&to, p->type);
		put_u64(&to, size);
		put_u64(&to, p->claimed);
		put_u64(&to, p->paddr);
		put_u64(&to, 0);
		memcpy(to, p->file, strnlen(p->file, 20));
		to += 20;
		assert(pwrite(fd, p->data, p->size, at + size) == (ssize_t)p->size);
		size += p->size;
	}
	to = head;
	put(&to, f->magic, 8);
	put_u32(&to, f->version);
	put_u32(&to, f->flags);
	put_u64(&to, 0);
	put_u64(&to, 0);
	put_u32(&to, 0);
	put_u64(&to, f->dump_size ? f->dump_size : size);
	put_u64(&to, f->required ? f->required : size);
	put_u32(&to, f->sections ? f->sections : f->n);
	assert(pwrite(fd, head, 56 + f->n * 64, at) == (ssize_t)(56 + f->n * 64));
	close(fd);
	memcpy(f->path, path, sizeof(path));
	return at;
}

void df_remove(const struct df *f)
{
	struct dirent *e;
	DIR *dir;

	if (unlink(f->path) == 0)
		return;
	dir = opendir(f->path);
	assert(dir);
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	rmdir(f->path);
}
