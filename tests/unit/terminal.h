/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a shell command on a terminal of its own. To be included after cmocka.h. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static inline char *read_all(FILE *f)
{
	char *text = NULL, chunk[4096];
	size_t size = 0, n;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	/* the other end of a terminal that is closed gives an error, not an end of file */
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		fwrite(chunk, 1, n, to);
	fclose(to);
	return text;
}

/* Its exit status; stdout and stderr together are put into output. */
static inline int terminal_run(const char *command, char **output)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);
	FILE *f;

	assert_true(pid >= 0);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}

	f = fdopen(fd, "re");
	assert_non_null(f);
	free(*output);
	*output = read_all(f);
	fclose(f);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#endif
