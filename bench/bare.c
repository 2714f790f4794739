/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bare.c - the floor under every supervisor: N processes, for each a pipe that takes its
 * output and a pidfd that tells its end, one epoll loop, and nothing else.
 *
 * bare N PROGRAM starts `PROGRAM s0` to `PROGRAM s(N-1)`, and each again when it ends. A
 * byte on standard input commands: `d` kills all and keeps them down, `u` starts them
 * again; at its end bare ends.
 *
 * bare N PROGRAM CGROUP UID is the floor under who keeps its services apart: each is born
 * in a cgroup of its own below CGROUP, as another user, with a pipe for each of its
 * streams. It is forked: one that hangs on its way into exec must not hold others.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 64, DRAIN_BYTES = 4096, NAME_BYTES = 16 };

/* What an event of a service is about. */
enum { ABOUT_END, ABOUT_OUTPUT, ABOUT_ERRORS, ABOUTS, COMMAND = -1 };

struct service {
	char name[NAME_BYTES];
	pid_t pid;     /* 0: down */
	int pidfd;     /* of the process, when there is one */
	int output[2]; /* its standard output and error, or: */
	int errors[2];
	int leaf; /* its cgroup */
};

struct floor {
	int epoll;
	bool wanted; /* up */
	int count;
	char *program;
	struct service *services;
	int cgroup; /* -1: all live in ours */
	uid_t uid;
};

static bool watch(const struct floor *floor, int fd, int64_t about)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)about };

	return epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool start_plain(const struct floor *floor, struct service *service)
{
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
	return service->pidfd >= 0;
}

static _Noreturn void become(const struct floor *floor, struct service *service)
{
	char *argv[] = { floor->program, service->name, NULL };

	if (setsid() > 0 && dup2(service->output[1], STDOUT_FILENO) >= 0 &&
		dup2(service->errors[1], STDERR_FILENO) >= 0 && setgroups(0, NULL) == 0 &&
		setresgid(floor->uid, floor->uid, floor->uid) == 0 &&
		setresuid(floor->uid, floor->uid, floor->uid) == 0)
		execve(argv[0], argv, environ);
	_exit(EXIT_FAILURE);
}

static bool start_apart(const struct floor *floor, struct service *service)
{
	struct clone_args args = { .flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
		.pidfd = (uint64_t)(uintptr_t)&service->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)service->leaf };

	service->pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (service->pid == 0)
		become(floor, service);
	return service->pid > 0;
}

static bool start(struct floor *floor, int number)
{
	struct service *service = &floor->services[number];

	return (floor->cgroup < 0 ? start_plain(floor, service)
				  : start_apart(floor, service)) &&
	       watch(floor, service->pidfd, number * ABOUTS + ABOUT_END);
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
	const struct service *service = &floor->services[about / ABOUTS];
	char bytes[DRAIN_BYTES];

	if (about % ABOUTS == ABOUT_END)
		return ended(floor, (int)(about / ABOUTS));
	return read(about % ABOUTS == ABOUT_OUTPUT ? service->output[0]
						   : service->errors[0],
		       bytes, sizeof(bytes)) > 0;
}

static bool obey(struct floor *floor, int64_t about)
{
	return about == COMMAND ? command(floor) : handle(floor, about);
}

/* What its processes need, one after the other. */
static bool prepare(const struct floor *floor, int number)
{
	struct service *service = &floor->services[number];

	snprintf(service->name, sizeof(service->name), "s%d", number);
	if (pipe2(service->output, O_CLOEXEC | O_NONBLOCK) < 0 ||
		!watch(floor, service->output[0], number * ABOUTS + ABOUT_OUTPUT))
		return false;
	if (floor->cgroup < 0)
		return true;
	if (pipe2(service->errors, O_CLOEXEC | O_NONBLOCK) < 0 ||
		!watch(floor, service->errors[0], number * ABOUTS + ABOUT_ERRORS) ||
		mkdirat(floor->cgroup, service->name, 0755) < 0)
		return false;
	service->leaf =
		openat(floor->cgroup, service->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return service->leaf >= 0;
}

static bool begin(struct floor *floor)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	floor->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < floor->count; i++)
		if (!prepare(floor, i) || !start(floor, i))
			return false;
	return watch(floor, STDIN_FILENO, COMMAND);
}

int main(int argc, char **argv)
{
	struct floor floor = { .wanted = true, .cgroup = -1 };
	struct epoll_event events[EVENTS];

	if (argc != 3 && argc != 5)
		return EXIT_FAILURE;
	floor.count = (int)strtol(argv[1], NULL, 10);
	floor.program = argv[2];
	if (argc == 5) {
		floor.cgroup = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		floor.uid = (uid_t)strtol(argv[4], NULL, 10);
		if (floor.cgroup < 0 || floor.uid == 0)
			return EXIT_FAILURE;
	}
	floor.services = calloc(
		(size_t)(floor.count > 0 ? floor.count : 1), sizeof(*floor.services));
	if (floor.count < 1 || !floor.services || !begin(&floor))
		return EXIT_FAILURE;
	for (;;) {
		int count = epoll_wait(floor.epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++)
			if (!obey(&floor, (int64_t)events[i].data.u64))
				return EXIT_FAILURE;
	}
}
