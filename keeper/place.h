/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * place.h - the run directory: its lock, the sockets that svcd is asked by, and the one
 * that the supervisor speaks to the keeper on.
 */
#pragma once

#include "base/error.h"
#include "base/fd_table.h"

struct place {
	char *run;           /* ROOT/run/svcd */
	char *notify_path;   /* RUN/keeper.sock */
	int lock, notify_fd; /* owned */
};

/* Makes the directory and takes its lock. -EBUSY when another svcd has it. */
int place_open(struct place *ret, const char *root, struct error *err);
/* Binds control.sock, health.sock and log.sock unless `store` has them already. */
int place_listen(const struct place *place, struct fd_table *store, struct error *err);
/* Binds the notify socket. */
int place_notify(struct place *place, struct error *err);
/* Removes the sockets' names; the lock goes with the process. */
void place_done(struct place *place);
