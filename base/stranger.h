/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * stranger.h - descriptors that somebody else sent, and sockets over which he may.
 *
 * The last close of a socket with SO_LINGER waits for its peer, an hour if its sender
 * says so, also when it is non-blocking (socket(7)); a message that is never received is
 * closed as well, by whoever closes the socket it waits in. Who has others to serve takes
 * the linger off first. Not covered: a file of a FUSE server that does not answer, and
 * sockets inside of messages inside of a socket that was sent.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Closes what a stranger sent, without waiting for its peer. */
void stranger_close(int fd);
/* As recv(2) with MSG_DONTWAIT, -errno; descriptors that came are closed and counted. */
ssize_t stranger_receive(int socket, void *bytes, size_t size, size_t *ret_fds);
/* Closes a unix socket: nothing comes in any more, and what waits in it is closed as
 * above. */
void stranger_hang_up(int socket);
