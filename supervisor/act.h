/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * act.h - does what a plan says: declares changes to services, starts new ones, stops
 * those that go, and shows what waits.
 */
#pragma once

#include "supervisor/plan.h"

struct act {
	struct supervisor *supervisor;
	enum apply_mode mode;
	const char *who; /* for people */
	struct instant now;
};

/* All of it. `acted` has room for each step: services with a job that may be waited for;
 * how many. */
size_t act_plan(const struct act *act, struct plan *plan, struct member **acted);
/* After a mere comparison: a file that was refused or different and is again what runs
 * needs no apply to be said so. */
void act_show_repaired(struct supervisor *supervisor, struct plan *plan);
/* Nothing could be compared: what runs, runs as accepted earlier. */
void act_show_stale(struct supervisor *supervisor);
/* A member with a service that nobody has started yet. NULL: it cannot be, which is
 * said. Takes `declaration`; `effective` is the same as it is printed in one line. */
struct member *act_add_service(struct supervisor *supervisor, const char *name,
	struct declaration *declaration, const char *effective);
/* Who may operate what runs, as was looked up last. */
void act_refresh_operators(struct supervisor *supervisor);
/* Starts it, unless it is not wanted up, was started before, or may have to wait for
 * others: those are looked for when all are there. */
void act_begin_early(struct member *member, struct instant now);
/* Starts what is wanted up and was never started, when all are there to wait for. */
void act_begin(struct supervisor *supervisor, struct instant now);
