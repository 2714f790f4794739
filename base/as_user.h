/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * as_user.h - a while in which this thread meets files as somebody else would: what that
 * one may not open, read or make, we may not either.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* the others; borrowed */
	size_t groups_count;
};

/* Only as root, and not twice. -EPERM; -errno. Signals and debuggers of that user still
 * do not reach us. */
int as_user_begin(const struct user *user);
/* Root again; ends the program when that is refused. */
void as_user_end(void);
