/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.h - who changed our table. Private to kernel.c.
 */
#pragma once

#include "firewall/kernel.h"

struct netlink;

struct events {
	struct netlink *netlink; /* joined to the group of nftables */
	uint32_t own_port;       /* of the socket that our transactions come from */
	bool touched; /* by somebody else, in the transaction that is being told */
};

/* Reads all that is there; true when another program changed our table, or may have. */
bool events_read(struct events *events, char culprit[static CULPRIT_BYTES]);
