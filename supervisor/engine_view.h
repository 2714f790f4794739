/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine_view.h - what an engine sees of the host's files, and where it may write. Pure.
 */
#pragma once

#include "protocol/protocol.h"
#include "sources/sources.h"
#include "spawn/spawn.h"

struct engine_view_plan {
	const struct host_policy *policy; /* says where logs may be */
	const struct paths *paths;
	const char *program; /* of the engine: it must see that */
};

/* Everything is read-only and homes, temporary files, devices and secrets are not there;
 * the log engine may write where the policy lets logs be. *ret is to be freed by
 * view_done() in any case. -ENOMEM. */
int engine_view(struct view *ret, enum engine which, const struct engine_view_plan *plan);
