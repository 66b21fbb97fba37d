// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/core/tasks.h"
#include "dump/redact/redact-private.h"
#include "lib/file.h"

#define CHUNK MIB

int memory_read(const struct work *w, uint64_t paddr, void *buf, size_t size)
{
	return image_read(&w->x->c.img, paddr, buf, size);
}

int memory_write(const struct work *w, uint64_t paddr, const void *buf, size_t size)
{
	const struct image *img = &w->x->c.img;
	const struct range *r = rangemap_find(&img->frozen_at, paddr);

	if (!r || r->size - (paddr - r->start) < size)
		return -EFAULT;
	return pwrite_full(img->frozen_fd, buf, size, r->offset + (paddr - r->start));
}

int memory_write_virt(const struct work *w, enum treatment t, uint64_t vaddr, const void *buf, size_t size)
{
	const struct toc *toc = &w->x->c.toc;
	int ret = -EFAULT;

	/* It may lie across two, which need not be neighbours in memory. */
	for (size_t i = 0; i < toc->n_regions && ret != 0; i++) {
		const struct region *r = &toc->regions[i];
		uint64_t at = vaddr - r->vaddr, n;

		if (w->treatments[i] != t || !r->vaddr || at >= r->size)
			continue;
		n = r->size - at < size ? r->size - at : size;
		ret = memory_write(w, r->paddr + at, buf, n);
		if (ret == 0 && n < size)
			return memory_write_virt(w, t, vaddr + n, (const char *)buf + n, size - n);
	}
	return ret;
}

static int blank_all(const struct work *w, const struct region *r)
{
	_cleanup_free_ char *zeros = xcalloc(CHUNK, 1);
	int ret = 0;

	for (uint64_t done = 0, n; done < r->size && ret == 0; done += n) {
		n = r->size - done < CHUNK ? r->size - done : CHUNK;
		ret = memory_write(w, r->paddr + done, zeros, n);
	}
	return ret;
}

/* Of a stack that does not start at a word nothing is left. */
static void blank_stack(struct work *w, const struct region *r, char *buf)
{
	if (r->vaddr % sizeof(uint64_t) || r->size % sizeof(uint64_t))
		memset(buf, 0, r->size);
	else
		w->blank_words += words_blank_stack(&w->words, (uint64_t *)(void *)buf, r->size / sizeof(uint64_t));
}

/* What tasks are shown by stays, and pointers by which debuggers go on; not what vector registers have, for example. */
static void blank_task(struct work *w, const struct region *r, char *buf)
{
	_cleanup_free_ uint8_t *mask = xcalloc(r->size, 1);

	tasks_mark(w->core, !w->o->comm, mask, r->size);
	for (uint64_t i = 0; i < r->size; i++) {
		uint64_t word;

		if (i % sizeof(word) == 0 && r->size - i >= sizeof(word)) {
			memcpy(&word, buf + i, sizeof(word));
			if (word_is_address(&w->words, word))
				memset(mask + i, 1, sizeof(word));
		}
		buf[i] = mask[i] ? buf[i] : 0;
	}
}

/* struct new_utsname, and the names in it that are the machine's own: nodename and domainname */
#define UTS_FIELD      65
#define UTS_FIELDS     6
#define UTS_NODENAME   1
#define UTS_RELEASE    2
#define UTS_DOMAINNAME 5
#define UTS_NAMES_SIZE (UTS_FIELDS * UTS_FIELD)

/* Where it is in struct uts_namespace, which differs: by the release in it. NULL: nowhere. */
static char *find_uts(const struct work *w, char *buf, uint64_t size)
{
	static const char sysname[] = "Linux";
	const char *release = kv_get(&w->core->vmcoreinfo, "OSRELEASE");

	for (uint64_t i = 0; release && i + UTS_NAMES_SIZE <= size; i++)
		if (!memcmp(buf + i, sysname, sizeof(sysname)) &&
		    !strncmp(buf + i + UTS_RELEASE * UTS_FIELD, release, UTS_FIELD))
			return buf + i;
	return NULL;
}

/* Not those that many machines have. The first part of one with dots is how most call it. */
static void add_machine_name(struct work *w, char *name)
{
	if (!strcmp(name, "(none)") || !strcmp(name, "localhost"))
		return;
	lines_add_word(&w->lines, name);
	name[strcspn(name, ".")] = '\0';
	lines_add_word(&w->lines, name);
}

static void blank_uts(struct work *w, const struct region *r, char *buf)
{
	char *names = find_uts(w, buf, r->size), *end = buf + r->size;

	if (!names) {
		memset(buf, 0, r->size);
		return;
	}
	for (int i = 0; i < UTS_FIELDS; i++) {
		char *field = names + i * UTS_FIELD;
		_cleanup_free_ char *text = xstrndup(field, strnlen(field, UTS_FIELD - 1));

		memset(field, 0, UTS_FIELD);
		if (i != UTS_NODENAME && i != UTS_DOMAINNAME)
			strcpy(field, text);
		else
			add_machine_name(w, text);
	}
	memset(buf, 0, names - buf);
	memset(names + UTS_NAMES_SIZE, 0, end - (names + UTS_NAMES_SIZE));
}

static int redact_region(struct work *w, const struct region *r, enum treatment t)
{
	_cleanup_free_ char *buf = xcalloc(r->size, 1);
	int ret = memory_read(w, r->paddr, buf, r->size);

	if (ret < 0)
		return ret;
	if (t == TREAT_STACK)
		blank_stack(w, r, buf);
	else if (t == TREAT_TASK)
		blank_task(w, r, buf);
	else if (t == TREAT_UTS)
		blank_uts(w, r, buf);
	else
		memset(buf + strnlen(buf, r->size), 0, r->size - strnlen(buf, r->size));
	return memory_write(w, r->paddr, buf, r->size);
}

int memory_redact(struct work *w, struct derr *err)
{
	const struct toc *toc = &w->x->c.toc;
	int ret = 0;

	for (size_t i = 0; i < toc->n_regions && ret == 0; i++) {
		enum treatment t = w->treatments[i];

		if (t == TREAT_LOG_TEXT || t == TREAT_LOG_INFOS)
			ret = blank_all(w, &toc->regions[i]);
		else if (t != TREAT_WHOLE)
			ret = redact_region(w, &toc->regions[i], t);
	}
	if (ret < 0)
		return derr_set(err, ret, "Cannot redact %s: %s", w->core->path, strerror(-ret));
	return 0;
}
