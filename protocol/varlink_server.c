/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * varlink_server.c - the listener: who may connect, how many, and who is sent away.
 *
 * Owns the listening socket and the connections. Anyone on the host can connect, so
 * everything a client can make us hold has a number (varlink.h), and a full table makes
 * room by dropping the client that was silent longest.
 *
 * Not here: bytes of one client (connection.c), meaning of messages (call.c).
 */
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/log.h"
#include "base/stranger.h"

#include "protocol/varlink.h"

/* The client that does nothing for longest, of `uid` or (root) of anyone. */
static struct connection *most_idle(struct varlink_server *self, uid_t uid)
{
	struct connection *found = NULL;

	for (struct connection *at = self->connections; at; at = at->next) {
		if (at->dead || at->call || (uid != 0 && at->peer.uid != uid))
			continue;
		if (!found || at->active.us < found->active.us)
			found = at;
	}
	return found;
}

static size_t count_of(const struct varlink_server *self, uid_t uid)
{
	size_t count = 0;

	for (const struct connection *at = self->connections; at; at = at->next)
		count += !at->dead && at->peer.uid == uid;
	return count;
}

static bool make_room(struct varlink_server *self, uid_t uid)
{
	struct connection *idle = NULL;

	if (uid != 0 && count_of(self, uid) >= CLIENTS_OF_ONE_UID) {
		idle = most_idle(self, uid);
	} else if (self->connections_count >= VARLINK_MAX_CLIENTS) {
		idle = most_idle(self, 0);
	} else {
		return true;
	}
	if (!idle)
		return false;
	connection_drop(idle, "room for a new client is needed");
	return true;
}

static uid_t uid_of(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return peer.uid;
}

static void sweep_after_a_second(struct varlink_server *self, struct instant now)
{
	if (!timer_is_armed(self->sweep))
		timer_arm(self->sweep, instant_add_ms(now, MS_PER_S));
}

static void on_client(void *owner, unsigned events, struct instant now)
{
	struct varlink_server *self = owner;
	int fd = accept4(self->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	sweep_after_a_second(self, now);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			watch_set(self->watch, 0); /* until the next sweep */
		return;
	}
	if (!make_room(self, uid_of(fd))) {
		log_debug("varlink: too many clients, a new one is turned away");
		stranger_hang_up(fd);
		return;
	}
	connection_new(self, fd, now);
}

static void reap(struct varlink_server *self)
{
	struct connection **at = &self->connections;

	while (*at) {
		struct connection *connection = *at;

		if (!connection->dead) {
			at = &connection->next;
			continue;
		}
		*at = connection->next;
		connection_free(connection);
	}
}

static void on_turn(void *owner, struct instant now)
{
	struct varlink_server *self = owner;

	for (struct connection *at = self->connections; at; at = at->next) {
		if (!at->dead)
			connection_advance(at, now);
	}
	reap(self);
}

static void on_sweep(void *owner, struct instant now)
{
	struct varlink_server *self = owner;

	watch_set(self->watch, WATCH_READ);
	for (struct connection *at = self->connections; at; at = at->next) {
		const char *reason = at->dead ? NULL : connection_overdue(at, now);

		if (reason)
			connection_drop(at, reason);
	}
	if (self->connections_count > 0)
		sweep_after_a_second(self, now);
}

/* NOLINTNEXTLINE(readability-function-size): six things it cannot do without */
int varlink_server_new(struct varlink_server **ret, struct loop *loop, int listen_fd,
	const struct varlink_method *methods, const char *description, void *owner)
{
	struct varlink_server *self = calloc(1, sizeof(*self));

	if (!self) {
		close(listen_fd);
		return -ENOMEM;
	}
	*self = (struct varlink_server){
		.loop = loop,
		.methods = methods,
		.description = description,
		.owner = owner,
		.fd = listen_fd,
	};
	if (fd_set_nonblock(listen_fd, true) < 0 || fd_set_cloexec(listen_fd, true) < 0 ||
		timer_new(&self->sweep, loop, on_sweep, self) < 0 ||
		task_new(&self->turn, loop, on_turn, self) < 0 ||
		watch_new(&self->watch, loop, listen_fd, WATCH_READ, on_client, self) <
			0) {
		varlink_server_free(self);
		return -ENOMEM;
	}
	*ret = self;
	return 0;
}

void varlink_server_hold(
	struct varlink_server *self, const struct varlink_method *at_once)
{
	self->at_once = at_once;
}

void varlink_server_release(struct varlink_server *self)
{
	self->at_once = NULL;
	for (struct connection *at = self->connections; at; at = at->next)
		at->waits = false;
	task_schedule(self->turn);
}

struct varlink_server *varlink_server_free(struct varlink_server *self)
{
	if (!self)
		return NULL;
	for (struct connection *at = self->connections; at; at = at->next)
		connection_drop(at, "the server ends");
	reap(self);
	watch_free(self->watch);
	timer_free(self->sweep);
	task_free(self->turn);
	close(self->fd);
	free(self);
	return NULL;
}
