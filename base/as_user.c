/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * as_user.c - setfsuid(2): the kernel takes the capabilities that overrule file modes
 * away with it, and gives them back.
 */
#include "base/as_user.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/fsuid.h>

/* These calls tell no failure: what is so afterwards does. */
static bool is_now(uid_t uid, gid_t gid)
{
	return (uid_t)setfsuid((uid_t)-1) == uid && (gid_t)setfsgid((gid_t)-1) == gid;
}

int as_user_begin(const struct user *user)
{
	if (setgroups(user->groups_count, user->groups) < 0)
		return -errno;
	setfsgid(user->gid);
	setfsuid(user->uid);
	if (is_now(user->uid, user->gid))
		return 0;
	as_user_end();
	return -EPERM;
}

void as_user_end(void)
{
	setfsuid(0);
	setfsgid(0);
	if (!is_now(0, 0) || setgroups(0, NULL) < 0)
		abort();
}
