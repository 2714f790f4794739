/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup.h - the cgroup v2 tree below our base: BASE/NAME/INSTANCE.GENERATION,
 * BASE/NAME/deed-N.
 *
 * Controllers that are missing degrade with one warning. cgroups(7).
 */
#pragma once

#include <stdint.h>

#include "base/loop.h"

#include "config/config.h"

struct cgroups;
struct cgroup; /* one leaf; watches its cgroup.events */

/* The tree below `base` (cgroup_base.h), of which no process may be a direct member. */
int cgroups_open(
	struct cgroups **ret, struct loop *loop, const char *base, struct error *err);
struct cgroups *cgroups_free(struct cgroups *cgroups); /* the tree stays */
bool cgroups_have(const struct cgroups *cgroups, const char *controller);
/* The controllers that limits need and that the base does not have: "memory, pids"; ""
 * when it has all. */
void cgroups_missing(const struct cgroups *cgroups, char *ret, size_t size);
const char *cgroups_base(const struct cgroups *cgroups); /* absolute path */
/* Paths below the base of every populated leaf of `service`, e.g. "mathoid/1.3". */
int cgroups_populated(struct cgroups *cgroups, const char *service, struct strings *ret);
/* Those of them that no `struct cgroup` of this process stands for: nobody here started
 * what runs there. */
int cgroups_unexplained(
	struct cgroups *cgroups, const char *service, struct strings *ret);
/* How many leaves a service has, whatever is in them; -ENOENT: it has no directory. */
int cgroups_count(struct cgroups *cgroups, const char *service);
int cgroups_leaves(struct cgroups *cgroups, const char *service, struct strings *ret);
/* Of a path below the base: does something run there, does a `struct cgroup` of this
 * process stand for it. */
bool cgroups_is_populated(struct cgroups *cgroups, const char *path);
bool cgroups_explain(const struct cgroups *cgroups, const char *path);
void cgroups_remove(struct cgroups *cgroups, const char *path); /* when it is empty */
/* What an earlier supervisor did aside (deed.h) is not done any more: nobody waits. */
void cgroups_end_deeds(struct cgroups *cgroups);
int cgroups_kill(struct cgroups *cgroups,
	const char *path); /* cgroup.kill of a path below the base */
int cgroups_remove_service(
	struct cgroups *cgroups, const char *service); /* empty directories */
/* All services that have a directory below the base. */
int cgroups_services(struct cgroups *cgroups, struct strings *ret);

/* Takes the pidfd of a child that nobody waits for: it is reaped in time. */
void cgroups_reap(struct cgroups *cgroups, pid_t pid, int pidfd);
/* Somebody with a pidfd of his own waits for that child again. */
void cgroups_release(struct cgroups *cgroups, pid_t pid);
/* A number that no leaf of this process had: for deeds. */
unsigned cgroups_next(struct cgroups *cgroups);

typedef void cgroup_fn(void *owner, struct instant now);
/* Makes "SERVICE/LEAF" with limits (NULL: none); `on_empty` (may be NULL) is called when
 * the last process of it is gone. A declared limit that cannot be set is no failure:
 * `cgroup_note()` says which and why. -EBUSY when the leaf exists and is populated. */
struct cgroup_plan {
	const char *service, *leaf;
	const struct limits *limits;
	cgroup_fn *on_empty;
	void *owner;
};
int cgroup_new(struct cgroup **ret, struct cgroups *cgroups,
	const struct cgroup_plan *plan, struct error *err);
/* The leaf that an earlier process of ours made, with what runs there and the limits that
 * it has. -ENOENT when it is gone. */
int cgroup_adopt(struct cgroup **ret, struct cgroups *cgroups,
	const struct cgroup_plan *plan, struct error *err);
/* Other limits for what runs there, with a note of their own; the same limits change
 * nothing. -errno of the first that is refused, in words. */
int cgroup_limit(struct cgroup *cgroup, const struct limits *limits, struct error *err);
/* Another OOM score for all that runs there. -errno in words. */
int cgroup_set_score(struct cgroup *cgroup, int64_t score, struct error *err);
/* "limits.memory is not enforced: no memory controller …"; "" when every limit holds. */
const char *cgroup_note(const struct cgroup *cgroup);
/* Its directory goes before the loop sleeps; if something in it still dies, after. */
struct cgroup *cgroup_free(struct cgroup *cgroup);
int cgroup_fd(const struct cgroup *cgroup);
const char *cgroup_path(const struct cgroup *cgroup); /* below the base */
bool cgroup_is_populated(struct cgroup *cgroup);
bool cgroup_has(struct cgroup *cgroup, pid_t pid);
/* Its processes, at most `max`: how many were written. */
size_t cgroup_pids(struct cgroup *cgroup, pid_t *pids, size_t max);
int cgroup_kill(struct cgroup *cgroup);

struct usage {
	int64_t cpu_us, memory_bytes, inactive_file_bytes, tasks,
		oom_kills; /* UNSET: no controller */
};
void cgroup_usage(struct cgroup *cgroup, struct usage *ret);
