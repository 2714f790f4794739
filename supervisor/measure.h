/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * measure.h - asks the kernel what a service uses and whether its ports accept.
 */
#pragma once

#include "supervisor/member.h"

/* Fills member->measured unless that was done within `fresh_ms`. */
void measure_usage(struct member *member, int64_t fresh_ms, struct instant now);
/* Fills member->port: whether each declared port of the instances that are up is
 * bound. */
void measure_port(struct member *member, struct instant now);
