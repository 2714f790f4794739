/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_server.h - HTTP/1.0 and 1.1 on an inherited listening socket, answered from the
 * loop.
 */
#pragma once

#include <sys/socket.h>

#include "base/loop.h"

#include "health/face.h"

struct http_server;

struct http_server_user {
	/* Fills `answer`, whose body the server frees. `peer` is the client's address. */
	void (*answer)(void *owner, struct answer *answer, struct request *request,
		const struct sockaddr *peer, struct instant now);
	/* The wall clock at `now`, for Last-Modified. */
	struct wall (*wall)(void);
	void *owner;
};

/* Borrows `listen_fd`, which must be listening. Nobody is let in yet: who comes waits in
 * the kernel. -ENOMEM, -EIO: the library refused. */
int http_server_new(struct http_server **ret, struct loop *loop, int listen_fd,
	const struct http_server_user *user);
int http_server_open(struct http_server *server); /* -ENOMEM */
/* Nobody is let in any more; who is here is still answered. */
void http_server_shut(struct http_server *server);
/* Somebody is in the middle of a request. */
bool http_server_is_busy(const struct http_server *server);
struct http_server *http_server_free(struct http_server *server);
