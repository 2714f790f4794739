/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kernel_read.h - our table as the kernel has it.
 */
#pragma once

#include "firewall/kernel.h"
#include "firewall/shape.h"

struct netlink;

enum { TABLE_OURS, TABLE_FOREIGN };
/* Empty when there is no table. TABLE_FOREIGN: one of this name, but not made by us,
 * for it has no map of ports. -EINTR when it changed meanwhile. */
int table_read(struct shape *ret, struct netlink *ask);
int table_counters(struct netlink *ask, counter_fn *each, void *data);
