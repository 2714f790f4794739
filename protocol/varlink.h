/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * varlink.h - private to this room: how the server, its connections and their calls
 * hang together.
 *
 * A server has connections, a connection has at most one open call; further calls of
 * the same client wait in its input, so that answers come in the order of the
 * questions. Methods run from the server's turn (a task) only, never from inside a
 * reply: no recursion, and a connection is freed at one place, the end of the turn.
 */
#pragma once

#include "protocol/protocol.h"

enum {
	FRAME_WAIT_S = 10,    /* a message that began must end within */
	PROGRESS_WAIT_S = 30, /* a client that reads nothing for this long is dropped */
	CLIENTS_OF_ONE_UID = 64,         /* root excepted */
	CALLS_PER_TURN = 32,             /* of one client, then others have their turn */
	ENOUGH_QUEUED_BYTES = 64 * 1024, /* no further call is begun above */
};

/* Bytes that are eaten from the front. */
struct bytes {
	struct text text;
	size_t at;
};
const char *bytes_front(const struct bytes *bytes);
size_t bytes_left(const struct bytes *bytes);
void bytes_eat(struct bytes *bytes, size_t size);

struct connection {
	struct connection *next;
	struct varlink_server *server;
	struct varlink_peer peer;
	struct varlink_call *call; /* the open one */
	struct watch *watch;
	int fd;
	struct bytes in, out;
	size_t scanned;            /* of `in`: no NUL before */
	struct instant active;     /* last byte either way */
	struct instant frame_from; /* first byte of an incomplete message, or NEVER */
	struct instant stuck_from; /* `out` has not moved since, or NEVER */
	bool ended;                /* the client will send no more */
	bool waits;                /* its next call is held back */
	bool dead;                 /* freed at the end of the turn */
};

struct varlink_call {
	struct connection *connection; /* NULL: the client is gone */
	struct varlink_peer peer;
	bool more, oneway;
	void (*gone)(void *data, struct varlink_call *call);
	void *gone_data;
	void (*drained)(void *data, struct instant now);
	void *drained_data;
};

struct varlink_server {
	struct loop *loop;
	const struct varlink_method *methods;
	const char *description;
	void *owner;
	int fd;
	struct watch *watch;
	struct timer *sweep; /* each second while there are clients */
	struct task *turn;
	struct connection *connections;
	size_t connections_count;             /* without the dead */
	const struct varlink_method *at_once; /* while it is held; else NULL */
};

/* connection.c */
int connection_new(struct varlink_server *server, int fd, struct instant now);
/* Freed at the end of the turn: whoever is just answering it finds it as it was. */
void connection_drop(struct connection *self, const char *reason);
struct connection *connection_free(struct connection *self);
void connection_send(struct connection *self, const char *bytes, size_t size);
/* Begins calls while there are complete messages and none is open. */
void connection_advance(struct connection *self, struct instant now);
/* Why it has to go, or NULL. */
const char *connection_overdue(const struct connection *self, struct instant now);

/* call.c: one complete message; whether the server holds it back. */
bool call_must_wait(const struct varlink_server *server, const char *frame, size_t size);
/* False when it is garbage. */
bool call_begin(struct connection *connection, const char *frame, size_t size,
	struct instant now);
void call_detach(struct varlink_call *call);

/* service.c: org.varlink.service, which every varlink server answers. Methods and text;
 * the owner of its methods is the server. */
extern const struct varlink_method service_methods[];
extern const char varlink_service_text[]; /* made of org.varlink.service.varlink */
