/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * way.h - the way to a directory, name by name: nobody but root and one user may have a
 * say in where it leads, now or while we act there.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct way {
	const char *path; /* absolute */
	uid_t user;       /* besides root; 0: nobody */
	gid_t group;      /* may write what is that user's; 0: none may */
	mode_t make;      /* of directories that are missing; 0: that is -ENOENT */
};

/* *ret_fd: an O_PATH descriptor of the last directory. *ret_users: the user may change
 * something on the way, or in its end: whoever acts there acts as that user
 * (as_user.h), also when making what is missing, which is done here.
 *
 * Refused with what to do about it: a symbolic link (a path that was judged by its words
 * must mean what it says), an owner who is neither, a directory that others can write (on
 * the way one like /tmp will do, where nobody can replace what is another's). -ELOOP,
 * -EPERM, -ENOENT, -errno. */
int way_open(int *ret_fd, bool *ret_users, const struct way *way, struct error *err);
/* The same to the directory that `way->path` lies in; *ret_name points into it. */
int way_open_above(int *ret_fd, bool *ret_users, const char **ret_name,
	const struct way *way, struct error *err);
/* Judges the directories above what is open, by where it really is: who can write one of
 * them can put something else in its place. `user`: as in struct way. */
int way_check_above(int fd, uid_t user, struct error *err);
