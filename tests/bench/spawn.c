// SPDX-License-Identifier: GPL-2.0-only
/*
 * spawn rate SECONDS PROGRAM		prints how often a second it has forked, the child has become PROGRAM, and ended
 * spawn times COUNT PROGRAM		starts so many, some time apart; a line for each: its pid and the time of its
 *					exec, in nanoseconds of CLOCK_BOOTTIME; then waits to be killed
 *
 * PROGRAM may be this one by another name: "PROGRAM end" ends at once, "PROGRAM stay" never.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between two programs, in microseconds. */
#define APART 50000

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static pid_t start(const char *program, const char *what)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!strcmp(what, "stay"))
		dprintf(STDOUT_FILENO, "%d %" PRIu64 "\n", getpid(), now());
	execl(program, program, what, NULL);
	die(program);
	return 0;
}

static void measure_rate(int seconds, const char *program)
{
	uint64_t begin = now(), end = begin + seconds * UINT64_C(1000000000);
	unsigned int n = 0;

	for (; now() < end; n++)
		if (waitpid(start(program, "end"), NULL, 0) < 0)
			die("waitpid");
	printf("%.0f\n", n * 1e9 / (now() - begin));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "end"))
		return 0;
	if (argc == 2 && !strcmp(argv[1], "stay"))
		return pause();
	if (argc != 4 || atoi(argv[2]) < 1 || (strcmp(argv[1], "rate") && strcmp(argv[1], "times"))) {
		fprintf(stderr, "usage: spawn rate SECONDS PROGRAM | spawn times COUNT PROGRAM\n");
		return 2;
	}
	if (!strcmp(argv[1], "rate")) {
		measure_rate(atoi(argv[2]), argv[3]);
		return 0;
	}
	for (int i = 0; i < atoi(argv[2]); i++) {
		start(argv[3], "stay");
		usleep(APART);
	}
	return pause();
}
