/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * clone.h - clone3(2) with a pidfd, into a cgroup. Private to this room.
 */
#pragma once

#include <sys/types.h>

enum clone_as { CLONE_AS_CHILD, CLONE_AS_SIBLING /* our parent is its parent */ };

/* As fork(2); `cgroup_fd` is a directory of cgroup v2, -1: stay in ours. */
pid_t clone_process(int cgroup_fd, enum clone_as as, const int *ret_pidfd);
