/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * schedule.h - when a check is tried next.
 */
#pragma once

#include "base/time.h"

#include "config/config.h"

struct schedule {
	uint64_t seed; /* of host, service, check and instance: spreads, and is stable */
	int64_t interval_us; /* when the verdict stands */
	int64_t fast_us;     /* while it may turn */
};

struct schedule schedule_of(const struct check *check, const char *host,
	const char *service, unsigned instance);
/* The first try of a new process: soon, but not all checks of a host at once. */
struct instant schedule_first(const struct schedule *schedule, struct instant now);
struct instant schedule_next(
	const struct schedule *schedule, bool on_edge, struct instant now);
/* Longer than this since a try ended: what it said is stale. */
int64_t schedule_stale_us(const struct schedule *schedule, const struct check *check);
