/* SPDX-License-Identifier: GPL-2.0-only */
/* A dbus-daemon of a test's own, in place of the system's. Include after cmocka.h. */
#ifndef QCMD_TEST_PRIVATE_BUS_H
#define QCMD_TEST_PRIVATE_BUS_H

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/alloc.h"

static pid_t private_bus_pid;
static char private_bus_folder[] = "/tmp/test-bus-XXXXXX";

/* No service files: nothing is started because somebody asks for it. */
static inline int private_bus_configure(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -1;
	fprintf(f,
		"<busconfig><type>session</type><listen>unix:path=%s/bus</listen><policy context=\"default\">"
		"<allow send_destination=\"*\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy>"
		"</busconfig>\n",
		private_bus_folder);
	return fclose(f);
}

static inline int private_bus_start(void **state)
{
	_cleanup_free_ char *config = NULL, *option = NULL;
	char line[256];
	int fds[2];
	FILE *f;

	if (!mkdtemp(private_bus_folder) || pipe(fds) < 0)
		return -1;
	config = xprintf("%s/config", private_bus_folder);
	option = xprintf("--config-file=%s", config);
	if (private_bus_configure(config) < 0)
		return -1;

	private_bus_pid = fork();
	if (private_bus_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		execlp("dbus-daemon", "dbus-daemon", "--nofork", "--print-address", option, NULL);
		_exit(127);
	}
	close(fds[1]);

	f = fdopen(fds[0], "re");
	if (!f || !fgets(line, sizeof(line), f))
		return -1;
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return setenv("DBUS_SYSTEM_BUS_ADDRESS", line, 1);
}

static inline int private_bus_stop(void **state)
{
	_cleanup_free_ char *path = xprintf("%s/bus", private_bus_folder),
			    *config = xprintf("%s/config", private_bus_folder);

	if (private_bus_pid > 0) {
		kill(private_bus_pid, SIGKILL);
		waitpid(private_bus_pid, NULL, 0);
	}
	unlink(path);
	unlink(config);
	return rmdir(private_bus_folder);
}

#endif
