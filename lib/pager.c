// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/pager.h"

static pid_t pager;

static bool is_elevated(void)
{
	return getenv("SUDO_UID") || getenv("PKEXEC_UID") || getauxval(AT_SECURE);
}

static _Noreturn void run_pager(int input)
{
	const char *command = getenv("PAGER");

	dup2(input, STDIN_FILENO);
	close(input);
	prctl(PR_SET_PDEATHSIG, SIGTERM);

	if (is_elevated()) {
		setenv("LESSSECURE", "1", 1);
		command = NULL;
	}
	setenv("LESS", "FRXMK", 0);
	setenv("LESSCHARSET", "utf-8", 0);

	if (command)
		execl("/bin/sh", "sh", "-c", command, NULL);
	execlp("less", "less", NULL);
	execlp("cat", "cat", NULL);
	_exit(127);
}

void pager_open(void)
{
	const char *command = getenv("PAGER");
	int fds[2];

	if (!isatty(STDOUT_FILENO) || (command && (!*command || strcmp(command, "cat") == 0)))
		return;
	if (pipe(fds) < 0)
		return;

	fflush(stdout);
	pager = fork();
	if (pager == 0) {
		close(fds[1]);
		run_pager(fds[0]);
	}

	close(fds[0]);
	if (pager > 0) {
		dup2(fds[1], STDOUT_FILENO);
		signal(SIGPIPE, SIG_IGN);
		signal(SIGINT, SIG_IGN);
	}
	close(fds[1]);
}

int pager_close(void)
{
	bool piped = pager > 0;
	int r;

	errno = 0;
	r = fflush(stdout) || ferror(stdout) ? -(errno ?: EIO) : 0;
	if (pager > 0) {
		fclose(stdout);
		while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
			;
		pager = 0;
	}
	/* Who leaves the pager early has seen enough. What was lost then is not always told by errno. */
	return piped || r == -EPIPE ? 0 : r;
}
