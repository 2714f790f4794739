/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wire.c - datagrams with file descriptors beside them, and bodies that are one.
 *
 * Everything that arrives is hostile: fds that do not fit, datagrams that are cut, memfds
 * that their sender can still change.
 */
#include "protocol/wire.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

void fds_close(struct fds *fds)
{
	for (size_t i = 0; i < fds->count; i++) {
		if (fds->items[i] >= 0)
			close(fds->items[i]);
	}
	fds->count = 0;
}

int wire_put(int socket, struct iovec bytes, const struct fds *fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS)];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (fds->count > 0) {
		size_t fds_size = sizeof(int) * fds->count;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(fds_size);
		control.align = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(fds_size),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.align), fds->items, fds_size);
	}
	for (;;) {
		if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

static void gather_fds(struct msghdr *message, struct fds *fds)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at;
		at = CMSG_NXTHDR(message, at)) {
		size_t size = at->cmsg_len - CMSG_LEN(0);

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		assert(size <= sizeof(fds->items)); /* by msg_controllen */
		memcpy(fds->items, CMSG_DATA(at), size);
		fds->count = size / sizeof(int);
	}
}

ssize_t wire_take(int socket, struct iovec buffer, struct fds *fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS)];
	} control;
	struct msghdr message = {
		.msg_iov = &buffer,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		/* Not CMSG_SPACE: its padding would let one more fd in. */
		.msg_controllen = CMSG_LEN(sizeof(int) * WIRE_FDS),
	};
	ssize_t size;

	do {
		size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	gather_fds(&message, fds);
	if (message.msg_flags & MSG_CTRUNC)
		return -EMFILE; /* fds were lost: the peer must tell all again */
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	return size;
}

/* A body that its sender could still change or cut would be a SIGBUS in our hands. */
static int read_memfd(struct json_t **ret, int fd, struct error *err)
{
	const int needed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat info;
	char *bytes;
	int r;

	if (seals < 0 || (seals & needed) != needed)
		return error_set(err, -EBADMSG, "body that is not sealed");
	if (fstat(fd, &info) < 0)
		return error_errno(err, -errno, "body");
	if (info.st_size <= 0 || info.st_size > CHANNEL_MAX_BYTES) {
		return error_set(err, -EBADMSG, "body of %jd bytes, at most %d are read",
			(intmax_t)info.st_size, CHANNEL_MAX_BYTES);
	}
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_errno(err, -errno, "body");
	r = json_parse(ret, bytes, (size_t)info.st_size, CHANNEL_MAX_BYTES, err);
	munmap(bytes, (size_t)info.st_size);
	return r;
}

int wire_read_body(struct json_t **ret, const char *bytes, size_t size, struct fds *fds,
	struct error *err)
{
	int r;

	if (size != strlen(WIRE_BESIDE) || *bytes != WIRE_BESIDE[0])
		return json_parse(ret, bytes, size, CHANNEL_INLINE_BYTES, err);
	if (fds->count == 0)
		return error_set(err, -EBADMSG, "body announced, but no fd came");
	r = read_memfd(ret, fds->items[0], err);
	if (r < 0)
		return r;
	close(fds->items[0]);
	fds->count--;
	memmove(fds->items, fds->items + 1, fds->count * sizeof(int));
	return 0;
}
