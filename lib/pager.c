// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/ctl/ctl.h"
#include "lib/text.h"

static pid_t pager;

/* A pager can start a shell: whoever is root for this one command only gets less, without that. */
static bool is_elevated(void)
{
	return getenv("SUDO_UID") || getenv("PKEXEC_UID") || geteuid() != getuid();
}

static _Noreturn void run_pager(int input)
{
	const char *command = getenv("PAGER");
	char *const cat[] = { "cat", NULL };

	dup2(input, STDIN_FILENO);
	close(input);

	if (is_elevated()) {
		setenv("LESSSECURE", "1", 1);
		command = NULL;
	}
	setenv("LESS", "FRXMK", 0);
	setenv("LESSCHARSET", "utf-8", 0);

	if (command)
		execl("/bin/sh", "sh", "-c", command, NULL);
	execlp("less", "less", NULL);
	execvp(cat[0], cat);
	_exit(127);
}

void ctl_pager_open(void)
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
		/* leaving the pager early is no failure */
		signal(SIGPIPE, SIG_IGN);
	}
	close(fds[1]);
}

void ctl_pager_close(void)
{
	if (pager <= 0)
		return;

	fclose(stdout);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}
