/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * when.h - private to this room: points in time as people say them.
 */
#pragma once

#include "base/time.h"

/* "5m", "2h ago", "1d" before `now`; "14:30", "2026-11-23", "2026-11-23 14:30:05", RFC
 * 3339; all UTC. 0, or -EINVAL. */
int when_parse(struct wall *ret, const char *said, struct wall now);
