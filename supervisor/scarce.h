/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scarce.h - pure: what a host has only once. Ports, and the memory that limits promise.
 */
#pragma once

#include "supervisor/plan.h"

/* Refuses the steps of `plan` that would take what somebody has who stays: the newest
 * addition only, never what was accepted before. -ENOMEM. */
int scarce_judge(
	struct plan *plan, const struct members *members, const struct plan_wish *wish);
