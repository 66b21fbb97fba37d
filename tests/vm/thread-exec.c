// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread-exec PROGRAM [ARGUMENT...]: runs it by execve() in a thread that is not the first one. The kernel gives that
 * thread the number and the start time of the first one, which is gone: another task_struct under the same name.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *exec_program(void *argv)
{
	char **program = argv;

	/* Time for whoever watches to see both threads. */
	sleep(1);
	execvp(program[0], program);
	perror(program[0]);
	_exit(1);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2 || pthread_create(&thread, NULL, exec_program, argv + 1) != 0)
		return 1;
	pthread_join(thread, NULL);
	return 1;
}
