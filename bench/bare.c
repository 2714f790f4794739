/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bare.c - the floor under every supervisor: N processes, for each a pipe that takes its
 * output and a pidfd that tells its end, one epoll loop, and nothing else.
 *
 * bare N PROGRAM starts `PROGRAM s0` to `PROGRAM s(N-1)`, and each again when it ends. A
 * byte on standard input commands: `d` kills all and keeps them down, `u` starts them
 * again; at its end bare ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 64, DRAIN_BYTES = 4096, NAME_BYTES = 16 };

/* What an event is about: the low bit tells the pipe from the pidfd. */
enum { ABOUT_END = 0, ABOUT_OUTPUT = 1, COMMAND = -1 };

struct service {
	char name[NAME_BYTES];
	pid_t pid;     /* 0: down */
	int pidfd;     /* of the process, when there is one */
	int output[2]; /* its standard output and error */
};

struct floor {
	int epoll;
	bool wanted; /* up */
	int count;
	char *program;
	struct service *services;
};

static bool watch(const struct floor *floor, int fd, int64_t about)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)about };

	return epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool start(struct floor *floor, int number)
{
	struct service *service = &floor->services[number];
	char *argv[] = { floor->program, service->name, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, service->output[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, service->output[1], STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	r = posix_spawn(&service->pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (r != 0)
		return false;
	service->pidfd = (int)syscall(SYS_pidfd_open, service->pid, 0);
	return service->pidfd >= 0 &&
	       watch(floor, service->pidfd, number * 2 + ABOUT_END);
}

static bool ended(struct floor *floor, int number)
{
	struct service *service = &floor->services[number];
	siginfo_t info;

	waitid(P_PIDFD, (id_t)service->pidfd, &info, WEXITED);
	/* close() alone would not do: a child on its way into exec still holds a copy. */
	epoll_ctl(floor->epoll, EPOLL_CTL_DEL, service->pidfd, NULL);
	close(service->pidfd);
	service->pid = 0;
	return !floor->wanted || start(floor, number);
}

static bool command(struct floor *floor)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) != 1)
		return false;
	floor->wanted = byte == 'u';
	for (int i = 0; i < floor->count; i++) {
		if (byte == 'd' && floor->services[i].pid > 0)
			kill(floor->services[i].pid, SIGKILL);
		else if (byte == 'u' && floor->services[i].pid == 0 && !start(floor, i))
			return false;
	}
	return true;
}

static bool handle(struct floor *floor, int64_t about)
{
	char bytes[DRAIN_BYTES];

	if (about == COMMAND)
		return command(floor);
	if (about % 2 == ABOUT_END)
		return ended(floor, (int)(about / 2));
	return read(floor->services[about / 2].output[0], bytes, sizeof(bytes)) > 0;
}

static bool begin(struct floor *floor)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	floor->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < floor->count; i++) {
		struct service *service = &floor->services[i];

		snprintf(service->name, sizeof(service->name), "s%d", i);
		if (pipe2(service->output, O_CLOEXEC | O_NONBLOCK) < 0 ||
			!watch(floor, service->output[0], i * 2 + ABOUT_OUTPUT) ||
			!start(floor, i))
			return false;
	}
	return watch(floor, STDIN_FILENO, COMMAND);
}

int main(int argc, char **argv)
{
	struct floor floor = { .wanted = true };
	struct epoll_event events[EVENTS];

	floor.count = argc == 3 ? (int)strtol(argv[1], NULL, 10) : 0;
	floor.program = argv[argc - 1];
	floor.services = calloc(
		(size_t)(floor.count > 0 ? floor.count : 1), sizeof(*floor.services));
	if (floor.count < 1 || !floor.services || !begin(&floor))
		return EXIT_FAILURE;
	for (;;) {
		int count = epoll_wait(floor.epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++)
			if (!handle(&floor, (int64_t)events[i].data.u64))
				return EXIT_FAILURE;
	}
}
