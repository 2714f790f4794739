/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * moment.h - one wake-up of the loop, on both clocks: deadlines are made from `now`,
 * names, stamps and rotation boundaries from `wall`.
 */
#pragma once

#include "base/time.h"

struct moment {
	struct instant now;
	struct wall wall;
};

static inline int64_t wall_seconds(struct wall at)
{
	return at.us / US_PER_S;
}
