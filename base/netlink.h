/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * netlink.h - netlink sockets: one request, its answers, an end. The only user of libmnl
 * beside the firewall's emitter.
 *
 * sock_diag(7) for readiness and connection counts, rtnetlink(7) for addresses, and raw
 * sockets for the firewall's nftables batches and change events.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct nlmsghdr;
struct netlink;

/* `bus` is a NETLINK_* number; `groups` a mask of the legacy groups to join. -errno. */
int netlink_open(struct netlink **ret, int bus, unsigned groups);
struct netlink *netlink_close(struct netlink *netlink);
CLEANUP(struct netlink *, netlink_close)
int netlink_fd(const struct netlink *netlink);
unsigned netlink_port(const struct netlink *netlink);

/* Called for each answer that is not an error, an end or a no-op; < 0 stops and is
 * returned. */
typedef int netlink_answer_fn(const struct nlmsghdr *message, void *data);
/* Sends one request (its sequence is filled in here) and reads until it is acknowledged
 * or its dump ends. -errno of the kernel, -ETIMEDOUT, -EINTR when a dump is worth
 * another try. */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *request,
	netlink_answer_fn *answer, void *data);
/* The message at `*at` of a datagram, which moves on behind it; NULL at the end and
 * when the rest is not a whole message. `bytes` is aligned like a header. */
const struct nlmsghdr *netlink_next(const void *bytes, size_t size, size_t *at);
/* Pure: one datagram with answers to the question `sequence`. 1: more will come, 0: the
 * end, -errno. */
int netlink_read(const void *bytes, size_t size, unsigned sequence,
	netlink_answer_fn *answer, void *data);
/* Sends bytes as they are (a batch). -errno. */
int netlink_send(struct netlink *netlink, const void *bytes, size_t size);
/* One datagram from the kernel: its size, -EAGAIN (nothing there and not `wait`),
 * -ETIMEDOUT, -ENOBUFS (events were lost), -EMSGSIZE (longer than `size`). */
int netlink_receive(struct netlink *netlink, void *buffer, size_t size, bool wait);
/* Room for a big batch and for many events: with CAP_NET_ADMIN above the host's limit.
 * 0: leave it as it is. -errno. */
int netlink_set_buffers(struct netlink *netlink, size_t send_bytes, size_t receive_bytes);

/* ---- sock_diag: sockets of this network namespace --------------------------------- */

struct socket_seen {
	uint8_t family, state; /* AF_*, TCP_* of <netinet/tcp.h> */
	uint16_t local_port;
	uint8_t local[16]; /* address: the first 4 bytes of AF_INET; all 0: any */
	uint32_t inode, uid;
	uint32_t receive_queue,
		send_queue; /* of a listener: waiting in the accept queue, backlog */
};
typedef int socket_fn(const struct socket_seen *socket, void *data);
/* Walks the TCP (or UDP) sockets in one of `states` (bit mask of 1 << TCP_*) with that
 * local port (0: any), both families, filtered in the kernel. Opens its own socket.
 * `each` ends the walk with a negative number, which is returned. -errno. */
int sockets_walk(
	int protocol, unsigned states, uint16_t local_port, socket_fn *each, void *data);
