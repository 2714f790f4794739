/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lookup.h - users of the engines and groups of the operators, found in children: a name
 * service may block for as long as it likes, and this loop may not.
 *
 * The engines' users are of this host. One child finds them while another asks for the
 * people, whom a directory far away may hold.
 */
#pragma once

#include "service/service.h"
#include "spawn/spawn.h"

enum { LOOKUP_TIMEOUT_MS = 30000 };

struct found {
	struct identity engines[ENGINE_COUNT];
	struct json_t *groups; /* {name: gid}; absent: no such group */
	struct json_t *people; /* {"1001": "alice"}: who is in one of these groups */
};
void found_done(struct found *found);
/* The gid of `group`; UNSET when it is not known. */
int64_t found_group(const struct found *found, const char *group);
/* The login of an operator; NULL when it is not known. */
const char *found_login(const struct found *found, int64_t uid);

struct lookup;
/* The callee takes what it wants of `engines`. */
typedef void lookup_engines_fn(
	void *owner, struct identity engines[static ENGINE_COUNT], struct instant now);
/* Both have ended. `found` has groups and people, and the callee takes what it wants of
 * it (found_done() afterwards is the caller's); NULL with a reason when one of the two
 * failed. The look-up may be freed in there. */
typedef void lookup_done_fn(
	void *owner, struct found *found, const char *reason, struct instant now);
struct lookup_plan {
	struct loop *loop;
	struct cgroups *cgroups;
	struct json_t *groups;      /* {name: null}; shared */
	lookup_engines_fn *engines; /* at once when they are known; then `done` */
	lookup_done_fn *done;
	void *owner;
};
int lookup_start(struct lookup **ret, const struct lookup_plan *plan); /* -ENOMEM */
struct lookup *lookup_free(struct lookup *lookup);
