/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_pressure.h - how hard a cgroup is pressed: what its memory limits did
 * (memory.events) and how long it waited for memory, cpu and disk (PSI).
 *
 * cgroups(7), Documentation/accounting/psi.rst. Where the kernel has no such file nothing
 * is known, and none is 0.
 */
#pragma once

#include <stdint.h>

struct cgroup;

/* UNSET: not known. */
struct pressure {
	/* how often: reclaimed below its protection, above memory.high, at memory.max;
	 * the limit could not be kept; processes of it that were killed (for its limit or
	 * the host's) */
	int64_t low, high, max, oom, oom_kill;
	/* share of the last 10 s in which some task of it waited, in hundredths of a
	 * percent: 1250 is 12.5 % */
	int64_t memory, cpu, io;
};

void cgroup_pressure(struct cgroup *cgroup, struct pressure *ret);
/* Only what happened; how long it waited, which the kernel would have to sum up first,
 * stays unknown. */
void cgroup_pressure_events(struct cgroup *cgroup, struct pressure *ret);
/* The same from the directory behind `dir_fd`. */
void cgroup_pressure_read(int dir_fd, struct pressure *ret);
/* Nothing known. */
void pressure_unknown(struct pressure *ret);
