// SPDX-License-Identifier: GPL-2.0-only
/* qcmd-collect: after a crash, takes over what firmware or the kernel before left of it. See qcmd-collect(8). */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include <systemd/sd-journal.h>

#include "dump/cause/cause.h"
#include "dump/collect/collect-conf.h"
#include "dump/log/lastwords.h"
#include "lib/options.h"
#include "dump/collect/pstore.h"
#include "dump/image/rawdump.h"

#define VMCORE "/proc/vmcore"
/* Of the module, where the keep of the kernel before is still there, and that kernel was not shut down. */
#define KEEP "/sys/kernel/qcom_minidump_keep"

/* Told to whoever watches the journal; systemd/qcmd.catalog explains them. */
#define MESSAGE_ID_COLLECTED "3cf1d15c2c0f4f5e8b0a4c1d6f5b7e20"
#define MESSAGE_ID_FAILED    "7a0b9d0d0e9a4b6b9a1f3f8a5f1c2d31"

struct options {
	const char *config;
	const char *folder;
	const char *vmcore;
	const char *keep;
};

static const struct opt options[] = {
	{ "config", 0, "FILE", "default: " COLLECT_CONF_PATH, .at = offsetof(struct options, config) },
	{ "folder", 0, "FOLDER", "where the dumps go (default: " STORE_PATH ")",
	  .at = offsetof(struct options, folder) },
	{ "vmcore", 0, "FILE", "the memory of the crashed kernel (default: " VMCORE ")",
	  .at = offsetof(struct options, vmcore) },
	{ "keep", 0, "FILE", "what the kernel before kept (default: " KEEP ")", .at = offsetof(struct options, keep) },
};

static const struct program program = {
	.name = "qcmd-collect",
	.usage = "[OPTION...]",
	.about = "Take over what is left of crashes: the memory of the crashed kernel in a kdump capture kernel, what\n"
		 "the kernel before kept for the next one, the dumps that boot firmware wrote to a rawdump partition,\n"
		 "and the logs that pstore kept.\n"
		 "qcmd-collect.service runs it at boot.",
	.options = options,
	.n_options = ARRAY_LEN(options),
};

struct collector {
	const char *vmcore;
	const char *keep;
	struct collect_conf conf;
	struct store store;
	bool journal; /* else what is said goes to the standard streams */
	bool failed;
};

/* Something that is to be kept. */
struct crash {
	const char *source;
	const char *kind; /* a word for it */
	char id[IDENTITY_TEXT];
	uint64_t time;
	int (*write)(void *data, int fd, struct derr *err);
	void *data;
};

static void failed(struct collector *c, const char *source, const struct derr *err)
{
	c->failed = true;
	if (c->journal)
		sd_journal_send("MESSAGE=%s: %s", source, err->text, "PRIORITY=%i", LOG_ERR,
				"MESSAGE_ID=" MESSAGE_ID_FAILED, "QCMD_SOURCE=%s", source, NULL);
	else
		fprintf(stderr, "qcmd-collect: %s: %s\n", source, err->text);
}

static void warn(const struct collector *c, const char *text)
{
	if (c->journal)
		sd_journal_print(LOG_WARNING, "%s", text);
	else
		fprintf(stderr, "qcmd-collect: %s\n", text);
}

static void collected(const struct collector *c, const struct crash *crash, const char *path)
{
	struct cause cause = { .kind = "unknown" };
	struct last_words w = { 0 };
	const char *sentence;
	struct corefile core;
	struct derr err;

	if (core_open(&core, path, &err) == 0) {
		cause_read(&core, &cause);
		last_words_read(&core, &w);
	}
	sentence = cause.sentence ?: err.text;
	if (c->journal)
		sd_journal_send("MESSAGE=Collected the %s of a crash: %s", crash->kind, sentence, "PRIORITY=%i",
				LOG_CRIT, "MESSAGE_ID=" MESSAGE_ID_COLLECTED, "QCMD_DUMP=%s", path, "QCMD_ID=%s",
				crash->id, "QCMD_CRASH=%s", w.crash ?: "", "QCMD_KIND=%s", cause.kind,
				"QCMD_SIGNATURE=%s", cause.signature ?: "", "QCMD_RELEASE=%s",
				kv_get(&core.vmcoreinfo, "OSRELEASE") ?: "", "QCMD_SOURCE=%s", crash->source, NULL);
	else
		printf("Collected the %s of a crash: %s\n%s\n", crash->kind, sentence, path);
	last_words_clear(&w);
	cause_clear(&cause);
	core_close(&core);
}

/* The dump has its name before its identity is noted: who is interrupted in between finds the name. */
static int take_over(struct collector *c, const struct crash *crash, struct derr *err)
{
	_cleanup_free_ char *path = store_new_path(&c->store, crash->id, crash->time, c->conf.zstd);
	int r = store_save(&c->store, path, c->conf.zstd, crash->write, crash->data, &c->conf.limits, err);

	if (r < 0)
		return r;
	collected(c, crash, path);
	return store_remember(&c->store, crash->id, err);
}

static void collect_from(struct collector *c, const char *source, unsigned int dump)
{
	struct collect_options o = { .image.dump = dump };
	struct collection col;
	struct crash crash = { .source = source, .kind = "dump", .write = collect_write, .data = &col };
	struct derr err;
	int r;

	r = collect_prepare(&col, source, &o, &err);
	if (r == 0) {
		identity_of_collection(&col, crash.id);
		crash.time = collect_time(&col);
		if (!store_knows(&c->store, crash.id))
			r = take_over(c, &crash, &err);
	}
	if (r < 0)
		failed(c, source, &err);
	collection_clear(&col);
}

/* Until it is written to, a partition has nothing, or something else. */
static int count_rawdumps(const char *path, struct derr *err)
{
	struct rawdump *dumps;
	uint64_t size;
	_cleanup_close_ int fd = dumpfile_open(path, &size, NULL, err);
	int n;

	if (fd < 0)
		return fd;
	if (!rawdump_detect(fd, size))
		return 0;
	dumps = xcalloc(RAWDUMPS_MAX, sizeof(*dumps));
	n = rawdump_list(fd, path, size, dumps, err);
	free(dumps);
	return n;
}

static void collect_rawdumps(struct collector *c)
{
	const char *path = c->conf.rawdump;
	struct derr err;
	int n;

	if (!path)
		path = access("/dev/disk/by-partlabel/rawdump", F_OK) == 0 ? "/dev/disk/by-partlabel/rawdump" :
									     "/dev/disk/by-label/rawdump";
	if (!strcmp(path, "none") || (!c->conf.rawdump && access(path, F_OK) < 0))
		return;
	n = count_rawdumps(path, &err);
	if (n < 0)
		failed(c, path, &err);
	for (int i = 1; i <= n; i++)
		collect_from(c, path, i);
}

/* It is the end of a log that a dump has whole, or of one that went on to a panic. */
static bool is_in_a_dump(const struct collector *c, const struct pstore_record *record)
{
	struct last_words w;
	bool found = false;

	last_words_read_text(record->text, record->size, &w);
	for (size_t i = 0; i < c->store.n && w.crash && !found; i++) {
		_cleanup_free_ char *path = store_path(&c->store, &c->store.v[i]);
		struct corefile core;
		struct derr err;

		found = core_open(&core, path, &err) == 0 && last_words_in(&w, &core);
		core_close(&core);
	}
	last_words_clear(&w);
	return found;
}

static void collect_record(struct collector *c, struct pstore_record *record)
{
	struct crash crash = {
		.source = record->path, .kind = "log", .time = record->time, .write = pstore_write, .data = record
	};
	struct derr err;
	int r;

	identity_of_text(record->text, record->size, crash.id);
	if (store_knows(&c->store, crash.id))
		return;
	r = is_in_a_dump(c, record) ? store_remember(&c->store, crash.id, &err) : take_over(c, &crash, &err);
	if (r < 0)
		failed(c, record->path, &err);
}

/* It panicked, and has kept its dump, or the end of its log is all there is. */
static void collect_keep(struct collector *c)
{
	struct pstore_record record;
	struct derr err;
	int r = pstore_read_keep(&record, c->keep);

	if (r > 0)
		collect_record(c, &record);
	else if (r == 0)
		collect_from(c, c->keep, 0);
	if (r < 0) {
		derr_set(&err, r, "Cannot read it: %s", strerror(-r));
		failed(c, c->keep, &err);
	}
	pstore_record_clear(&record);
}

/* After all other sources, which have more of a crash than its log. */
static void collect_pstore(struct collector *c)
{
	const char *folder = c->conf.pstore;
	struct pstore p = { 0 };

	if (!folder) {
		pstore_add(&p, PSTORE_PATH);
		pstore_add(&p, PSTORE_ARCHIVE);
	} else if (strcmp(folder, "none")) {
		pstore_add(&p, folder);
	}
	pstore_sort(&p);
	for (size_t i = 0; i < p.n; i++)
		collect_record(c, &p.v[i]);
	for (size_t i = 0; i < p.problems.n; i++) {
		struct derr err;

		derr_set(&err, 0, "%s", p.problems.v[i]);
		failed(c, "pstore", &err);
	}
	pstore_clear(&p);
}

static int run(struct collector *c, const char *config, const char *folder)
{
	struct derr err;
	int r = collect_conf_read(&c->conf, config, &err);

	if (r < 0)
		failed(c, config, &err);
	for (size_t i = 0; i < c->conf.problems.n; i++)
		warn(c, c->conf.problems.v[i]);
	r = store_open(&c->store, folder, true, &err);
	if (r < 0) {
		failed(c, folder, &err);
	} else {
		if (access(c->vmcore, F_OK) == 0)
			collect_from(c, c->vmcore, 0);
		if (access(c->keep, F_OK) == 0)
			collect_keep(c);
		collect_rawdumps(c);
		collect_pstore(c);
	}
	store_close(&c->store);
	collect_conf_clear(&c->conf);
	return c->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	struct options o = { .config = COLLECT_CONF_PATH, .folder = STORE_PATH, .vmcore = VMCORE, .keep = KEEP };
	int r = options_parse(&program, argc, argv, &o);
	struct collector c = { .vmcore = o.vmcore, .keep = o.keep, .journal = getenv("JOURNAL_STREAM") };

	return r < 0 ? ~r : run(&c, o.config, o.folder);
}
