/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * load.c - HTTP as fast as an emulated processor can: a server, and clients.
 *
 *   load serve PORT       answers each request with its pid, until SIGTERM
 *   load ask RATE TIMES PORT PATH
 *                         asks so often a second (10 and more), so many times on a
 *                         connection, until all its processes have SIGTERM; then prints a
 *                         line "asked N failed M rate R slowest MS ms", and why the first
 *                         failed
 *
 * A request has failed when it is not answered with 200 within a minute. Both send a
 * request or an answer in one piece, which a loopback hands over as one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
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

enum { WORKERS = 8, TIMEOUT_S = 60, BACKLOG = 1024, CLIENTS = 64, NS_PER_S = 1000000000 };

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

/* False: the client is gone. */
static bool answer(int fd)
{
	char request[2048], reply[128], pid[16];
	int size;

	if (read(fd, request, sizeof(request)) <= 0)
		return false;
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	size = snprintf(reply, sizeof(reply),
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(pid), pid);
	return write(fd, reply, (size_t)size) == size;
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = localhost(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
			       listen(fd, BACKLOG) < 0
		       ? -1
		       : fd;
}

static int serve(const char *port)
{
	struct pollfd polled[1 + CLIENTS] = { { listen_on(port), POLLIN, 0 } };
	nfds_t count = 1;

	if (polled[0].fd < 0) {
		perror("listen");
		return EXIT_FAILURE;
	}
	while (!told_to_end) {
		/* a signal may come before poll() */
		if (poll(polled, count, 200) <= 0)
			continue;
		for (nfds_t i = count - 1; i > 0; i--) {
			if (!polled[i].revents || answer(polled[i].fd))
				continue;
			close(polled[i].fd);
			polled[i] = polled[--count];
		}
		if (polled[0].revents && count <= CLIENTS) {
			int fd = accept(polled[0].fd, NULL, NULL);

			if (fd >= 0)
				polled[count++] = (struct pollfd){ fd, POLLIN, 0 };
		}
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

struct asker {
	int64_t pause_ns;
	int times; /* on a connection */
	const char *port, *path;
	int fd, left; /* on this one */
};

static bool connect_anew(struct asker *asker)
{
	struct sockaddr_in address = localhost(asker->port);
	struct timeval limit = { .tv_sec = TIMEOUT_S };

	asker->fd = socket(AF_INET, SOCK_STREAM, 0);
	asker->left = asker->times;
	setsockopt(asker->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(asker->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return connect(asker->fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* False: the connection is of no more use. */
static bool ask(struct asker *asker, struct tally *tally)
{
	char text[1024];
	int size = snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", asker->path,
		asker->left == 1 ? "Connection: close\r\n" : "");
	ssize_t got;

	if (write(asker->fd, text, (size_t)size) != size) {
		fail(tally, "write", strerror(errno));
		return false;
	}
	got = read(asker->fd, text, sizeof(text) - 1);
	if (got <= 0) {
		fail(tally, "no answer", got < 0 ? strerror(errno) : "closed");
		return false;
	}
	text[got] = '\0';
	if (!strstr(text, " 200 "))
		fail(tally, "answer", text);
	return --asker->left > 0;
}

static void ask_once(struct asker *asker, struct tally *tally)
{
	bool goes_on = asker->fd >= 0 || connect_anew(asker);

	tally->asked++;
	if (!goes_on)
		fail(tally, "connect", strerror(errno));
	if (goes_on && ask(asker, tally))
		return;
	close(asker->fd);
	asker->fd = -1;
}

/* Each of the workers has its share of the rate; one that is late does not hurry. The
 * signal waits for the end of a request. */
static void work(struct asker *asker, struct tally *tally)
{
	struct timespec left = { 0 };
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	while (sigtimedwait(&end, NULL, &left) < 0) {
		int64_t began_ns = now_ns(), took_ns;

		ask_once(asker, tally);
		took_ns = now_ns() - began_ns;
		if (took_ns > tally->slowest_ns)
			tally->slowest_ns = took_ns;
		left.tv_nsec = took_ns < asker->pause_ns ? asker->pause_ns - took_ns : 0;
	}
}

static int ask_all(char **argv)
{
	struct tally *tallies = mmap(NULL, WORKERS * sizeof(*tallies),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct asker asker = { .pause_ns = NS_PER_S / atoi(argv[2]) * WORKERS - 1,
		.times = atoi(argv[3]),
		.port = argv[4],
		.path = argv[5],
		.fd = -1 };
	struct tally sum = { 0 };
	int64_t began_ns = now_ns();

	for (int i = 0; i < WORKERS; i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(&asker, &tallies[i]);
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
	printf("asked %lld failed %lld rate %lld slowest %lld ms %s\n",
		(long long)sum.asked, (long long)sum.failed,
		(long long)(sum.asked * NS_PER_S / (now_ns() - began_ns)),
		(long long)sum.slowest_ns / 1000000, sum.why);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };

	sigaction(SIGTERM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc == 6 && strcmp(argv[1], "ask") == 0)
		return ask_all(argv);
	fputs("load serve PORT | load ask RATE TIMES PORT PATH\n", stderr);
	return 2;
}
