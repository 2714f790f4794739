/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * worker.c - a service that lives as it is told, or dies as it is told: by dice.
 *
 *   worker FOLDER NAME SEED [WORD=NUMBER...]
 *
 * It holds FOLDER/NAME.lock as long as it or a process of its lives: who finds it taken
 * runs beside another one that must be gone, and says so in FOLDER/trouble. The lock file
 * also counts the starts; the dice come from SEED, NAME and that count, so that a run can
 * be had again.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 10, TEXT_BYTES = 256, PERCENT = 100, BEAT_MS = 100, DIE_BY_SIGNAL = 3 };

enum word { LIFE, QUICK, STUBBORN, FAMILY, NOTIFY, MUTE, PORT, CHAT, WATCHDOG, WORDS };

static const char *const words[WORDS] = {
	[LIFE] = "life",         /* dies after up to so many ms */
	[QUICK] = "quick",       /* percent of the starts that end at once */
	[STUBBORN] = "stubborn", /* 1: SIGTERM is not heard */
	[FAMILY] =
		"family", /* so many processes, each a session of its own, outlive it */
	[NOTIFY] = "notify",     /* says READY=1 after up to so many ms */
	[MUTE] = "mute",         /* percent of the starts that never say so */
	[PORT] = "port",         /* listens there */
	[CHAT] = "chat",         /* lines it prints every 10 ms */
	[WATCHDOG] = "watchdog", /* feeds its watchdog for up to so many ms */
};

/* A number for each word; what a plan does not say is 0. */
struct plan {
	long number[WORDS];
	uint64_t dice;
};

static long roll(struct plan *plan, long most)
{
	plan->dice ^= plan->dice << 13;
	plan->dice ^= plan->dice >> 7;
	plan->dice ^= plan->dice << 17;
	return most > 0 ? (long)(plan->dice % (uint64_t)(most + 1)) : 0;
}

static bool chance(struct plan *plan, enum word word)
{
	return roll(plan, PERCENT - 1) < plan->number[word];
}

static void read_words(struct plan *plan, char **argv)
{
	for (; *argv; argv++) {
		char *value = strchr(*argv, '=');

		for (enum word word = 0; value && word < WORDS; word++)
			if (strncmp(*argv, words[word], (size_t)(value - *argv)) == 0)
				plan->number[word] = strtol(value + 1, NULL, 10);
	}
}

static void complain(const char *folder, const char *name, const char *what)
{
	char path[TEXT_BYTES], line[TEXT_BYTES];
	int size = snprintf(line, sizeof(line), "%s pid %d: %s\n", name, getpid(), what);
	int fd;

	snprintf(path, sizeof(path), "%s/trouble", folder);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, line, (size_t)size) != size)
		abort();
	close(fd);
}

/* Takes the lock and counts the start; the number of it. The descriptor stays open in us
 * and in who we fork. */
static long take_lock(const char *folder, const char *name)
{
	char path[TEXT_BYTES], text[TEXT_BYTES] = "";
	long count;
	int fd;

	snprintf(path, sizeof(path), "%s/%s.lock", folder, name);
	fd = open(path, O_RDWR | O_CREAT, 0666);
	if (fd < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		abort();
	count = strtol(text, NULL, 10) + 1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		snprintf(path, sizeof(path), "runs twice, the other is: %.200s", text);
		complain(folder, name, path);
	}
	snprintf(text, sizeof(text), "%ld starts, pid %d\n", count, getpid());
	if (pwrite(fd, text, strlen(text), 0) < 0)
		abort();
	return count;
}

static void notify(const char *text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path || fd < 0)
		return;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	close(fd);
}

static void listen_on(long port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 8) < 0) {
		perror("bind");
		exit(EXIT_FAILURE);
	}
}

/* Forked twice: their parent is not us but whoever adopts them. */
static void leave_family(long count)
{
	for (long i = 0; i < count; i++) {
		if (fork() != 0)
			continue;
		if (fork() != 0)
			_exit(EXIT_SUCCESS);
		setsid();
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
}

static void die(struct plan *plan)
{
	long how = roll(plan, DIE_BY_SIGNAL);

	if (how == DIE_BY_SIGNAL)
		raise(roll(plan, 1) ? SIGSEGV : SIGABRT);
	_exit((int)how);
}

static void live(struct plan *plan)
{
	bool mute = chance(plan, MUTE);
	long death = roll(plan, plan->number[LIFE]),
	     ready = roll(plan, plan->number[NOTIFY]);
	long fed = roll(plan, plan->number[WATCHDOG]);

	for (long now = 0;; now += TICK_MS) {
		if (plan->number[LIFE] > 0 && now >= death)
			die(plan);
		if (plan->number[NOTIFY] > 0 && !mute && now >= ready) {
			notify("READY=1\nSTATUS=at work");
			mute = true;
		}
		if (plan->number[WATCHDOG] > 0 && now <= fed && now % BEAT_MS == 0)
			notify("WATCHDOG=1");
		for (long i = 0; i < plan->number[CHAT]; i++)
			printf("line %ld of tick %ld\n", i, now);
		nanosleep(&(struct timespec){ .tv_nsec = TICK_MS * 1000000L }, NULL);
	}
}

int main(int argc, char **argv)
{
	struct plan plan = { 0 };

	if (argc < 4)
		return EXIT_FAILURE;
	read_words(&plan, argv + 4);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	plan.dice = strtoull(argv[3], NULL, 10) + 1;
	for (const char *at = argv[2]; *at; at++)
		plan.dice = plan.dice * 31 + (unsigned char)*at;
	plan.dice += (uint64_t)take_lock(argv[1], argv[2]) * 0x9e3779b97f4a7c15U;
	if (plan.number[STUBBORN])
		signal(SIGTERM, SIG_IGN);
	if (chance(&plan, QUICK))
		die(&plan);
	signal(SIGCHLD, SIG_IGN); /* what we fork is nobody's zombie */
	leave_family(plan.number[FAMILY]);
	if (plan.number[PORT])
		listen_on(plan.number[PORT]);
	live(&plan);
}
