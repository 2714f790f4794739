/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child.h - what happens between clone3 and exec, in the child. Private to spawn.c.
 */
#pragma once

#include "spawn/spawn.h"

enum { CHILD_OUTPUT_FD = 3, CHILD_EXIT_STEP = 127 };

/* What a step that failed tells its parent: one write, shorter than PIPE_BUF. */
struct child_report {
	int error; /* errno */
	char text[252];
};

/* Goes through the steps and becomes the program (or runs the function). All signals are
 * blocked when it is called. */
_Noreturn void child_run(const struct spawn_spec *spec, int report_fd);
/* Tells the parent what failed and why (negative errno), and ends. */
_Noreturn void child_fail(int report_fd, const char *what, int error);
