/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bare.c - the floor: starts N processes with a pipe each and a pidfd each, and nothing
 * else.
 *
 * Prints the milliseconds from the first fork until every one has reached its exec (its
 * close-on-exec pipe is at end of file). bare N PROGRAM [ARG...]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/time.h"

struct started {
	pid_t pid;
	int pidfd, executed, output;
};

static int start(struct started *ret, char **argv)
{
	int report[2], output[2];

	if (pipe2(report, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		return -errno;
	ret->pid = fork();
	if (ret->pid < 0)
		return -errno;
	if (ret->pid == 0) {
		setsid();
		dup2(output[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(report[1]);
	close(output[1]);
	ret->executed = report[0];
	ret->output = output[0];
	ret->pidfd = (int)syscall(SYS_pidfd_open, ret->pid, 0);
	return ret->pidfd < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0;
	struct started *all = calloc((size_t)MAX(count, 1), sizeof(*all));
	struct instant began = instant_read();
	char byte;

	if (count < 1 || !all)
		return EXIT_FAILURE;
	for (int i = 0; i < count; i++)
		if (start(&all[i], argv + 2) < 0)
			return EXIT_FAILURE;
	for (int i = 0; i < count; i++)
		if (read(all[i].executed, &byte, 1) != 0)
			return EXIT_FAILURE;
	printf("%.2f\n", (double)instant_since_us(instant_read(), began) / US_PER_MS);
	for (int i = 0; i < count; i++)
		kill(all[i].pid, SIGKILL);
	free(all);
	return EXIT_SUCCESS;
}
