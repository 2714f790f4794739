/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * connection.c - one varlink client: its bytes in, its bytes out, its limits.
 *
 * Owns the socket and both buffers. Never blocks: what the client does not take waits
 * in `out`, and a client that lets more than VARLINK_MAX_QUEUED_BYTES wait is dropped,
 * never waited for.
 *
 * A client may close its sending half (`printf … | nc -U`): it is answered, then
 * dropped.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/stranger.h"

#include "protocol/varlink.h"

enum { READ_BYTES = 64 * 1024 };

const char *bytes_front(const struct bytes *bytes)
{
	return bytes->text.bytes + bytes->at;
}

size_t bytes_left(const struct bytes *bytes)
{
	return bytes->text.size - bytes->at;
}

/* Moves the rest to the front only now and then: many small bites stay cheap. */
void bytes_eat(struct bytes *bytes, size_t size)
{
	bytes->at += size;
	if (bytes->at == bytes->text.size) {
		text_done(&bytes->text);
	} else if (bytes->at > bytes->text.size / 2) {
		text_consume(&bytes->text, bytes->at);
	} else {
		return;
	}
	bytes->at = 0;
}

/* A peer in more groups than we keep is judged by the first ones. */
static void peer_read(struct varlink_peer *peer, int fd)
{
	struct ucred who = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	socklen_t size = sizeof(who);
	_cleanup_free_ gid_t *many = NULL;

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
	*peer = (struct varlink_peer){ .uid = who.uid, .gid = who.gid, .pid = who.pid };
	size = sizeof(peer->groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &size) == 0) {
		peer->groups_count = size / sizeof(gid_t);
		return;
	}
	if (errno != ERANGE || !(many = malloc(size)))
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, many, &size) < 0)
		return;
	memcpy(peer->groups, many, sizeof(peer->groups));
	peer->groups_count = ARRAY_LEN(peer->groups);
}

static void on_ready(void *owner, unsigned events, struct instant now);

int connection_new(struct varlink_server *server, int fd, struct instant now)
{
	struct connection *self = calloc(1, sizeof(*self));

	if (!self) {
		close(fd);
		return -ENOMEM;
	}
	self->server = server;
	self->fd = fd;
	self->active = now;
	self->frame_from = self->stuck_from = NEVER;
	peer_read(&self->peer, fd);
	if (watch_new(&self->watch, server->loop, fd, WATCH_READ, on_ready, self) < 0) {
		connection_free(self);
		return -ENOMEM;
	}
	self->next = server->connections;
	server->connections = self;
	server->connections_count++;
	return 0;
}

struct connection *connection_free(struct connection *self)
{
	if (self->call)
		call_detach(self->call);
	watch_free(self->watch);
	if (self->fd >= 0)
		stranger_hang_up(self->fd);
	text_done(&self->in.text);
	text_done(&self->out.text);
	free(self);
	return NULL;
}

void connection_drop(struct connection *self, const char *reason)
{
	if (self->dead)
		return;
	log_debug("varlink: client with pid %d, uid %u dropped: %s", (int)self->peer.pid,
		self->peer.uid, reason);
	self->dead = true;
	self->server->connections_count--;
	self->watch = watch_free(self->watch);
	stranger_hang_up(TAKE_FD(self->fd));
	task_schedule(self->server->turn);
}

static bool has_frame(struct connection *self, size_t *ret_size)
{
	size_t left = bytes_left(&self->in);
	const char *end;

	if (left == self->scanned)
		return false;
	end = memchr(bytes_front(&self->in) + self->scanned, '\0', left - self->scanned);
	if (!end) {
		self->scanned = left;
		return false;
	}
	*ret_size = (size_t)(end - bytes_front(&self->in));
	return true;
}

static bool may_begin(const struct connection *self)
{
	return !self->dead && !self->call && !self->waits &&
	       bytes_left(&self->out) < ENOUGH_QUEUED_BYTES;
}

static bool has_room(const struct connection *self)
{
	return !self->ended && bytes_left(&self->in) < VARLINK_MAX_BYTES;
}

/* What to wake up for: input while there is room, output while some waits or calls are
 * due. */
static void set_interest(struct connection *self)
{
	size_t size;
	bool due = may_begin(self) && has_frame(self, &size);
	bool room = !self->ended && bytes_left(&self->in) < VARLINK_MAX_BYTES;

	watch_set(
		self->watch, (room ? WATCH_READ : 0U) |
				     (due || bytes_left(&self->out) ? WATCH_WRITE : 0U));
}

static void flush(struct connection *self, struct instant now)
{
	while (bytes_left(&self->out) > 0) {
		ssize_t put = send(self->fd, bytes_front(&self->out),
			bytes_left(&self->out), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno != EAGAIN) {
			connection_drop(self, strerror(errno));
			return;
		}
		if (put < 0) {
			if (self->stuck_from.us == NEVER.us)
				self->stuck_from = now;
			return;
		}
		self->active = now;
		self->stuck_from = NEVER;
		bytes_eat(&self->out, (size_t)put);
	}
}

void connection_send(struct connection *self, const char *bytes, size_t size)
{
	if (bytes_left(&self->out) > VARLINK_MAX_QUEUED_BYTES) {
		connection_drop(self, "it does not read its answers");
		return;
	}
	text_add_bytes(&self->out.text, bytes, size);
	if (text_failed(&self->out.text)) {
		connection_drop(self, "out of memory");
		return;
	}
	flush(self, loop_now(self->server->loop));
	if (!self->dead)
		set_interest(self);
}

void connection_advance(struct connection *self, struct instant now)
{
	size_t size;

	for (int i = 0; i < CALLS_PER_TURN && may_begin(self); i++) {
		if (!has_frame(self, &size))
			break;
		self->waits = call_must_wait(self->server, bytes_front(&self->in), size);
		if (self->waits)
			break;
		if (!call_begin(self, bytes_front(&self->in), size, now)) {
			connection_drop(self, "it sent what is not a varlink call");
			return;
		}
		bytes_eat(&self->in, size + 1);
		self->scanned = 0;
	}
	if (self->dead)
		return;
	if (self->ended && !self->call && !bytes_left(&self->out) &&
		!has_frame(self, &size)) {
		connection_drop(self, "it is done");
		return;
	}
	set_interest(self);
}

static void take_input(struct connection *self, struct instant now)
{
	char bytes[READ_BYTES];
	size_t size, fds = 0;
	ssize_t got = stranger_receive(self->fd, bytes, sizeof(bytes), &fds);

	if (got == -EAGAIN || got == -EINTR)
		return;
	if (got < 0 || fds > 0) {
		connection_drop(
			self, fds > 0 ? "it sent descriptors" : strerror((int)-got));
		return;
	}
	if (got == 0) {
		self->ended = true;
		return;
	}
	self->active = now;
	text_add_bytes(&self->in.text, bytes, (size_t)got);
	if (text_failed(&self->in.text)) {
		connection_drop(self, "out of memory");
		return;
	}
	if (!has_frame(self, &size) && bytes_left(&self->in) >= VARLINK_MAX_BYTES) {
		connection_drop(self, "its message is too long");
		return;
	}
	if (bytes[got - 1] == '\0') {
		self->frame_from = NEVER;
	} else if (self->frame_from.us == NEVER.us || memchr(bytes, '\0', (size_t)got)) {
		self->frame_from = now;
	}
}

static bool hung_up(int fd)
{
	struct pollfd poller = { .fd = fd };

	return poll(&poller, 1, 0) == 1 && (poller.revents & (POLLHUP | POLLERR));
}

static void on_ready(void *owner, unsigned events, struct instant now)
{
	struct connection *self = owner;
	size_t waited = bytes_left(&self->out);

	if (events & WATCH_READ)
		take_input(self, now);
	if (!self->dead && self->ended && hung_up(self->fd))
		connection_drop(self, "it hung up");
	if (!self->dead && (events & WATCH_WRITE))
		flush(self, now);
	task_schedule(self->server->turn);
	if (self->dead)
		return;
	if (waited > 0 && bytes_left(&self->out) == 0 && self->call &&
		self->call->drained)
		self->call->drained(self->call->drained_data, now);
	if (!self->dead)
		set_interest(self);
}

static bool older(struct instant from, struct instant now, int64_t limit_s)
{
	return from.us != NEVER.us &&
	       instant_since_us(now, from) > limit_s * (int64_t)US_PER_S;
}

const char *connection_overdue(const struct connection *self, struct instant now)
{
	if (older(self->frame_from, now, FRAME_WAIT_S))
		return "its message does not end";
	if (older(self->stuck_from, now, PROGRESS_WAIT_S))
		return "it does not read its answers";
	if (!has_room(self) && hung_up(self->fd)) /* reading would have told */
		return "it hung up";
	return NULL;
}
