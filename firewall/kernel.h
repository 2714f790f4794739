/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kernel.h - our table in the kernel: read, changed in one transaction, watched.
 */
#pragma once

#include "firewall/model.h"

struct kernel;

/* Opens the sockets, which stay open. -EPERM without CAP_NET_ADMIN, -EPROTONOSUPPORT
 * without nftables. */
int kernel_open(struct kernel **ret);
struct kernel *kernel_close(struct kernel *kernel);
CLEANUP(struct kernel *, kernel_close)

/* Whose rules the kernel refused, when that can be told. */
struct refusal {
	char service[NAME_BYTES]; /* "": nobody's alone */
};

/* Makes the table as planned: all of it or nothing. Does nothing when it is so. */
int kernel_apply(struct kernel *kernel, const struct plan *plan, struct refusal *refusal,
	struct error *err);
/* Removes the table, if it is there. */
int kernel_remove(struct kernel *kernel, struct error *err);

/* To be read when readable: changes of the rules of this host, by anybody. */
int kernel_events_fd(const struct kernel *kernel);
enum { CULPRIT_BYTES = 64 };
/* Reads all that is there; true when another program changed our table, or may have: then
 * `culprit` names it, and the next kernel_apply() looks at what is really there. */
bool kernel_read_events(struct kernel *kernel, char culprit[static CULPRIT_BYTES]);

typedef void counter_fn(const char *name, uint64_t packets, void *data);
int kernel_counters(struct kernel *kernel, counter_fn *each, void *data);
