/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scarce.h - what a host has only once: ports, and the memory that limits promise. Pure,
 * but for the question how much memory there is.
 */
#pragma once

#include "supervisor/plan.h"

/* Refuses the steps of `plan` that would take what somebody has who stays: the newest
 * addition only, never what was accepted before. -ENOMEM. */
int scarce_judge(
	struct plan *plan, const struct members *members, const struct plan_wish *wish);
/* So much of the memory of this host. */
int64_t scarce_memory_bytes(int64_t percent);
