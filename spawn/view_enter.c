/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * view_enter.c - the mounts that make a plan of places true. Runs in the child only, as
 * root; all of it goes with the last process that lives in it.
 *
 * What stays as it is on the host is taken hold of first (a detached copy of its mounts),
 * then the whole tree turns read-only, and then every place is put where it belongs: no
 * mount of the host has to be found and judged by its flags.
 * Changes of the host's mounts still arrive here; none from here ever leaves.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#include "config/config.h"
#include "spawn/devices.h"
#include "spawn/trusted_path.h"
#include "spawn/view.h"

struct entering {
	const struct view *view;
	struct view_trouble *trouble;
	int at[VIEW_MAX_PLACES];    /* where a place is; -1: not there */
	int trees[VIEW_MAX_PLACES]; /* what is to be put there */
	int nothing;                /* the first empty place; others are the same */
	bool all_writable;          /* a place for data is nowhere in particular */
};

static int result(int outcome)
{
	return outcome < 0 ? -errno : 0;
}

static int set_read_only(int fd, unsigned flags)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	return result(mount_setattr(
		fd, fd < 0 ? "/" : "", flags | AT_EMPTY_PATH, &attr, sizeof(attr)));
}

static bool is_not_there(int r)
{
	return r == -ENOENT || r == -ENOTDIR;
}

static const char *fix_of(int error, const struct place *place)
{
	if (place->optional)
		return NULL;
	switch (error) {
	case -ENOENT: return "make it, or correct the key";
	case -ELOOP: return "a link on the way is not root's: name the directory itself";
	case -ENOTDIR: return "it must be a directory";
	default: return NULL;
	}
}

/* ---- taking hold ------------------------------------------------------------------ */

static int hold_tree(struct entering *self, size_t i)
{
	int fd = trusted_path_open(self->view->places[i].path);

	if (fd < 0)
		return fd;
	self->at[i] = fd;
	self->trees[i] = open_tree(fd, "",
		AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	return result(self->trees[i]);
}

static int hold_read_only(struct entering *self, size_t i)
{
	int r = hold_tree(self, i);

	return r < 0 ? r : set_read_only(self->trees[i], AT_RECURSIVE);
}

/* Up the way until something is there; at its top everything may be written. */
static int hold_nearest(struct entering *self, const char *path)
{
	char way[PATH_MAX];
	char *slash;
	int fd = snprintf(way, sizeof(way), "%s", path) < (int)sizeof(way)
			 ? trusted_path_open(way)
			 : -ENAMETOOLONG;

	while (fd == -ENOENT && (slash = strrchr(way, '/')) && slash != way) {
		*slash = '\0';
		fd = trusted_path_open(way);
	}
	self->all_writable |= fd == -ENOENT;
	return fd;
}

static int hold_data(struct entering *self, size_t i)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					       MOUNT_ATTR_NOEXEC };
	int fd = hold_nearest(self, self->view->places[i].path);

	if (fd < 0)
		return -ENOENT; /* what cannot be trusted is no place */
	self->at[i] = fd;
	self->trees[i] = open_tree(fd, "",
		AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (self->trees[i] < 0)
		return -errno;
	return result(mount_setattr(
		self->trees[i], "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)));
}

/* ---- putting where it belongs ------------------------------------------------------ */

/* Makes what is missing of a path that lies in a place of our own. */
static int make_mount_point(const char *path)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && *path) {
		char name[NAME_MAX + 1];
		size_t size = strcspn(path, "/");
		int below;

		snprintf(name, sizeof(name), "%.*s", (int)size, path);
		path += size + (path[size] == '/');
		if (size == 0)
			continue;
		(void)mkdirat(fd, name, 0755); /* there, or openat(2) says why not */
		below = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = below;
	}
	return fd < 0 ? -errno : fd;
}

/* Where the place is now: something may have been put over it since. */
static int find_mount_point(int held)
{
	char link[sizeof("/proc/self/fd/") + 12], path[PATH_MAX];
	ssize_t size;
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", held);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0)
		return -errno;
	path[size] = '\0';
	fd = trusted_path_open(path);
	return fd == -ENOENT ? make_mount_point(path) : fd;
}

static int put_tree(struct entering *self, size_t i)
{
	_cleanup_close_ int target = find_mount_point(self->at[i]);

	if (target < 0)
		return target;
	return result(move_mount(self->trees[i], "", target, "",
		MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

/* Mount points may still be made in it; sealed at last. */
static int put_nothing(struct entering *self, size_t i)
{
	const char *path = self->view->places[i].path;
	char first[sizeof("/proc/self/fd/") + 12];
	int r;

	snprintf(first, sizeof(first), "/proc/self/fd/%d", self->nothing);
	r = self->nothing >= 0
		    ? mount(first, path, NULL, MS_BIND, NULL)
		    : mount("nothing", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			      "mode=755,size=64k,nr_inodes=1k");
	if (r < 0)
		return -errno;
	self->at[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self->nothing < 0)
		self->nothing = self->at[i];
	return result(self->at[i]);
}

static void print_options(const struct view *view, char *ret, size_t size)
{
	if (view->fresh_bytes == UNSET) {
		snprintf(ret, size, "size=10%%,nr_inodes=256k");
	} else {
		snprintf(ret, size, "size=%" PRId64 ",nr_inodes=256k", view->fresh_bytes);
	}
}

static int put_fresh(struct entering *self, size_t i)
{
	char options[96] = "mode=1777,";

	print_options(
		self->view, options + strlen(options), sizeof(options) - strlen(options));
	return result(mount("tmp", self->view->places[i].path, "tmpfs",
		MS_NOSUID | MS_NODEV, options));
}

static int put_devices(struct entering *self, size_t i)
{
	char options[96] = "mode=755,";

	print_options(
		self->view, options + strlen(options), sizeof(options) - strlen(options));
	return devices_make(self->view->places[i].path, options);
}

static int put_processes(struct entering *self, size_t i)
{
	(void)mount("proc", self->view->places[i].path, "proc",
		MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=invisible,subset=pid");
	return 0;
}

/* ---- all of it --------------------------------------------------------------------- */

typedef int act_fn(struct entering *self, size_t i);
static const struct act {
	act_fn *hold, *put;
} acts[] = {
	[PLACE_KEEP] = { hold_tree, put_tree },
	[PLACE_SHOW] = { hold_read_only, put_tree },
	[PLACE_EMPTY] = { NULL, put_nothing },
	[PLACE_FRESH] = { NULL, put_fresh },
	[PLACE_DEVICES] = { NULL, put_devices },
	[PLACE_DATA] = { hold_data, put_tree },
	[PLACE_PROCESSES] = { NULL, put_processes },
};

static int act_on(struct entering *self, size_t i, act_fn *act)
{
	const struct place *place = &self->view->places[i];
	int r = act ? act(self, i) : 0;

	if (r == 0 || (place->optional && is_not_there(r)))
		return 0;
	*self->trouble =
		(struct view_trouble){ place->key, place->path, fix_of(r, place) };
	return r;
}

static int hold_all(struct entering *self)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < self->view->count; i++)
		r = act_on(self, i, acts[self->view->places[i].act].hold);
	return r;
}

static int put_all(struct entering *self)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < self->view->count; i++) {
		const struct act *act = &acts[self->view->places[i].act];

		if (!act->hold || self->trees[i] >= 0)
			r = act_on(self, i, act->put);
	}
	return r;
}

static int seal(struct entering *self)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < self->view->count; i++) {
		if (self->view->places[i].act == PLACE_EMPTY && self->at[i] >= 0)
			r = set_read_only(self->at[i], 0);
	}
	return r;
}

/* Its mounts are ours from here on: what the host does to its own reaches them, and not
 * the other way. */
static int leave_host(struct entering *self)
{
	struct mount_attr attr = { .propagation = MS_SLAVE };

	*self->trouble = (struct view_trouble){ "security.system", "unshare", NULL };
	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	self->trouble->what = "mount_setattr";
	return result(mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)));
}

static int enter(struct entering *self)
{
	int r = leave_host(self);

	if (r == 0)
		r = hold_all(self);
	if (r == 0 && self->view->read_only && !self->all_writable)
		r = set_read_only(AT_FDCWD, AT_RECURSIVE);
	if (r == 0)
		r = put_all(self);
	return r < 0 ? r : seal(self);
}

static void close_all(const struct entering *self)
{
	for (size_t i = 0; i < self->view->count; i++) {
		if (self->at[i] >= 0)
			close(self->at[i]);
		if (self->trees[i] >= 0)
			close(self->trees[i]);
	}
}

int view_enter(const struct view *view, struct view_trouble *trouble)
{
	struct entering self = { .view = view, .trouble = trouble, .nothing = -1 };
	mode_t before = umask(0);
	int r;

	for (size_t i = 0; i < view->count; i++)
		self.at[i] = self.trees[i] = -1;
	r = enter(&self);
	close_all(&self);
	umask(before);
	return r;
}
