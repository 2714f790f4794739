/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * chosen.h - which services a call is about, and whether whoever calls may read their
 * lines: root, svcd-log itself, operators, and the groups that the supervisor named for
 * the service.
 */
#pragma once

#include "logrotate/service.h"
#include "protocol/protocol.h"

enum { CHOSEN_MAX = 1024 };

struct chosen {
	struct service **items; /* borrowed */
	size_t count;
};

/* By `names`; without them all that the caller may read. False: the call was answered
 * with what is wrong. */
bool chosen_read(struct chosen *ret, struct service *services, struct varlink_call *call,
	const struct json_t *parameters, int64_t operators_gid);
void chosen_done(struct chosen *chosen);
/* Ends the call with VARLINK_FAILED. */
void chosen_fail(struct varlink_call *call, const char *reason);
