/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * numbers.h - policy knows users by their names; the kernel knows numbers.
 */
#pragma once

#include "base/error.h"

struct declaration;
struct host_policy;
struct identity;

/* Whose else a uid and a gid are. */
struct numbers {
	unsigned uid, gid;
	/* what the name service says first about them; "": nothing */
	char user[128], group[128];
	/* the program of svcd's own that runs by them; NULL: none */
	const char *engine_user, *engine_group;
};
/* Blocks: only a deed calls it. */
void numbers_find(struct numbers *ret, const struct identity *identity);

/* Pure. Refuses a number that belongs to a name which the policy (NULL: closed) would
 * have refused: root, who svcd itself runs as, another service's. -EPERM. */
int numbers_judge(const struct numbers *numbers, const struct declaration *declaration,
	const struct host_policy *policy, struct error *err);
