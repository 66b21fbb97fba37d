// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch-rate MILLISECONDS: prints how many context switches a second the machine does, all CPUs together, when on
 * each two processes do nothing but wake each other up.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t *rounds; /* of each CPU, shared */
static volatile int *stop;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void answer(int from, int to)
{
	char c;

	while (read(from, &c, 1) == 1 && write(to, &c, 1) == 1)
		;
	exit(0);
}

/* Two processes on one CPU and a byte that goes to and fro. */
static void play(int cpu)
{
	int there[2], back[2];
	cpu_set_t set;
	char c = 0;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0 || pipe(there) < 0 || pipe(back) < 0)
		die("switch-rate");
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		answer(there[0], back[1]);
	}
	while (!*stop && write(there[1], &c, 1) == 1 && read(back[0], &c, 1) == 1)
		rounds[cpu]++;
	exit(0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t sum = 0;
	double start;

	if (argc != 2 || atoi(argv[1]) < 1) {
		fprintf(stderr, "usage: switch-rate MILLISECONDS\n");
		return 2;
	}
	rounds = mmap(NULL, (cpus + 1) * sizeof(*rounds), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rounds == MAP_FAILED)
		die("mmap");
	stop = (volatile int *)&rounds[cpus];
	start = now();
	for (int cpu = 0; cpu < cpus; cpu++)
		if (!fork())
			play(cpu);
	usleep(atoi(argv[1]) * 1000);
	*stop = 1;
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += 2 * rounds[cpu];
	printf("%.0f\n", sum / (now() - start));
	while (wait(NULL) > 0)
		;
	return 0;
}
