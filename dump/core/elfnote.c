// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <string.h>

#include "dump/core/elfnote.h"
#include "lib/alloc.h"

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

bool elfnote_next(const char *buf, size_t size, size_t *pos, struct elfnote *note)
{
	size_t left = size - *pos, need;
	Elf64_Nhdr nhdr;

	if (*pos >= size || left < sizeof(nhdr))
		return false;
	memcpy(&nhdr, buf + *pos, sizeof(nhdr));
	if (!nhdr.n_namesz && !nhdr.n_descsz && !nhdr.n_type)
		return false;
	/* Both sizes have 32 bits: the sum can't wrap in 64. */
	need = sizeof(nhdr) + align4(nhdr.n_namesz) + nhdr.n_descsz;
	if (need > left)
		return false;
	*note = (struct elfnote){
		.name = buf + *pos + sizeof(nhdr),
		.name_size = nhdr.n_namesz,
		.desc = buf + *pos + sizeof(nhdr) + align4(nhdr.n_namesz),
		.desc_size = nhdr.n_descsz,
		.type = nhdr.n_type,
		.start = buf + *pos,
	};
	need = align4(need);
	note->size = need < left ? need : left;
	*pos += note->size;
	return true;
}

bool elfnote_is(const struct elfnote *note, const char *name, uint32_t type)
{
	size_t len = strlen(name);

	if (note->type != type || note->name_size < len || note->name_size > len + 1)
		return false;
	return !memcmp(note->name, name, len) && (note->name_size == len || !note->name[len]);
}

bool elfnote_find(const char *buf, size_t size, const char *name, uint32_t type, struct elfnote *note)
{
	size_t pos = 0;

	while (elfnote_next(buf, size, &pos, note))
		if (elfnote_is(note, name, type))
			return true;
	return false;
}

bool elfnote_vmcoreinfo(const char *buf, size_t size, struct elfnote *note)
{
	static const char first[] = "OSRELEASE=";
	size_t pos = 0;

	if (elfnote_next(buf, size, &pos, note) && elfnote_is(note, VMCOREINFO_NAME, 0))
		return true;
	if (size < sizeof(first) || memcmp(buf, first, sizeof(first) - 1))
		return false;
	*note = (struct elfnote){ .desc = buf, .desc_size = strnlen(buf, size), .start = buf, .size = size };
	return true;
}

void notebuf_add(struct notebuf *b, const char *name, uint32_t type, const void *desc, size_t size)
{
	Elf64_Nhdr nhdr = { .n_namesz = strlen(name) + 1, .n_descsz = size, .n_type = type };
	size_t total = sizeof(nhdr) + align4(nhdr.n_namesz) + align4(size);
	char *p;

	b->data = xgrow(b->data, &b->capacity, b->size + total, 1);
	p = b->data + b->size;
	memset(p, 0, total);
	memcpy(p, &nhdr, sizeof(nhdr));
	memcpy(p + sizeof(nhdr), name, nhdr.n_namesz);
	if (size)
		memcpy(p + sizeof(nhdr) + align4(nhdr.n_namesz), desc, size);
	b->size += total;
}

void notebuf_clear(struct notebuf *b)
{
	free(b->data);
	*b = (struct notebuf){ 0 };
}
