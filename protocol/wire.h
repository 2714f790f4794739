/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wire.h - private to this room: one message of a channel as one SOCK_SEQPACKET datagram.
 *
 * A datagram is one JSON object, or, when that is longer than CHANNEL_INLINE_BYTES, the
 * single byte '@' and a sealed memfd before the other fds.
 */
#pragma once

#include <sys/uio.h>

#include "protocol/protocol.h"

enum { WIRE_FDS = CHANNEL_MAX_FDS + 1 }; /* the body's memfd comes first */
#define WIRE_BESIDE "@"

void fds_close(struct fds *fds);

/* 0, -EAGAIN when the socket is full, -errno. Never blocks, never a SIGPIPE. */
int wire_put(int socket, struct iovec bytes, const struct fds *fds);
/* The size of a message in `buffer`, 0 at the end, -EAGAIN, -errno.
 * Whatever fds came are in `fds` in every case. */
ssize_t wire_take(int socket, struct iovec buffer, struct fds *fds);
/* The object that the bytes are, or that stands beside them: then its memfd is closed. */
int wire_read_body(struct json_t **ret, const char *bytes, size_t size, struct fds *fds,
	struct error *err);
