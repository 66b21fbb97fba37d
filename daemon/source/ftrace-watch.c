// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/source/ftrace-files.h"
#include "daemon/source/ftrace-watch.h"

static const struct {
	const char *file;
	uint32_t events;
} files[] = {
	{ "buffer_size_kb", IN_MODIFY }, { "buffer_subbuf_size_kb", IN_MODIFY }, { "snapshot", IN_MODIFY },
	{ "current_tracer", IN_MODIFY }, { "free_buffer", IN_CLOSE },		  { "set_event", IN_MODIFY },
	{ "trace_clock", IN_MODIFY },
}, cpu_files[] = {
	{ "buffer_size_kb", IN_MODIFY },
	{ "snapshot", IN_MODIFY },
	{ "trace_pipe_raw", IN_ACCESS },
	{ "snapshot_raw", IN_ACCESS },
};

int trace_watch_open(void)
{
	char path[PATH_MAX];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return -errno;
	inotify_add_watch(fd, trace_path(path, NULL, "instances"), IN_CREATE | IN_DELETE);
	return fd;
}

/* What a kernel doesn't have can't be watched, and need not be. */
void trace_watch_add(int fd, const char *instance, unsigned int n_cpus)
{
	char path[PATH_MAX], name[64];

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		inotify_add_watch(fd, trace_path(path, instance, files[i].file), files[i].events);
	for (unsigned int cpu = 0; cpu < n_cpus; cpu++)
		for (size_t i = 0; i < ARRAY_LEN(cpu_files); i++) {
			snprintf(name, sizeof(name), "per_cpu/cpu%u/%s", cpu, cpu_files[i].file);
			inotify_add_watch(fd, trace_path(path, instance, name), cpu_files[i].events);
		}
}

void trace_watch_drain(int fd)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
}
