/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_base.h - where the tree of all services stands: in a directory of our own right
 * below a mount of cgroup v2, or in a cgroup that somebody else made for us.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* The absolute path of cgroup `path` ("/svcd.slice/svcd-services.scope"), in the newest
 * mount that has it. -ENOENT: none has; -errno. The caller frees. */
int cgroup_base_find(char **ret, const char *path);
/* Our own: "svcd-services", or with `root` "svcd-services-tmp-x", slashes as dashes. */
int cgroup_base_find_own(char **ret, const char *root);
/* The same, made when it is not there. -ENOENT and a sentence with the fix when no
 * writable cgroup v2 is mounted. */
int cgroup_base_make_own(char **ret, const char *root, struct error *err);
/* Whether something runs in it, or below. */
bool cgroup_base_is_populated(const char *base);
/* Moves the process to leaf `name` of `base`, which is made. -errno. */
int cgroup_base_seat(const char *base, const char *name, pid_t pid);
/* One of the processes in leaf `name` of `base`; 0: none. */
pid_t cgroup_base_seated(const char *base, const char *name);
