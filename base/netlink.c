/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * netlink.c - one socket per bus, one question at a time.
 *
 * What comes from the kernel is judged like any outside bytes: lengths are checked
 * before they are believed, answers to an older question and messages of other
 * processes are left out, and an answer that does not come within five seconds is an
 * error.
 *
 * Owns its socket. Not here: what the answers mean (firewall/, supervisor/).
 */
#include "base/netlink.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { ANSWER_TIMEOUT_S = 5, ANSWER_BYTES = 32 * 1024 };

struct netlink {
	int fd;
	unsigned port;
	unsigned sequence; /* of the latest question */
};

static int bind_to(struct netlink *netlink, unsigned groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	socklen_t size = sizeof(address);
	struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };

	if (setsockopt(netlink->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) <
			0 ||
		bind(netlink->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		getsockname(netlink->fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	netlink->port = address.nl_pid;
	return 0;
}

int netlink_open(struct netlink **ret, int bus, unsigned groups)
{
	_cleanup_(netlink_closep) struct netlink *netlink = calloc(1, sizeof(*netlink));
	int r;

	if (!netlink)
		return -ENOMEM;
	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
	if (netlink->fd < 0)
		return -errno;
	r = bind_to(netlink, groups);
	if (r < 0)
		return r;
	*ret = TAKE(netlink);
	return 0;
}

struct netlink *netlink_close(struct netlink *netlink)
{
	if (netlink)
		cleanup_close(&netlink->fd);
	free(netlink);
	return NULL;
}

int netlink_fd(const struct netlink *netlink)
{
	return netlink->fd;
}

unsigned netlink_port(const struct netlink *netlink)
{
	return netlink->port;
}

int netlink_send(struct netlink *netlink, const void *bytes, size_t size)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	do {
		sent = sendto(netlink->fd, bytes, size, 0, (struct sockaddr *)&kernel,
			sizeof(kernel));
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Size, and who sent it: only the kernel has port 0. */
static int receive_any(
	struct netlink *netlink, struct iovec part, int flags, uint32_t *sender)
{
	struct sockaddr_nl address = { 0 };
	struct msghdr message = { .msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &part,
		.msg_iovlen = 1 };
	ssize_t size = recvmsg(netlink->fd, &message, flags);

	if (size < 0)
		return -errno;
	*sender = address.nl_pid;
	return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : (int)size;
}

/* A datagram of another process is dropped. */
int netlink_receive(struct netlink *netlink, void *buffer, size_t size, bool wait)
{
	struct iovec part = { .iov_base = buffer, .iov_len = size };
	uint32_t sender = 0;
	int r;

	do {
		r = receive_any(netlink, part, wait ? 0 : MSG_DONTWAIT, &sender);
	} while (r == -EINTR || (r >= 0 && sender != 0));
	return r == -EAGAIN && wait ? -ETIMEDOUT : r;
}

int netlink_set_buffers(struct netlink *netlink, size_t send_bytes, size_t receive_bytes)
{
	const struct {
		int force, polite;
		size_t bytes;
	} rows[] = {
		{ SO_SNDBUFFORCE, SO_SNDBUF, send_bytes },
		{ SO_RCVBUFFORCE, SO_RCVBUF, receive_bytes },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int bytes = (int)MIN(rows[i].bytes, (size_t)INT32_MAX / 2);

		if (bytes == 0)
			continue;
		if (setsockopt(netlink->fd, SOL_SOCKET, rows[i].force, &bytes,
			    sizeof(bytes)) < 0 &&
			setsockopt(netlink->fd, SOL_SOCKET, rows[i].polite, &bytes,
				sizeof(bytes)) < 0)
			return -errno;
	}
	return 0;
}

static int read_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
		return -EBADMSG;
	return error->error > 0 ? -EBADMSG : error->error;
}

/* The end of a dump carries its error number, if any. */
static int read_done(const struct nlmsghdr *message)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(message) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	return error > 0 ? -EBADMSG : error;
}

static int read_one(const struct nlmsghdr *message, netlink_answer_fn *answer, void *data)
{
	int r;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (message->nlmsg_type == NLMSG_ERROR)
		return read_error(message);
	if (message->nlmsg_type == NLMSG_DONE)
		return read_done(message);
	if (message->nlmsg_type < NLMSG_MIN_TYPE || !answer)
		return 1;
	r = answer(message, data);
	return r < 0 ? r : 1;
}

/* mnl_nlmsg_ok() takes a length beyond INT_MAX for a small one, so it is not asked. */
const struct nlmsghdr *netlink_next(const void *bytes, size_t size, size_t *at)
{
	const struct nlmsghdr *message = (const void *)((const char *)bytes + *at);
	size_t left = size - *at;

	if (left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
		message->nlmsg_len > left)
		return NULL;
	*at += MIN(left, (size_t)NLMSG_ALIGN(message->nlmsg_len));
	return message;
}

int netlink_read(const void *bytes, size_t size, unsigned sequence,
	netlink_answer_fn *answer, void *data)
{
	const struct nlmsghdr *message;
	size_t at = 0;

	while ((message = netlink_next(bytes, size, &at))) {
		int r;

		if (message->nlmsg_seq != sequence)
			continue;
		r = read_one(message, answer, data);
		if (r <= 0)
			return r;
	}
	return 1;
}

/* A dump that was left in the middle would make the next question EBUSY. */
static void read_to_end(struct netlink *netlink)
{
	_Alignas(struct nlmsghdr) char buffer[ANSWER_BYTES];

	while (netlink_receive(netlink, buffer, sizeof(buffer), false) >= 0)
		;
}

int netlink_ask(struct netlink *netlink, struct nlmsghdr *request,
	netlink_answer_fn *answer, void *data)
{
	_Alignas(struct nlmsghdr) char buffer[ANSWER_BYTES];
	int r;

	assert(netlink);
	request->nlmsg_seq = ++netlink->sequence;
	r = netlink_send(netlink, request, request->nlmsg_len);
	if (r < 0)
		return r;
	do {
		r = netlink_receive(netlink, buffer, sizeof(buffer), true);
		if (r >= 0) {
			r = netlink_read(
				buffer, (size_t)r, request->nlmsg_seq, answer, data);
		}
	} while (r > 0);
	if (r < 0)
		read_to_end(netlink);
	return r;
}

/* ---- sock_diag -------------------------------------------------------------------- */

struct walk {
	socket_fn *each;
	void *data;
};

static int on_socket(const struct nlmsghdr *message, void *data)
{
	const struct walk *walk = data;
	const struct inet_diag_msg *seen = mnl_nlmsg_get_payload(message);
	struct socket_seen socket;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*seen))
		return -EBADMSG;
	socket = (struct socket_seen){
		.family = seen->idiag_family,
		.state = seen->idiag_state,
		.local_port = ntohs(seen->id.idiag_sport),
		.inode = seen->idiag_inode,
		.uid = seen->idiag_uid,
		.receive_queue = seen->idiag_rqueue,
		.send_queue = seen->idiag_wqueue,
	};
	static_assert(sizeof(socket.local) == sizeof(seen->id.idiag_src), "an address");
	memcpy(socket.local, seen->id.idiag_src, sizeof(socket.local));
	return walk->each(&socket, walk->data);
}

int sockets_walk(
	int protocol, unsigned states, uint16_t local_port, socket_fn *each, void *data)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_cleanup_(netlink_closep) struct netlink *netlink = NULL;
	struct walk walk = { each, data };
	int r = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(families); i++) {
		struct {
			struct nlmsghdr header;
			struct inet_diag_req_v2 filter;
		} request = {
			.header = { .nlmsg_len = sizeof(request),
				.nlmsg_type = SOCK_DIAG_BY_FAMILY,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
			.filter = { .sdiag_family = families[i],
				.sdiag_protocol = (uint8_t)protocol,
				.idiag_states = states,
				.id.idiag_sport = htons(local_port) },
		};

		r = netlink_ask(netlink, &request.header, on_socket, &walk);
	}
	return r;
}
