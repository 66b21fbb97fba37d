// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <qcmd_note.h>

#include "dump/core/elfnote.h"
#include "dump/log/log.h"
#include "dump/collect/pstore.h"
#include "lib/file.h"
#include "lib/text.h"

#define RECORDS_MAX 100
#define RECORD_MAX  MIB

/*
 * systemd-pstore puts the parts of a record together in FOLDER/ID/NUMBER/dmesg.txt, where it knows which these are; in
 * FOLDER/dmesg.txt it has copies of all others.
 */
#define WHOLE	  "dmesg.txt"
#define DEPTH_MAX 2

/* A record of another reason is that of a machine that was switched off. Part 1 has the end of the log. */
static bool is_crash(const char *name, const char *text, size_t size, bool *panic)
{
	const char *eol = memchr(text, '\n', size);
	char reason[LOG_REASON_MAX] = "";
	unsigned int part = 0;

	/* Block devices have a line of their own before it. */
	if (!log_text_header(text, size, reason, &part) && eol)
		log_text_header(eol + 1, text + size - eol - 1, reason, &part);
	*panic = !strcmp(reason, "Panic");
	if (strcmp(name, WHOLE) && part != 1)
		return false;
	return *panic || !strcmp(reason, "Oops") || !strcmp(reason, "Emergency");
}

static void add_file(struct pstore *p, int dir, const char *folder, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_free_ char *buf = xcalloc(RECORD_MAX + 1, 1);
	struct pstore_record *record;
	struct stat st;
	ssize_t size = 0;
	bool panic;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0 && !S_ISREG(st.st_mode))
		return;
	if (r == 0)
		r = size = pread_some(fd, buf, RECORD_MAX + 1, 0);
	if (size > (ssize_t)RECORD_MAX)
		r = -EFBIG;
	if (r < 0)
		strlist_addf(&p->problems, "Cannot read %s/%s: %s", folder, name, strerror(-r));
	if (r < 0 || !is_crash(name, buf, size, &panic))
		return;
	if (p->n == RECORDS_MAX) {
		strlist_addf(&p->problems, "%s/%s is left out: only %d records are looked at", folder, name,
			     RECORDS_MAX);
		return;
	}
	p->v = xgrow(p->v, &p->capacity, p->n + 1, sizeof(*p->v));
	record = &p->v[p->n++];
	*record = (struct pstore_record){ .size = size, .time = st.st_mtime > 0 ? st.st_mtime : 0, .panic = panic };
	record->text = xstrndup(buf, size);
	record->path = xprintf("%s/%s", folder, name);
}

static bool is_record(const char *name)
{
	return !strncmp(name, "dmesg-", 6);
}

static void add_folder(struct pstore *p, const char *folder, unsigned int depth)
{
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent **entries;
	int n = dir < 0 ? -1 : scandir(folder, &entries, NULL, alphasort);
	bool whole = dir >= 0 && depth && faccessat(dir, WHOLE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	if (n < 0) {
		if (errno != ENOENT)
			strlist_addf(&p->problems, "Cannot look into %s: %s", folder, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		_cleanup_free_ char *path = xprintf("%s/%s", folder, name);

		if (whole ? !strcmp(name, WHOLE) : is_record(name))
			add_file(p, dir, folder, name);
		else if (entries[i]->d_type == DT_DIR && name[0] != '.' && depth < DEPTH_MAX)
			add_folder(p, path, depth + 1);
		free(entries[i]);
	}
	free(entries);
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
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].text);
	}
	free(p->v);
	strlist_clear(&p->problems);
	*p = (struct pstore){ 0 };
}

static void add_notes(struct notebuf *notes, const struct pstore_record *r)
{
	_cleanup_free_ char *path = escape_text(r->path, strlen(r->path), TEXT_ASCII);
	_cleanup_free_ char *text =
		xprintf("QCMD_COLLECT=1\nCREATOR=qcmdump %s\nSOURCE=%s\nSOURCE_KIND=pstore\nCOLLECTED=%lld\n"
			"CRASHTIME=%llu\nREGISTERS=none\nPAGE_TABLES=none\n",
			QCMD_VERSION, path, (long long)time(NULL), (unsigned long long)r->time);

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
