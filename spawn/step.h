/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * step.h - one step of a child on its way to exec. Private to child.c and the files that
 * have its steps.
 */
#pragma once

#include "spawn/child.h"

struct call_filter;

enum { PID_TEXT_BYTES = 32 };

struct child {
	const struct spawn_spec *spec;
	const struct child_ground *ground;
	int report_fd;
	/* of the current step, for its report: who it is for, what it is about, what an
	 * operator can do */
	const char *name, *detail, *fix;
	char buffer[64];
	char listen_pid[PID_TEXT_BYTES], watchdog_pid[PID_TEXT_BYTES];
};

/* 0 or -errno. */
typedef int step_fn(struct child *child);

/* child_limits.c */
step_fn step_nice, step_open_files, step_core, step_oom_score;
/* child_fds.c */
step_fn step_descriptors;
/* For a function nothing is closed by exec. */
void close_all_but_targets(const struct spawn_spec *spec);
/* child_confine.c */
step_fn step_join, step_network, step_apart, step_view, step_system_calls;

static inline int result(int outcome)
{
	return outcome < 0 ? -errno : 0;
}

/* Not a failure: the parent is told and the steps go on. */
void child_note(const struct child *child, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
