/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service.c - the service of the benchmarks: says when it started, and sleeps.
 *
 * Its first act is to read the monotonic clock, so that "started" is its own word and no
 * supervisor's. It appends `NAME PID MICROSECONDS` to the file of $BENCH_STARTS in one
 * write; NAME is its argument, or the directory it was started in. With $BENCH_READY_FD
 * it also tells that descriptor that it is ready, as s6 wants it: a newline.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000, LINE_BYTES = 256, PATH_BYTES = 4096 };

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

static const char *name_of(int argc, char **argv, char directory[static PATH_BYTES])
{
	if (argc > 1)
		return argv[1];
	if (!getcwd(directory, PATH_BYTES))
		return "?";
	return strrchr(directory, '/') + 1;
}

static void say_ready(const char *fd)
{
	if (fd && write((int)strtol(fd, NULL, 10), "\n", 1) != 1)
		_exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	int64_t started = now_us();
	const char *path = getenv("BENCH_STARTS");
	char directory[PATH_BYTES], line[LINE_BYTES];
	int size = snprintf(line, sizeof(line), "%s %d %lld\n",
		name_of(argc, argv, directory), getpid(), (long long)started);
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

	if (fd < 0 || write(fd, line, (size_t)size) != size)
		return EXIT_FAILURE;
	close(fd);
	say_ready(getenv("BENCH_READY_FD"));
	for (;;)
		pause();
}
