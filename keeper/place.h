/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * place.h - the run directory: its lock, the sockets that svcd is asked by, and the one
 * that the supervisor speaks to the keeper on.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/fd_table.h"

#include "keeper/outer.h"

struct place {
	char *run;         /* ROOT/run/svcd */
	char *notify_path; /* RUN/keeper.sock */
	/* "lock" and "notify"; filled before place_open() by who had them already, maybe
	 * with others that only a later version knows. */
	struct fd_table own;
	int notify_fd; /* in `own`; -1: not yet */
	/* The supervisor that an earlier keeper wrote down; pid 0: none. */
	pid_t left;
	uint64_t left_start;
};

/* Makes the directory and takes its lock. -EBUSY when another svcd has it. */
int place_open(struct place *place, const char *root, struct error *err);
/* Binds control.sock, health.sock and log.sock unless `store` has them already and they
 * can be found under their names. */
int place_listen(const struct place *place, struct fd_table *store, struct outer *outer,
	struct error *err);
/* Binds the notify socket. */
int place_notify(struct place *place, struct error *err);
/* Writes down that supervisor, for the next keeper, if we die. */
void place_note(const struct place *place, pid_t supervisor);
/* Removes the name of the notify socket; the lock goes with the process. */
void place_done(struct place *place);
