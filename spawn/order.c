/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * order.c - datagrams with descriptors.
 */
#include "spawn/order.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const order_words[ORDER_KINDS] = {
	[ORDER_BOUND] = "bound",
	[ORDER_FREE] = "free",
};

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(ORDER_MAX_FDS * sizeof(int))];
};

int order_send(
	int fd, struct iovec *parts, size_t parts_count, const struct order_fds *fds)
{
	union control control = { 0 };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = parts_count };

	if (fds->count > 0) {
		size_t size = fds->count * sizeof(int);

		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), fds->items, size);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(size);
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t order_receive(
	int fd, struct iovec *parts, size_t parts_count, struct order_fds *ret)
{
	union control control = { 0 };
	struct msghdr message = { .msg_iov = parts,
		.msg_iovlen = parts_count,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	const struct cmsghdr *header;
	ssize_t got;

	ret->count = 0;
	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS) {
		ret->count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret->items, CMSG_DATA(header), ret->count * sizeof(int));
	}
	return got;
}

void order_fds_close(struct order_fds *fds)
{
	while (fds->count > 0)
		close(fds->items[--fds->count]);
}
