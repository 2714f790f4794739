/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child.h - what happens between clone3 and exec, in the child. Private to spawn.c.
 */
#pragma once

#include "spawn/spawn.h"

enum { CHILD_OUTPUT_FD = 3, CHILD_EXIT_STEP = 127 };

/* What a step tells its parent: one write, shorter than PIPE_BUF. */
struct child_report {
	int error; /* errno of the step that failed; 0: a note */
	char text[252];
};

struct call_filter;

/* What whoever forks has made ready once for all. */
struct child_ground {
	const struct call_filter *calls; /* for a spec that wants them; NULL: none */
	bool default_signals;            /* no signal is ignored or handled */
	bool bound;                      /* no capability is left that exec could give */
};

/* Goes through the steps and becomes the program (or runs the function). All signals are
 * blocked when it is called. */
_Noreturn void child_run(
	const struct spawn_spec *spec, const struct child_ground *ground, int report_fd);
void child_reset_signals(void);
/* Tells the parent what failed and why (negative errno), and ends. */
_Noreturn void child_fail(int report_fd, const char *what, int error);
