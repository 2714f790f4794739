/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * hear.c - recvmsg(2) with what rides along.
 */
#include "keeper/hear.h"

#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

static void take_control(struct datagram *datagram, const struct cmsghdr *control)
{
	size_t size = control->cmsg_len - CMSG_LEN(0);

	if (control->cmsg_level != SOL_SOCKET)
		return;
	if (control->cmsg_type == SCM_RIGHTS) {
		datagram->fds_count = size / sizeof(int);
		memcpy(datagram->fds, CMSG_DATA(control), size);
	} else if (control->cmsg_type == SCM_CREDENTIALS) {
		struct ucred credentials;

		memcpy(&credentials, CMSG_DATA(control), sizeof(credentials));
		datagram->from = credentials.pid;
	}
}

bool datagram_receive(struct datagram *ret, int socket)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int[NOTICE_MAX_FDS])) +
			   CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { ret->bytes, NOTICE_MAX_BYTES };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	ret->fds_count = 0;
	ret->from = 0;
	if (size < 0)
		return false;
	ret->size = (size_t)size;
	ret->bytes[size] = '\0';
	ret->fds_lost = message.msg_flags & MSG_CTRUNC;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at;
		at = CMSG_NXTHDR(&message, at))
		take_control(ret, at);
	return true;
}

void datagram_done(struct datagram *datagram)
{
	for (size_t i = 0; i < datagram->fds_count; i++)
		if (datagram->fds[i] >= 0)
			close(datagram->fds[i]);
	datagram->fds_count = 0;
}
