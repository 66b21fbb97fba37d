// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork-storm N [COMM]: starts N processes, one after the other, each of which exits at once. Prints how long that took.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Its memory is ours until it has ended, so that nothing is copied. */
static pid_t child_that_does_nothing(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;
	double start = now();

	if (argc > 2)
		prctl(PR_SET_NAME, argv[2]);
	for (long i = 0; i < n; i++) {
		pid_t pid = child_that_does_nothing();

		if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
			fprintf(stderr, "fork-storm: after %ld processes: %s\n", i, strerror(errno));
			return 1;
		}
	}
	printf("%ld processes in %.1f s\n", n, now() - start);
	return n > 0 ? 0 : 1;
}
