/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * liveness.h - when a check with effect live may restart its process. Pure.
 *
 * A restart that did not help is not repeated at the same pace: each one in a row waits
 * twice as long as the one before, up to an hour. So what no restart mends costs one
 * restart an hour, and never stops being tried.
 */
#pragma once

#include "config/config.h"
#include "service/service.h"

enum {
	LIVENESS_PATIENCE_MAX_S = 3600,
};

/* Of one instance. Zero-initialise to begin. */
struct liveness {
	unsigned in_a_row;     /* restarts, none of which helped for long */
	struct instant latest; /* of them */
};

/* How long it must fail before the next restart. */
int64_t liveness_patience_ms(const struct liveness *self, const struct check *check);
/* When `fact` restarts a process that is up since `up`; NEVER: not now. What nobody has
 * said anew for long is no reason. */
struct instant liveness_due(const struct liveness *self, const struct check *check,
	const struct check_fact *fact, struct instant up, struct instant now);
void liveness_restarted(struct liveness *self, struct instant now);
/* The check passes: in time, that was a restart which helped. */
void liveness_passed(
	struct liveness *self, const struct check *check, struct instant now);
