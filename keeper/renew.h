/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * renew.h - the keeper executes itself anew: an upgrade without an end.
 *
 * First the program that lies there now is tried in a child, with --version: one that
 * cannot run (half installed, a library missing) must not take our place.
 */
#pragma once

#include <sys/types.h>

#include "keeper/carry.h"

enum { RENEW_TRIAL_US = 10000000 };

struct renew {
	char *program; /* owned: absolute path */
	char **argv;   /* borrowed */
};

/* By the way it was called: the same path, which may be another file by now. -errno. */
int renew_init(struct renew *renew, char **argv);
void renew_done(struct renew *renew);
/* The pid of the child that tries: it exits with 0 when all is well. -errno. */
pid_t renew_try(const struct renew *renew);
/* Returns only when it failed: -errno, and all is as before. */
int renew_exec(const struct renew *renew, const struct carry *carry);
