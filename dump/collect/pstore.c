// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <qcmd_keep.h>
#include <qcmd_note.h>

#include "dump/core/elfnote.h"
#include "dump/log/log.h"
#include "dump/collect/pstore.h"
#include "lib/file.h"
#include "lib/text.h"

#define RECORDS_MAX 1000
#define RECORD_MAX  MIB
#define JOINED_MAX  (16 * MIB)

/*
 * systemd-pstore puts the parts of a record together in FOLDER/ID/NUMBER/dmesg.txt, where it knows which these are; in
 * FOLDER/dmesg.txt it has copies of all others.
 */
#define WHOLE	  "dmesg.txt"
#define DEPTH_MAX 2

/* What the kernel compressed and could not decompress again */
#define COMPRESSED ".enc.z"

/* Parts of one record are written one after the other. */
#define PARTS_SECONDS 10

/* A record of another reason is that of a machine that was switched off. Part 1 has the end of the log. */
static bool is_crash(struct pstore_record *r)
{
	const char *eol = memchr(r->text, '\n', r->size);

	/* Block devices have a line of their own before it. */
	if (!log_text_header(r->text, r->size, r->reason, &r->number, &r->part) && eol)
		log_text_header(eol + 1, r->text + r->size - eol - 1, r->reason, &r->number, &r->part);
	r->panic = !strcmp(r->reason, "Panic");
	return r->panic || !strcmp(r->reason, "Oops") || !strcmp(r->reason, "Emergency");
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

static bool is_record(const char *name, size_t n)
{
	return n > 6 && !memcmp(name, "dmesg-", 6);
}

/*
 * EFI variables have the time of the crash in their names, dmesg-efi_pstore-NUMBER, as thousands and hundreds of the
 * number; older kernels call them efi. systemd-pstore makes new files, whose time is that of the boot.
 */
static uint64_t record_time(const char *name, size_t n, const struct stat *st)
{
	unsigned long long number;
	char buf[64] = "";
	int end = 0;

	memcpy(buf, name, n < sizeof(buf) ? n : sizeof(buf) - 1);
	if ((sscanf(buf, "dmesg-efi_pstore-%18llu%n", &number, &end) == 1 ||
	     sscanf(buf, "dmesg-efi-%18llu%n", &number, &end) == 1) &&
	    end && !buf[end] && number / 100000)
		return number / 100000;
	return st->st_mtime > 0 ? st->st_mtime : 0;
}

/* systemd-pstore has the name of its file before each part, and an empty line behind it. Gives the first name. */
static size_t drop_names(struct pstore_record *r, char name[static 64])
{
	char *to = r->text, *end = r->text + r->size, *eol;

	name[0] = '\0';
	for (char *line = r->text; line < end; line = eol) {
		size_t n;

		eol = memchr(line, '\n', end - line);
		eol = eol ? eol + 1 : end;
		n = eol - line - (eol[-1] == '\n');
		if (!n)
			continue;
		if (is_record(line, n) && line[n - 1] == ':') {
			if (!name[0])
				snprintf(name, 64, "%.*s", (int)(n < 64 ? n - 1 : 63), line);
			continue;
		}
		memmove(to, line, eol - line);
		to += eol - line;
	}
	r->size = to - r->text;
	*to = '\0';
	return strlen(name);
}

static int read_record(struct pstore_record *r, int fd, const char *name, const struct stat *st)
{
	_cleanup_free_ char *buf = xcalloc(RECORD_MAX + 1, 1);
	char first[64];
	ssize_t size;

	size = pread_some(fd, buf, RECORD_MAX + 1, 0);
	if (size > (ssize_t)RECORD_MAX)
		return -EFBIG;
	if (size < 0)
		return size;
	r->size = size;
	r->text = xcalloc(size + 1, 1);
	memcpy(r->text, buf, size);
	if (!strcmp(name, WHOLE))
		r->time = record_time(first, drop_names(r, first), st);
	else
		r->time = record_time(name, strlen(name), st);
	return 0;
}

static void add_file(struct pstore *p, int dir, const char *folder, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct pstore_record record = { 0 };
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0 && !S_ISREG(st.st_mode)) {
		strlist_addf(&p->problems, "%s/%s is no regular file", folder, name);
		return;
	}
	if (r == 0)
		r = read_record(&record, fd, name, &st);
	if (r < 0)
		strlist_addf(&p->problems, "Cannot read %s/%s: %s", folder, name, strerror(-r));
	if (r < 0 || !is_crash(&record)) {
		free(record.text);
		return;
	}
	if (p->n == RECORDS_MAX) {
		strlist_addf(&p->problems, "%s/%s is left out: only %d records are looked at", folder, name,
			     RECORDS_MAX);
		free(record.text);
		return;
	}
	p->v = xgrow(p->v, &p->capacity, p->n + 1, sizeof(*p->v));
	record.path = xprintf("%s/%s", folder, name);
	record.whole = !strcmp(name, WHOLE);
	p->v[p->n++] = record;
}

/* How much of two paths is the folder and who keeps the records: all up to the last '-'. */
static bool same_keeper(const struct pstore_record *a, const struct pstore_record *b)
{
	const char *x = strrchr(a->path, '-'), *y = strrchr(b->path, '-');

	return x && y && x - a->path == y - b->path && !memcmp(a->path, b->path, x - a->path);
}

static bool same_record(const struct pstore_record *a, const struct pstore_record *b)
{
	uint64_t apart = a->time > b->time ? a->time - b->time : b->time - a->time;

	return !a->whole && !b->whole && a->number == b->number && !strcmp(a->reason, b->reason) &&
	       apart <= PARTS_SECONDS && same_keeper(a, b);
}

/*
 * Puts the text of the next older part, of which there may be none, before what is there. A part is of one record: as
 * many as there are, they take no more room than what was read.
 */
static bool add_part(struct pstore *p, size_t first, struct pstore_record *to, unsigned int part)
{
	for (size_t i = first; i < p->n; i++) {
		struct pstore_record *from = &p->v[i];
		char *text;

		if (from->part != part || from == to || !same_record(from, to) || to->size + from->size > JOINED_MAX)
			continue;
		text = xcalloc(from->size + to->size + 1, 1);
		memcpy(text, from->text, from->size);
		memcpy(text + from->size, to->text, to->size);
		free(to->text);
		to->text = text;
		to->size += from->size;
		from->part = 0;
		return true;
	}
	return false;
}

static unsigned int last_part(const struct pstore *p, size_t first, const struct pstore_record *of)
{
	unsigned int last = 1;

	for (size_t i = first; i < p->n; i++)
		if (same_record(&p->v[i], of) && p->v[i].part > last)
			last = p->v[i].part;
	return last < RECORDS_MAX ? last : RECORDS_MAX;
}

void pstore_record_clear(struct pstore_record *r)
{
	free(r->path);
	free(r->text);
	free(r->missing);
}

/* Of the records of a folder, those with part 1 get the others, which are no records then. */
static void join_parts(struct pstore *p, size_t first)
{
	size_t n = first;

	for (size_t i = first; i < p->n; i++) {
		struct pstore_record *r = &p->v[i];
		unsigned int last = r->whole || r->part != 1 ? 0 : last_part(p, first, r);

		for (unsigned int part = 2; part <= last; part++)
			if (!add_part(p, first, r, part) && !r->missing)
				r->missing = xprintf("Part %u of %u of the log is not there", part, last);
	}
	for (size_t i = first; i < p->n; i++) {
		if (p->v[i].whole || p->v[i].part == 1)
			p->v[n++] = p->v[i];
		else
			pstore_record_clear(&p->v[i]);
	}
	p->n = n;
}

static void add_folder(struct pstore *p, const char *folder, unsigned int depth)
{
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent **entries;
	int n = dir < 0 ? -1 : scandir(folder, &entries, NULL, alphasort);
	size_t first = p->n;
	bool whole = dir >= 0 && depth && faccessat(dir, WHOLE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	if (n < 0) {
		if (errno != ENOENT)
			strlist_addf(&p->problems, "Cannot look into %s: %s", folder, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		_cleanup_free_ char *path = xprintf("%s/%s", folder, name);

		if (is_record(name, strlen(name)) && ends_with(name, COMPRESSED))
			strlist_addf(&p->problems,
				     "%s is compressed, and the kernel could not decompress it: that part of the log "
				     "can't be read",
				     path);
		else if (whole ? !strcmp(name, WHOLE) : is_record(name, strlen(name)))
			add_file(p, dir, folder, name);
		else if (entries[i]->d_type == DT_DIR && name[0] != '.' && depth < DEPTH_MAX)
			add_folder(p, path, depth + 1);
		free(entries[i]);
	}
	free(entries);
	join_parts(p, first);
}

void pstore_add(struct pstore *p, const char *folder)
{
	add_folder(p, folder, 0);
}

static int cmp_record(const void *a, const void *b)
{
	const struct pstore_record *x = a, *y = b;

	if (x->panic != y->panic)
		return x->panic ? -1 : 1;
	return (x->time > y->time) - (x->time < y->time);
}

void pstore_sort(struct pstore *p)
{
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), cmp_record);
}

void pstore_clear(struct pstore *p)
{
	for (size_t i = 0; i < p->n; i++)
		pstore_record_clear(&p->v[i]);
	free(p->v);
	strlist_clear(&p->problems);
	*p = (struct pstore){ 0 };
}

int pstore_read_keep(struct pstore_record *r, const char *path)
{
	static const char first[] = QCMD_KEEP_DIED;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char start[sizeof(first)] = "", *eol;
	const struct stat unknown = { 0 };
	int ret;

	*r = (struct pstore_record){ .died = true };
	if (fd < 0)
		return -errno;
	ret = pread_some(fd, start, sizeof(first) - 1, 0);
	if (ret < 0 || strcmp(start, first))
		return ret < 0 ? ret : 0;
	ret = read_record(r, fd, "", &unknown);
	if (ret < 0)
		return ret;
	eol = memchr(r->text, '\n', r->size);
	if (!eol)
		return -EINVAL;
	r->time = strtoull(r->text + sizeof(first) - 1, NULL, 10);
	r->size -= eol + 1 - r->text;
	memmove(r->text, eol + 1, r->size);
	r->path = xprintf("%s", path);
	return 1;
}

static void add_notes(struct notebuf *notes, const struct pstore_record *r)
{
	_cleanup_free_ char *path = escape_text(r->path, strlen(r->path), TEXT_ASCII);
	_cleanup_free_ char *text = xprintf(
		"QCMD_COLLECT=1\nCREATOR=qcmdump %s\nSOURCE=%s\nSOURCE_KIND=%s\nCOLLECTED=%lld\n"
		"CRASHTIME=%llu\nREGISTERS=none\nPAGE_TABLES=none\n%s%s%s%s",
		QCMD_VERSION, path, r->died ? "keep" : "pstore", (long long)time(NULL), (unsigned long long)r->time,
		r->died ? "DIED=1\n" : "", r->missing ? "PROBLEM=" : "", r->missing ?: "", r->missing ? "\n" : "");

	notebuf_add(notes, QCMD_NOTE_NAME, QCMD_NOTE_COLLECT, text, strlen(text));
	notebuf_add(notes, QCMD_NOTE_NAME, QCMD_NOTE_LOG, r->text, r->size);
}

int pstore_write(void *record, int fd, struct derr *err)
{
	struct {
		Elf64_Ehdr ehdr;
		Elf64_Phdr phdr;
	} head = {
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_CORE,
#ifdef __aarch64__
			.e_machine = EM_AARCH64,
#else
			.e_machine = EM_X86_64,
#endif
			.e_version = EV_CURRENT,
			.e_phoff = sizeof(head.ehdr),
			.e_ehsize = sizeof(head.ehdr),
			.e_phentsize = sizeof(head.phdr),
			.e_phnum = 1,
		},
	};
	struct notebuf notes = { 0 };
	int ret;

	add_notes(&notes, record);
	head.phdr = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = sizeof(head), .p_filesz = notes.size, .p_memsz = notes.size
	};
	ret = pwrite_full(fd, &head, sizeof(head), 0);
	if (ret == 0)
		ret = pwrite_full(fd, notes.data, notes.size, sizeof(head));
	notebuf_clear(&notes);
	return ret < 0 ? derr_set(err, ret, "Cannot write the dump: %s", strerror(-ret)) : 0;
}
