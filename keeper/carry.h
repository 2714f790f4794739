/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carry.h - what the keeper takes with it when it executes itself anew.
 *
 * The fds stay open under their numbers; a memfd, whose number is in $SVCD_CARRY, says
 * what they are, in lines:
 *
 *   kept FD NAME                    of the store
 *   own FD NAME                     the keeper's: "lock", "notify"
 *   orphan PID START CODE STATUS    see base/orphans.h
 *
 * What another version added is not understood and carried on: fds and lines alike.
 */
#pragma once

#include <stdbool.h>

#include "base/fd_table.h"
#include "base/orphans.h"

enum { CARRY_MAX_BYTES = 8 * 1024 * 1024 };

struct carry {
	struct fd_table *kept, *own; /* borrowed */
	struct orphans *orphans;     /* borrowed */
	char *unknown;               /* owned; lines; NULL: none */
};

/* Makes all fds survive exec and sets $SVCD_CARRY. -errno. */
int carry_pack(const struct carry *carry);
/* The exec failed: as before carry_pack(). */
void carry_unpack(const struct carry *carry);
/* Fills what `ret` points to from $SVCD_CARRY, and clears that. 0: there was nothing, 1:
 * there was, -errno: it cannot be read. */
int carry_take(struct carry *ret);
