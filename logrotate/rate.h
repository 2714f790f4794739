/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rate.h - pure: how many lines of a service may pass.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"

struct rate {
	int64_t per_s, burst; /* per_s <= 0: no limit */
	int64_t tokens_us;    /* US_PER_S of them is one line */
	struct instant filled;
};

/* `burst` <= 0 is that of one second. */
void rate_init(struct rate *rate, int64_t per_s, int64_t burst, struct instant now);
/* How many of `lines` may pass now. */
uint64_t rate_take(struct rate *rate, uint64_t lines, struct instant now);
