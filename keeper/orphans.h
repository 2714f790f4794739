/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * orphans.h - how processes ended that had lost their parent, the supervisor.
 *
 * The keeper is their subreaper: it alone learns the exit status, and keeps the latest
 * for the next supervisor, which is handed them as a file "orphans": lines of "PID CODE
 * STATUS".
 */
#pragma once

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

enum { ORPHANS_KEPT = 1024 };

struct orphans {
	struct orphan {
		pid_t pid;
		int code, status; /* si_code (CLD_*), si_status of waitid(2) */
	} items[ORPHANS_KEPT];    /* a ring */
	size_t count;             /* ever seen */
};

void orphans_add(struct orphans *orphans, const siginfo_t *info);
/* A memfd at its beginning. -errno. */
int orphans_print(const struct orphans *orphans);
