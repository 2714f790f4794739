/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_tree.h - what the tree (cgroups.c) and its leaves (cgroup.c) know of each other.
 * Private to both.
 */
#pragma once

#include "spawn/cgroup.h"

struct cgroup {
	struct cgroups *cgroups;
	char *path; /* below the base */
	int fd;     /* of the directory */
	int wd;     /* inotify's number for its cgroup.events */
	bool lingering;
	char note[256];
	cgroup_fn *on_empty;
	void *owner;
};

struct cgroups {
	struct loop *loop;
	char *base;
	int base_fd, inotify_fd;
	char controllers[64]; /* that leaves can have, as subtree_control takes them */
	struct watch *watch;
	struct task *sweep;
	struct cgroup **items; /* by wd, which the kernel only counts up */
	size_t count;
	unsigned next;
	struct reaper *reaper;
};

enum { PROCS_MAX_BYTES = 1024 * 1024 };

/* In the file system below `dir_fd`: lets the children of `directory` have limits, as far
 * as the host can. */
void cgroup_enable_controllers(int dir_fd, const char *directory);
/* Frees a leaf that is not, or no longer, among the items; its directory stays. */
void cgroup_forget(struct cgroup *cgroup);
/* Removes what lingers, as far as it is empty. */
timer_fn cgroups_sweep;
