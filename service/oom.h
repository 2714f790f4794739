/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * oom.h - pure: whose memory ran out when the kernel killed a process: the service's own
 * limit, or the host's.
 */
#pragma once

#include "base/reason.h"

#include "config/config.h"
#include "spawn/spawn.h"

/* "out of memory: limits.memory 64M was reached"; "" when the kernel killed nobody there,
 * or does not count (no memory controller). */
void oom_explain(char ret[static REASON_BYTES], const struct pressure *pressure,
	const struct limits *limits);
