/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scope.h - what is asked of systemd: svcd-services.scope, the unit that services live
 * in. They outlive svcd.service there, since each unit is stopped by itself.
 *
 * Blocks, and no longer than it is told to.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define SCOPE_UNIT   "svcd-services.scope"
#define SCOPE_SLICE  "svcd.slice"
#define SCOPE_CGROUP "/" SCOPE_SLICE "/" SCOPE_UNIT

/* Whether systemd is init here. */
bool scope_is_possible(void);
/* Starts the unit with the process `pid` as its first member; 0 when systemd has done
 * so. -errno with words: systemd refused, -ETIMEDOUT: nobody answered. */
int scope_start(pid_t pid, int64_t timeout_ms, struct error *err);
