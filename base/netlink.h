/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * netlink.h - netlink sockets: one request, its answers, an end. The only user of libmnl beside the
 * firewall's emitter.
 *
 * sock_diag(7) for readiness and connection counts, rtnetlink(7) for addresses, and raw sockets for
 * the firewall's nftables batches and change events.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct nlmsghdr;
struct netlink;

/* `bus` is a NETLINK_* number; `groups` a bit mask of the legacy groups to join. -errno. */
int netlink_open(struct netlink **ret, int bus, unsigned groups);
struct netlink *netlink_close(struct netlink *netlink);
CLEANUP(struct netlink *, netlink_close)
int netlink_fd(const struct netlink *netlink);
unsigned netlink_port(const struct netlink *netlink);

/* Called for each answer that is not an error, an end or a no-op; < 0 stops and is returned. */
typedef int netlink_answer_fn(const struct nlmsghdr *message, void *data);
/* Sends one request (the header's sequence is filled in) and reads until it is acknowledged or its dump ends. */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *request,
	netlink_answer_fn *answer, void *data);
/* Sends bytes as they are (a batch). -errno. */
int netlink_send(struct netlink *netlink, const void *bytes, size_t size);
/* One datagram, without waiting when `wait` is false: its size, -EAGAIN, -ENOBUFS (events were lost). */
int netlink_receive(struct netlink *netlink, void *buffer, size_t size, bool wait);
/* As root: a send buffer that a big batch fits into (SO_SNDBUFFORCE). */
int netlink_set_buffers(struct netlink *netlink, size_t send_bytes, size_t receive_bytes);

/* ---- sock_diag: sockets of this network namespace ------------------------------------------- */

struct socket_seen {
	uint8_t family, state; /* AF_*, TCP_* of <netinet/tcp.h> */
	uint16_t local_port;
	uint32_t inode, uid;
	uint32_t receive_queue,
		send_queue; /* of a listener: waiting in the accept queue, backlog */
};
typedef int socket_fn(const struct socket_seen *socket, void *data);
/* Walks the TCP (or UDP) sockets in one of `states` (bit mask of 1 << TCP_*) with that local port (0: any), both families,
 * filtered in the kernel. Opens its own socket. -errno. */
int sockets_walk(
	int protocol, unsigned states, uint16_t local_port, socket_fn *each, void *data);
