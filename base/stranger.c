/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * stranger.c - closing what others may have made slow to close.
 */
#include "base/stranger.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_PER_MESSAGE = 253 }; /* SCM_MAX_FD, include/net/scm.h */

void stranger_close(int fd)
{
	const struct linger none = { 0 };

	/* of what is no socket nothing is wanted */
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

static size_t close_all(struct msghdr *message)
{
	size_t closed = 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
		part = CMSG_NXTHDR(message, part)) {
		const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			stranger_close(fd);
		}
		closed += count;
	}
	return closed;
}

ssize_t stranger_receive(int socket, void *bytes, size_t size, size_t *ret_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDS_PER_MESSAGE) + CMSG_SPACE(64)];
	} control;
	struct iovec into = { bytes, size };
	struct msghdr message = {
		.msg_iov = &into,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	const ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return -errno;
	*ret_fds = close_all(&message);
	return got;
}

void stranger_hang_up(int socket)
{
	char bytes[4096];
	size_t fds;
	ssize_t got;

	(void)shutdown(socket, SHUT_RDWR);
	do {
		fds = 0;
		got = stranger_receive(socket, bytes, sizeof(bytes), &fds);
	} while (got > 0 || got == -EINTR || fds > 0);
	close(socket);
}
