/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * load.c - HTTP as fast as an emulated processor can: a server, and clients that never
 * use a connection twice.
 *
 *   load serve PORT              answers each request with its pid, until SIGTERM
 *   load ask RATE PORT PATH      asks so often a second (10 and more), until all its
 *                                processes have SIGTERM; then prints a line "asked N
 *                                failed M slowest MS ms", and why the first failed
 *
 * A request has failed when it is not answered with 200 within a minute.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 8, TIMEOUT_S = 60, BACKLOG = 1024, NS_PER_S = 1000000000 };

static volatile sig_atomic_t told_to_end;

static void on_term(int number)
{
	(void)number;
	told_to_end = 1;
}

static struct sockaddr_in localhost(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- the server ------------------------------------------------------------------ */

static void answer(int fd)
{
	struct timeval limit = { .tv_sec = TIMEOUT_S };
	char request[2048], reply[128];
	int size = snprintf(reply, sizeof(reply),
		"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n%d\n", getpid());

	/* a connection begins with the listener's */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (read(fd, request, sizeof(request)) > 0 && write(fd, reply, (size_t)size) < 0)
		perror("write");
	shutdown(fd, SHUT_WR);
	close(fd);
}

static int serve(const char *port)
{
	struct sockaddr_in address = localhost(port);
	struct timeval limit = { .tv_usec =
					 200000 }; /* a signal may come before accept() */
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, BACKLOG) < 0) {
		perror("listen");
		return EXIT_FAILURE;
	}
	while (!told_to_end) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0)
			answer(client);
	}
	puts("ends politely");
	return EXIT_SUCCESS;
}

/* ---- the clients ----------------------------------------------------------------- */

struct tally {
	int64_t asked, failed, slowest_ns;
	char why[128];
};

static void fail(struct tally *tally, const char *what, const char *why)
{
	if (tally->failed++ == 0)
		snprintf(tally->why, sizeof(tally->why), "%s: %.80s", what, why);
}

static void ask(struct tally *tally, const char *port, const char *path)
{
	struct sockaddr_in address = localhost(port);
	struct timeval limit = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[256];
	int size = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", path);
	ssize_t got = 0;

	tally->asked++;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail(tally, "connect", strerror(errno));
	else if (write(fd, text, (size_t)size) != size)
		fail(tally, "write", strerror(errno));
	else if ((got = read(fd, text, sizeof(text) - 1)) <= 0)
		fail(tally, "no answer", got < 0 ? strerror(errno) : "closed");
	else if (text[got] = '\0', !strstr(text, " 200 "))
		fail(tally, "answer", text);
	close(fd);
}

/* Each of the workers has its share of the rate; one that is late does not hurry. The
 * signal waits for the end of a request. */
static void work(struct tally *tally, int64_t pause_ns, char **argv)
{
	struct timespec left = { 0 };
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	while (sigtimedwait(&end, NULL, &left) < 0) {
		int64_t began_ns = now_ns(), took_ns;

		ask(tally, argv[3], argv[4]);
		took_ns = now_ns() - began_ns;
		if (took_ns > tally->slowest_ns)
			tally->slowest_ns = took_ns;
		left.tv_nsec = took_ns < pause_ns ? pause_ns - took_ns : 0;
	}
}

static int ask_all(char **argv)
{
	struct tally *tallies = mmap(NULL, WORKERS * sizeof(*tallies),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tally sum = { 0 };

	for (int i = 0; i < WORKERS; i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(&tallies[i], NS_PER_S / atoi(argv[2]) * WORKERS - 1, argv);
			_exit(0);
		}
	}
	while (wait(NULL) >= 0 || errno == EINTR)
		; /* who stops us tells them too */
	for (int i = 0; i < WORKERS; i++) {
		sum.asked += tallies[i].asked;
		sum.failed += tallies[i].failed;
		if (tallies[i].slowest_ns > sum.slowest_ns)
			sum.slowest_ns = tallies[i].slowest_ns;
		if (tallies[i].why[0])
			memcpy(sum.why, tallies[i].why, sizeof(sum.why));
	}
	printf("asked %lld failed %lld slowest %lld ms %s\n", (long long)sum.asked,
		(long long)sum.failed, (long long)sum.slowest_ns / 1000000, sum.why);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };

	sigaction(SIGTERM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc == 5 && strcmp(argv[1], "ask") == 0)
		return ask_all(argv);
	fputs("load serve PORT | load ask RATE PORT PATH\n", stderr);
	return 2;
}
