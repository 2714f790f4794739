/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * identity.h - user and group names to numbers. The look-up may ask a directory server:
 * only a deed does it; what it found travels to the supervisor as JSON.
 */
#pragma once

#include <sys/types.h>

#include "base/json.h"
#include "base/reason.h"

/* Who a process runs as; looked up by a child, never on the loop. */
struct identity {
	bool known;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t groups_count;
	char home[REASON_BYTES], shell[REASON_BYTES];
	char reason[REASON_BYTES]; /* why it is not known: "user mathoid: no such user" */
};

/* Blocks. `group` NULL: the user's own. On failure `ret->reason` says why. -ENOENT,
 * -errno. */
int identity_find(struct identity *ret, const char *user, const char *group);
void identity_done(struct identity *identity);

struct json_t *identity_print(const struct identity *identity);
/* -EINVAL when it is not what identity_print() makes. */
int identity_read(struct identity *ret, const struct json_t *json);
