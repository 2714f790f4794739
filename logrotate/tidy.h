/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tidy.h - what is done to archives after a rotation, in the tidying thread: numbers
 * given, surplus removed, the rest packed. Each step looks before it acts, so that it can
 * be run again after a kill at any point.
 */
#pragma once

#include "logrotate/policy.h"
#include "logrotate/shelf.h"
#include "logrotate/worker.h"

enum { TIDY_SHELVES = 2 };

/* Filled by who asks for it; the shelves are shared. */
struct tidy {
	struct job job;
	struct policy policy;
	struct shelf *shelves[TIDY_SHELVES]; /* NULL: none */
	int64_t live_bytes;
	struct wall now;
	atomic_bool *stop; /* end soon: the program ends */
	struct error err;  /* after it was done */
};

/* The whole work, also to be called without a thread. Returns err.code. */
int tidy_run(struct tidy *tidy);
