/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * start.h - makes the supervisor's process, as systemd makes a service's: file
 * descriptors by $LISTEN_FDS and $LISTEN_FDNAMES from 3 on, $NOTIFY_SOCKET,
 * $WATCHDOG_USEC.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/fd_table.h"

struct start {
	const char *root, *notify_path;
	const struct fd_table *store;
	int orphans; /* handed over as "orphans"; -1: none */
	int64_t watchdog_us;
};

/* The pid, and in *ret_life the write end of a pipe that the supervisor has as "keeper":
 * it reads end of file when the keeper is gone. -errno. */
int start_supervisor(const struct start *start, int *ret_life, struct error *err);
