/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe_tcp.c - checks of kind tcp: connect, say nothing, close.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "health/probe.h"

struct attempt {
	struct probe *probe;
	int fd;
	struct watch *watch;
	struct timer *deadline;
	struct instant began;
	struct probe_target target;
};

static struct attempt *attempt_free(struct attempt *attempt)
{
	if (!attempt)
		return NULL;
	watch_free(attempt->watch);
	timer_free(attempt->deadline);
	cleanup_close(&attempt->fd);
	free(attempt);
	return NULL;
}
CLEANUP(struct attempt *, attempt_free)

static void finish(struct attempt *attempt, enum outcome_kind kind, const char *what,
	struct instant now)
{
	struct probe *probe = attempt->probe;
	struct outcome outcome = {
		.kind = kind,
		.latency_us = instant_since_us(now, attempt->began),
	};

	if (kind != OUTCOME_PASS)
		outcome_set(&outcome, kind, "connect to %s port %u: %s",
			attempt->target.address, attempt->target.port, what);
	probe->attempt = attempt_free(attempt);
	probe_done(probe, &outcome, now);
}

static void on_connected(void *owner, unsigned events, struct instant now)
{
	struct attempt *attempt = owner;
	int error = 0;
	socklen_t size = sizeof(error);

	(void)events;
	if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	finish(attempt, error ? OUTCOME_ERROR : OUTCOME_PASS, strerror(error), now);
}

static void on_deadline(void *owner, struct instant now)
{
	finish(owner, OUTCOME_TIMEOUT, "no answer in time", now);
}

static int connect_to(int fd, const struct probe_target *target)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(target->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(target->port) };
	int r;

	if (target->is_ipv6) {
		inet_pton(AF_INET6, target->address, &v6.sin6_addr);
		r = connect(fd, (struct sockaddr *)&v6, sizeof(v6));
	} else {
		inet_pton(AF_INET, target->address, &v4.sin_addr);
		r = connect(fd, (struct sockaddr *)&v4, sizeof(v4));
	}
	return r < 0 && errno != EINPROGRESS ? -errno : 0;
}

static int attempt_new(struct attempt **ret, struct probe *probe, struct instant now)
{
	_cleanup_(attempt_freep) struct attempt *attempt = calloc(1, sizeof(*attempt));

	if (!attempt)
		return -ENOMEM;
	attempt->probe = probe;
	attempt->began = now;
	attempt->fd = -1;
	*ret = TAKE(attempt);
	return 0;
}

static int wait_for_answer(struct attempt *attempt, struct instant now)
{
	struct loop *loop = attempt->probe->prober->loop;

	if (watch_new(&attempt->watch, loop, attempt->fd, WATCH_WRITE, on_connected,
		    attempt) < 0 ||
		timer_new(&attempt->deadline, loop, on_deadline, attempt) < 0)
		return -ENOMEM;
	timer_arm(attempt->deadline,
		instant_add_ms(now, attempt->probe->check->timeout_ms));
	return 0;
}

static int start(struct probe *probe, struct instant now)
{
	_cleanup_(attempt_freep) struct attempt *attempt = NULL;
	struct outcome no_port = { .kind = OUTCOME_ERROR };
	int r = attempt_new(&attempt, probe, now);

	if (r < 0)
		return r;
	if (!probe_target(probe, &attempt->target, no_port.reason)) {
		probe_done(probe, &no_port, now);
		return 0;
	}
	attempt->fd = socket(attempt->target.is_ipv6 ? AF_INET6 : AF_INET,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	r = attempt->fd < 0 ? -errno : connect_to(attempt->fd, &attempt->target);
	if (r < 0) {
		finish(TAKE(attempt), OUTCOME_ERROR, strerror(-r), now);
		return 0;
	}
	r = wait_for_answer(attempt, now);
	if (r < 0)
		return r;
	probe->attempt = TAKE(attempt);
	return 0;
}

static void cancel(struct probe *probe)
{
	probe->attempt = attempt_free(probe->attempt);
}

const struct probe_kind probe_tcp = { start, cancel };
