// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/ctl/ctl.h"
#include "lib/alloc.h"

/* The one that was installed beside this program. */
static char *qcmdump_path(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	return slash ? xprintf("%.*s/qcmdump", (int)(slash - self), self) : xprintf("qcmdump");
}

int ctl_run(const char *path, const char *const arguments[], int fd)
{
	/* Ctrl-C is for the program: a debugger stays. */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int status;
	pid_t pid;

	fflush(stdout);
	sigaction(SIGINT, &ignore, &before);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &before, NULL);
		/* To duplicate it onto itself would leave it to be closed. */
		if (fd < 0 || (fd == 3 ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, 3) == 3))
			execvp(path, (char *const *)arguments);
		fprintf(stderr, "qcmdctl: can't run %s: %s\n", path, strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = -1;
	sigaction(SIGINT, &before, NULL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : CTL_FAILURE;
}

int ctl_run_qcmdump(const char *const arguments[], int fd)
{
	_cleanup_free_ char *path = qcmdump_path();

	return ctl_run(path, arguments, fd);
}
