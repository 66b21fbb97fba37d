// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "daemon/source/ftrace-files.h"

#define FILE_MAX     (1024 * 1024) /* bytes that are read of one */
#define SIZE_DEFAULT (64 * 1024)   /* per CPU */
#define SUBBUF_MAX   (512 * 1024)  /* what the kernel takes at most, with pages of 4 KiB */

const char *trace_path(char buffer[PATH_MAX], const char *instance, const char *file)
{
	snprintf(buffer, PATH_MAX, TRACEFS "%s%s/%s", instance ? "/instances/" : "", instance ?: "", file);
	return buffer;
}

bool trace_is_mounted(void)
{
	struct statfs st;

	return statfs(TRACEFS, &st) == 0 && st.f_type == TRACEFS_MAGIC;
}

int trace_read(const char *instance, const char *file, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	size_t size = 0, allocated = 0;
	char path[PATH_MAX];
	ssize_t n;

	fd = open(trace_path(path, instance, file), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		if (allocated - size < 2) {
			char *grown = realloc(text, allocated + 4096);

			if (!grown)
				return -ENOMEM;
			text = grown;
			allocated += 4096;
		}
		n = read(fd, text + size, allocated - size - 1);
		if (n < 0)
			return -errno;
		size += n;
	} while (n > 0 && size < FILE_MAX);
	text[size] = '\0';
	*ret = text;
	*ret_size = size;
	text = NULL;
	return 0;
}

static int write_file(const char *instance, const char *file, int flags, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];

	fd = open(trace_path(path, instance, file), O_WRONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	return *text && write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int trace_create(const char *instance)
{
	char path[PATH_MAX];

	if (mkdir(trace_path(path, instance, ""), 0700) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

int trace_remove(const char *instance)
{
	char path[PATH_MAX];

	return rmdir(trace_path(path, instance, "")) < 0 ? -errno : 0;
}

/* Sets *problem to the first thing that went wrong. */
static void try_write(const struct policy_ftrace *f, const char *file, int flags, const char *text, char **problem)
{
	int r = write_file(f->instance, file, flags, text);

	if (r >= 0 || *problem)
		return;
	if (asprintf(problem, "trace array %s: '%s' can't be written to its file %s: %s", f->instance, text, file,
		     strerror(-r)) < 0)
		*problem = NULL;
}

static uint64_t size_of(const struct policy_ftrace *f)
{
	return f->size ?: SIZE_DEFAULT;
}

/* Two of them and the one that readers have are what a ring needs at least: then it takes the fewest slots. */
static uint64_t subbuf_size_of(const struct policy_ftrace *f)
{
	uint64_t size = sysconf(_SC_PAGESIZE);

	if (f->subbuf_size)
		return f->subbuf_size;
	while (2 * size <= size_of(f) / 2 && 2 * size <= SUBBUF_MAX)
		size *= 2;
	return size;
}

static void set_sizes(const struct policy_ftrace *f, char **problem)
{
	char number[24], path[PATH_MAX];

	/* Sub-buffers larger than a page: from Linux 6.8 on. */
	if (access(trace_path(path, f->instance, "buffer_subbuf_size_kb"), F_OK) == 0) {
		snprintf(number, sizeof(number), "%" PRIu64, subbuf_size_of(f) / 1024);
		try_write(f, "buffer_subbuf_size_kb", 0, number, problem);
	}
	snprintf(number, sizeof(number), "%" PRIu64, size_of(f) / 1024);
	try_write(f, "buffer_size_kb", 0, number, problem);
}

void trace_set_up(const struct policy_ftrace *f, char **ret_problem)
{
	*ret_problem = NULL;
	set_sizes(f, ret_problem);
	if (f->clock)
		try_write(f, "trace_clock", 0, f->clock, ret_problem);
	/* O_TRUNC turns all events off. */
	try_write(f, "set_event", O_TRUNC, "", ret_problem);
	for (char **event = f->events; event && *event; event++)
		try_write(f, "set_event", O_APPEND, *event, ret_problem);
}

char *trace_settings(const struct policy_ftrace *f)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	fprintf(file, "%" PRIu64 " %" PRIu64 " %s", size_of(f), subbuf_size_of(f), f->clock ?: "");
	for (char **event = f->events; event && *event; event++)
		fprintf(file, " %s", *event);
	return fclose(file) == 0 ? text : NULL;
}
