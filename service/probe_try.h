/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe_try.h - one try of a check that the health engine cannot make by itself: a child
 * of the service's own kind, or what only the supervisor hears.
 *
 * All three answer as a Nagios plugin does: exit 0 is good, 1 a warning, 2 bad, 3 not
 * known, and a line that says more.
 */
#pragma once

#include "service/service.h"
#include "spawn/spawn.h"

/* The kinds that are tried here. */
bool try_is_ours(const struct check *check);
/* Whether that takes a child. */
bool try_needs_child(const struct check *check);

/* exec and file: starts the child, with the check's timeout and as the service's user;
 * `plan` has only `done` and `owner`. Negative with a sentence when it could not even be
 * described. */
int try_start(struct deed **ret, const struct instance *instance,
	const struct check *check, const struct deed_plan *plan, struct error *err);

/* notify: what the process said of itself until now. `text` holds the line. */
void try_hear(struct deed_result *ret, char text[static REASON_BYTES],
	const struct instance *instance, struct instant now);
