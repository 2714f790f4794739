/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_base.c - looks through the mounts of cgroup v2, the newest first.
 *
 * Not here: reading mountinfo (cgroup_mount.c), the tree (cgroups.c), and who asks
 * systemd for a cgroup (the supervisor).
 */
#include "spawn/cgroup_base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

#include "spawn/cgroup_limits.h"
#include "spawn/cgroup_mount.h"
#include "spawn/cgroup_tree.h"

enum { MOUNTINFO_MAX_BYTES = 4 * 1024 * 1024 };

static int read_mounts(char **ret)
{
	return file_read(
		ret, NULL, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX_BYTES);
}

/* `path` in the nth mount. -ENOENT: there are not so many. */
static int candidate(char **ret, const char *mountinfo, unsigned nth, const char *path)
{
	char mount[PATH_MAX];
	int r = cgroup_mount_find(mountinfo, nth, mount, sizeof(mount));

	if (r < 0)
		return r;
	*ret = text_format("%s%s", mount, path);
	return *ret ? 0 : -ENOMEM;
}

int cgroup_base_find(char **ret, const char *path)
{
	_cleanup_free_ char *mountinfo = NULL;
	int r = read_mounts(&mountinfo);

	for (unsigned nth = 0; r == 0; nth++) {
		_cleanup_free_ char *base = NULL;

		r = candidate(&base, mountinfo, nth, path);
		if (r < 0 || access(base, W_OK) < 0)
			continue;
		*ret = TAKE(base);
		return 0;
	}
	return r;
}

/* So that `base` can have limits. */
static void enable_controllers_above(const char *base)
{
	_cleanup_free_ char *mount = text_format("%s/..", base);

	if (mount)
		cgroup_enable_controllers(AT_FDCWD, mount);
}

/* The newest mount in which the directory can be made wins; bind mounts may be read-only
 * by permission. */
static int make(char **ret, const char *mountinfo, const char *path)
{
	for (unsigned nth = 0;; nth++) {
		_cleanup_free_ char *base = NULL;
		int r = candidate(&base, mountinfo, nth, path);

		if (r < 0)
			return r;
		if ((mkdir(base, 0755) < 0 && errno != EEXIST) ||
			faccessat(AT_FDCWD, base, W_OK, AT_EACCESS) < 0)
			continue;
		enable_controllers_above(base);
		*ret = TAKE(base);
		return 0;
	}
}

int cgroup_base_find_own(char **ret, const char *root)
{
	char path[NAME_MAX + 2] = "/";

	cgroup_base_name(root, path + 1, sizeof(path) - 1);
	return cgroup_base_find(ret, path);
}

int cgroup_base_make_own(char **ret, const char *root, struct error *err)
{
	_cleanup_free_ char *mountinfo = NULL;
	char path[NAME_MAX + 2] = "/";
	int r = read_mounts(&mountinfo);

	if (r < 0)
		return error_errno(err, r, "reading /proc/self/mountinfo");
	cgroup_base_name(root, path + 1, sizeof(path) - 1);
	r = make(ret, mountinfo, path);
	if (r == -ENOENT)
		return error_set(err, r,
			"no writable cgroup v2 hierarchy is mounted: run as root, and "
			"\"mount -t cgroup2 none /sys/fs/cgroup\" if it is missing");
	return r < 0 ? error_errno(err, r, "making the cgroup of all services") : 0;
}

bool cgroup_base_is_populated(const char *base)
{
	_cleanup_free_ char *events = text_format("%s/cgroup.events", base);

	return events && cgroup_read_key(AT_FDCWD, events, "populated") == 1;
}

int cgroup_base_seat(const char *base, const char *name, pid_t pid)
{
	_cleanup_free_ char *leaf = text_format("%s/%s", base, name);
	_cleanup_free_ char *procs = text_format("%s/%s/cgroup.procs", base, name);
	char number[16];

	if (!leaf || !procs)
		return -ENOMEM;
	if (mkdir(leaf, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(number, sizeof(number), "%d", pid);
	return file_put(AT_FDCWD, procs, number);
}

pid_t cgroup_base_seated(const char *base, const char *name)
{
	_cleanup_free_ char *procs = text_format("%s/%s/cgroup.procs", base, name);
	_cleanup_free_ char *text = NULL;

	if (!procs || file_read(&text, NULL, AT_FDCWD, procs, PROCS_MAX_BYTES) < 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}
