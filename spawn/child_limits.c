/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child_limits.c - what the process may use: rlimits, nice value, OOM score.
 *
 * What somebody asked for and the host does not give is a failure; a default becomes as
 * much as the host gives, and a note.
 * Not here: what its cgroup may use (cgroup_limits.c).
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "base/file.h"

#include "config/config.h"
#include "spawn/step.h"

static void print_detail(struct child *child, int64_t value)
{
	snprintf(child->buffer, sizeof(child->buffer), "%lld", (long long)value);
	child->detail = child->buffer;
}

static bool is_default(const struct child *child, enum asked_limit limit)
{
	return (child->spec->limits_asked & limit) == 0;
}

static int clamp(const struct child *child, int resource)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return -errno;
	child_note(child, "%s is %llu: this host gives no %s", child->name,
		(unsigned long long)limit.rlim_max, child->detail);
	return 0;
}

static int set_limit(
	struct child *child, int resource, int64_t value, enum asked_limit which)
{
	struct rlimit limit = { (rlim_t)value, (rlim_t)value };

	if (value == UNSET)
		return 0;
	print_detail(child, value);
	if (setrlimit((__rlimit_resource_t)resource, &limit) == 0)
		return 0;
	return is_default(child, which) ? clamp(child, resource) : -errno;
}

int step_open_files(struct child *child)
{
	child->fix = "lower it, or raise the host's fs.nr_open";
	return set_limit(child, RLIMIT_NOFILE, child->spec->open_files, ASKED_OPEN_FILES);
}

int step_core(struct child *child)
{
	return set_limit(child, RLIMIT_CORE, child->spec->core_bytes, ASKED_CORE);
}

/* Without a value to fall back to: it stays what it is. */
static int leave(const struct child *child, enum asked_limit which, int error)
{
	if (!is_default(child, which))
		return error;
	child_note(child, "%s is not %s: this host does not allow it", child->name,
		child->detail);
	return 0;
}

int step_nice(struct child *child)
{
	int64_t nice = child->spec->nice;

	if (nice == SPAWN_INHERIT)
		return 0;
	print_detail(child, nice);
	if (setpriority(PRIO_PROCESS, 0, (int)nice) == 0)
		return 0;
	return leave(child, ASKED_NICE, -errno);
}

int step_oom_score(struct child *child)
{
	int r;

	if (child->spec->oom_score == SPAWN_INHERIT)
		return 0;
	print_detail(child, child->spec->oom_score);
	r = file_put(AT_FDCWD, "/proc/self/oom_score_adj", child->buffer);
	return r < 0 ? leave(child, ASKED_OOM_SCORE, r) : 0;
}
