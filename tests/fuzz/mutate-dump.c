// SPDX-License-Identifier: GPL-2.0-only
/*
 * Damages dumps, and what they are collected from, in many ways, and has every command of qcmdump look at them: each
 * must succeed, or fail with exit status 1 and a message. A case is made from its number alone, so it can be had again.
 *
 * The commands run in a process that is made for a thousand cases; when that dies, the next one goes on behind the
 * case.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <json-c/json.h>

#include "lib/alloc.h"
#include "lib/file.h"
#include "samples.h"

#define BATCH	     1000
#define SECONDS_MAX  20 /* of CPU time: others may have the machine */
#define FAILURES_MAX 10
#define PROGRESS     10000
#define ARGS_MAX     8

int qcmdump_main(int argc, char *argv[]); /* that of dump/qcmdump.c */
const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void);

/* IN is the dump, OUT a file to be written. */
#define IN  "case"
#define OUT "out"

/* A dump: each of these. */
static const char *const looks[][ARGS_MAX] = {
	{ "info", IN },
	{ "info", "--json", IN },
	{ "log", IN },
	{ "log", "--json", IN },
	{ "tasks", "--all", IN },
	{ "tasks", "--json", IN },
	{ "stack", "--all", IN },
	{ "stack", "--all", "--json", IN },
	{ "regions", IN },
	{ "regions", "--json", IN },
	{ "trace", IN },
	{ "trace", "--json", IN },
	{ "trace", "--force", "--array=qcmd", "--output=" OUT, IN },
	{ "report", "--force", "--output=" OUT, IN },
	{ "convert", "--for=crash", "--force", "--output=" OUT, IN },
	{ "collect", "--force", "--output=" OUT, IN },
	{ "redact", "--json", "--comm", "--force", "--output=" OUT, IN },
};

/* What a dump is collected from: this, and then a look at the dump. */
static const char *const collect[ARGS_MAX] = { "collect", "--json", "--force", "--output=" IN ".elf", IN };

/* Shared with the process that runs the cases. */
struct shared {
	unsigned long number; /* of the case */
	unsigned long good, bad;
	char what[256];
	bool failed;
};

static struct shared *shared;
static int out_fd, err_fd;

const char *__asan_default_options(void)
{
	return "hard_rss_limit_mb=1500:quarantine_size_mb=16:detect_stack_use_after_return=0";
}

/* It forgets a word or two of a format that it doesn't understand. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libtraceevent.so\n";
}

/* Small and the same everywhere */
static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t below(size_t n)
{
	return n ? next_random() % n : 0;
}

static const uint64_t values[] = {
	0, 1, 2, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 56, INT64_MAX, UINT64_MAX,
};

/* A number of some size, as a field of a structure would be: an extreme one, or a little more or less. */
static void change_number(uint8_t *data, size_t size, size_t at)
{
	size_t width = 1UL << below(4);
	uint64_t v = 0;

	at -= at % width;
	if (at + width > size)
		return;
	memcpy(&v, data + at, width);
	switch (below(4)) {
	case 0:
		v = values[below(ARRAY_LEN(values))];
		break;
	case 1:
		v += below(9) - 4;
		break;
	case 2:
		v = size + below(9) - 4;
		break;
	default:
		v ^= 1ULL << below(width * 8);
	}
	memcpy(data + at, &v, width);
}

/* The digits of a number in a text, wherever the next one is. */
static void change_digits(uint8_t *data, size_t size, size_t at)
{
	size_t end = at + 512 < size ? at + 512 : size;

	while (at < end && (data[at] < '0' || data[at] > '9'))
		at++;
	while (at < end && data[at] >= '0' && data[at] <= '9')
		data[at++] = "0189"[below(4)];
}

static void copy_within(uint8_t *data, size_t size, const struct sample *from)
{
	size_t n = 1UL << below(13), to = below(size), source = below(from->size);

	if (n > size - to)
		n = size - to;
	if (n > from->size - source)
		n = from->size - source;
	memmove(data + to, from->data + source, n);
}

/* Returns the new size. */
static size_t mutate(uint8_t *data, size_t size, const struct sample *s, const struct sample *other)
{
	for (size_t n = 1UL << below(5); n; n--) {
		size_t at = s->n_hot && below(4) ? s->hot[below(s->n_hot)] + below(512) : below(size);

		if (at >= size)
			continue;
		switch (below(16)) {
		case 0:
			copy_within(data, size, below(2) ? s : other);
			break;
		case 1:
			memset(data + at, below(2) ? 0 : 0xff, below(size - at < 4096 ? size - at : 4096));
			break;
		case 2:
			if (!below(8))
				size = at ? at : 1;
			break;
		case 3:
		case 4:
			change_digits(data, size, at);
			break;
		case 5:
		case 6:
			data[at] = next_random();
			break;
		default:
			change_number(data, size, at);
		}
	}
	sample_mend(data, size, below(4) != 0);
	return size;
}

static void fail(const char *why)
{
	strncat(shared->what, ": ", sizeof(shared->what) - strlen(shared->what) - 1);
	strncat(shared->what, why, sizeof(shared->what) - strlen(shared->what) - 1);
	shared->failed = true;
	_exit(EXIT_FAILURE);
}

/* The whole of what was printed there; empties it. */
static char *take_output(int fd)
{
	struct stat st;
	char *text;

	fstat(fd, &st);
	text = xcalloc(st.st_size + 1, 1);
	if (pread_full(fd, text, st.st_size, 0) < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return text;
}

static bool is_json(const char *text)
{
	struct json_object *j = json_tokener_parse(text);
	bool good = j != NULL;

	json_object_put(j);
	return good;
}

static int run_command(const char *const args[ARGS_MAX])
{
	char *argv[ARGS_MAX + 2] = { "qcmdump" };
	struct itimerval limit = { .it_value.tv_sec = SECONDS_MAX };
	_cleanup_free_ char *out = NULL;
	_cleanup_free_ char *err = NULL;
	bool json = false;
	int argc = 1, r;

	shared->what[0] = '\0';
	for (size_t i = 0; i < ARGS_MAX && args[i]; i++) {
		argv[argc++] = (char *)args[i];
		json |= !strcmp(args[i], "--json");
		strcat(strcat(shared->what, " "), args[i]);
	}
	optind = 0;
	setitimer(ITIMER_PROF, &limit, NULL);
	r = qcmdump_main(argc, argv);
	fflush(NULL);
	out = take_output(out_fd);
	err = take_output(err_fd);
	if (r != EXIT_SUCCESS && r != EXIT_FAILURE)
		fail("its exit status is not documented");
	if (r == EXIT_FAILURE && !strstr(err, "qcmdump: "))
		fail("it fails without a message");
	if (r == EXIT_SUCCESS && json && !is_json(out))
		fail("what it prints is no JSON");
	*(r ? &shared->bad : &shared->good) += 1;
	return r;
}

static void put_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || pwrite_full(fd, data, size, 0) < 0 || close(fd) < 0)
		abort();
}

static void remove_case(void)
{
	struct dirent *e;
	DIR *dir;

	if (unlink(IN) == 0 || errno == ENOENT)
		return;
	dir = opendir(IN);
	while ((e = readdir(dir)))
		unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	rmdir(IN);
}

/* A folder has several files, of which one is damaged. */
static void make_case(const struct samples *all, const struct sample *s, const struct sample *other)
{
	uint8_t *data = xcalloc(s->size, 1);
	size_t size;

	memcpy(data, s->data, s->size);
	size = mutate(data, s->size, s, other);
	remove_case();
	if (s->folder) {
		mkdir(IN, 0700);
		for (size_t i = 0; i < all->n; i++) {
			char path[sizeof(IN) + sizeof(all->v[i].file)];

			if (all->v[i].folder != s->folder)
				continue;
			snprintf(path, sizeof(path), IN "/%s", all->v[i].file);
			put_file(path, &all->v[i] == s ? data : all->v[i].data,
				 &all->v[i] == s ? size : all->v[i].size);
		}
	} else {
		put_file(IN, data, size);
	}
	free(data);
}

/* Every other case is a dump. */
static void run_case(const struct samples *all, unsigned long number)
{
	const struct sample *s;

	random_state = (number + 1) * 0x9e3779b97f4a7c15;
	do
		s = &all->v[below(all->n)];
	while (!s->is_dump && number % 2);
	shared->number = number;
	make_case(all, s, &all->v[below(all->n)]);
	if (s->is_dump) {
		for (size_t i = 0; i < ARRAY_LEN(looks); i++)
			run_command(looks[i]);
	} else if (run_command(collect) == EXIT_SUCCESS) {
		static const char *const look[ARGS_MAX] = { "info", "--json", IN ".elf" };

		run_command(look);
	}
}

static void run_batch(const struct samples *all, unsigned long first, unsigned long end)
{
	dup2(out_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	for (unsigned long i = first; i < end; i++)
		run_case(all, i);
	setitimer(ITIMER_PROF, &(struct itimerval){ 0 }, NULL);
	strcpy(shared->what, "end");
	exit(EXIT_SUCCESS);
}

/* True if all of the cases were right; else number is that of the one that was not. */
static bool batch_is_right(const struct samples *all, unsigned long first, unsigned long end)
{
	_cleanup_free_ char *out = NULL, *err = NULL;
	pid_t pid;
	int status;

	shared->failed = false;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_batch(all, first, end);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS && !strcmp(shared->what, "end"))
		return true;
	printf("FAILED: case %lu:%s\n", shared->number, shared->what);
	if (WIFSIGNALED(status))
		printf("%s\n", WTERMSIG(status) == SIGPROF ? "the time is over" : strsignal(WTERMSIG(status)));
	out = take_output(out_fd);
	err = take_output(err_fd);
	if (!shared->failed)
		printf("%s\n", err);
	return false;
}

static int usage(void)
{
	fputs("usage: mutate-dump [-n CASES] [-s FIRST] [-k] [DUMP...]\n"
	      "Damages dumps of its own and those that are named. -k keeps the folder with the last case.\n",
	      stderr);
	return 2;
}

static void tidy(const char *folder, bool keep)
{
	if (keep) {
		printf("The last case is %s/" IN ".\n", folder);
		return;
	}
	remove_case();
	unlink(IN ".elf");
	unlink(OUT);
	rmdir(folder);
}

int main(int argc, char *argv[])
{
	char folder[] = "/dev/shm/qcmd-mutate-XXXXXX"; /* in memory: a case has many files */
	unsigned long cases = 1000, first = 0, failures = 0;
	struct samples all = { 0 };
	bool keep = false;
	int c;

	while ((c = getopt(argc, argv, "n:s:k")) != -1) {
		if (c == 'n')
			cases = strtoul(optarg, NULL, 0);
		else if (c == 's')
			first = strtoul(optarg, NULL, 0);
		else if (c == 'k')
			keep = true;
		else
			return usage();
	}
	samples_make(&all);
	for (int i = optind; i < argc; i++)
		samples_read(&all, argv[i]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	out_fd = memfd_create("out", 0);
	err_fd = memfd_create("err", 0);
	if (shared == MAP_FAILED || out_fd < 0 || err_fd < 0 || !mkdtemp(folder) || chdir(folder) < 0)
		abort();
	for (unsigned long i = first; i < first + cases && failures < FAILURES_MAX;) {
		unsigned long end = i + BATCH < first + cases ? i + BATCH : first + cases;
		bool right = batch_is_right(&all, i, end);

		failures += !right;
		i = right ? end : shared->number + 1;
		if (right && !(i % PROGRESS))
			printf("%lu cases\n", i);
	}
	printf("%lu cases of %zu samples: %lu commands succeeded, %lu failed as they should, %lu defects\n", cases,
	       all.n, shared->good, shared->bad, failures);
	samples_clear(&all);
	tidy(folder, keep);
	return failures ? 1 : 0;
}
