/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * channel.c - bytes of an engine: a datagram is a message, is passed over, or ends the
 * channel. What was read is sent again by a second channel and means the same there.
 *
 * An input is cut into datagrams at line ends; one that begins with '@' travels as a
 * sealed memfd.
 */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"

#include "protocol/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATAGRAMS_MAX = 8 };

struct talk {
	struct loop *loop;
	struct channel *first, *again, *end; /* bytes → first; again → end */
	struct json_t *said;
	size_t heard;
};

static void end_of(struct channel **channel)
{
	*channel = channel_free(*channel);
}

static void on_first(void *owner, enum message_kind kind, struct json_t *body,
	struct fds *fds, struct instant now)
{
	struct talk *talk = owner;

	(void)fds;
	(void)now;
	json_append(talk->said, json_clone(body));
	if (talk->again)
		assert(channel_send(talk->again, kind, json_clone(body), NULL, 0) == 0);
}

static void on_first_closed(void *owner, const char *reason, struct instant now)
{
	struct talk *talk = owner;

	(void)now;
	assert(*reason);
	end_of(&talk->first);
	end_of(&talk->again); /* what is on its way arrives, then the end does */
}

static void on_end(void *owner, enum message_kind kind, struct json_t *body,
	struct fds *fds, struct instant now)
{
	struct talk *talk = owner;

	(void)fds;
	(void)now;
	assert(fds->count == 0);
	assert(text_equal(json_get_text(body, "kind", NULL), message_words[kind]));
	assert(json_same(body, json_item(talk->said, talk->heard)));
	talk->heard++;
}

static void on_end_closed(void *owner, const char *reason, struct instant now)
{
	struct talk *talk = owner;

	(void)reason;
	(void)now;
	assert(talk->heard == json_size(talk->said));
	end_of(&talk->end);
	loop_stop(talk->loop);
}

static const struct channel_user first_user = { .message = on_first,
	.closed = on_first_closed };
static const struct channel_user end_user = { .message = on_end,
	.closed = on_end_closed };

static void send_beside(int socket, const uint8_t *bytes, size_t size)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char mark[] = "@";
	struct iovec vector = { mark, 1 };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	_cleanup_close_ int fd = fd_sealed("fuzz", bytes, size);

	assert(fd >= 0);
	control.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
	sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_datagrams(int socket, const uint8_t *data, size_t size)
{
	for (int i = 0; i < DATAGRAMS_MAX && size > 0; i++) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t one = end ? (size_t)(end - data) : size;

		if (one > 1 && *data == '@')
			send_beside(socket, data + 1, one - 1);
		else if (one > 0)
			send(socket, data, one, MSG_NOSIGNAL | MSG_DONTWAIT);
		size -= end ? one + 1 : one;
		data += end ? one + 1 : one;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk talk = { .said = json_new_array() };
	int in[2], out[2];

	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, in) == 0);
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) == 0);
	assert(loop_new(&talk.loop) == 0);
	assert(channel_new(&talk.first, talk.loop, in[0], &first_user, &talk) == 0);
	assert(channel_new(&talk.again, talk.loop, out[0], &first_user, &talk) == 0);
	assert(channel_new(&talk.end, talk.loop, out[1], &end_user, &talk) == 0);
	send_datagrams(in[1], data, size);
	close(in[1]);
	loop_run(talk.loop);
	channel_free(talk.end);
	loop_free(talk.loop);
	json_free(talk.said);
	return 0;
}
