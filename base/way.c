/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * way.c - one openat(2) with O_NOFOLLOW per name, each judged by what was opened.
 */
#include "base/way.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/as_user.h"
#include "base/cleanup.h"

struct going {
	const struct way *way;
	struct error *err;
	int fd;      /* where we are; an O_PATH descriptor */
	size_t past; /* of the path: the names up to here */
	bool users;  /* see way_open() */
};

/* The path as far as we came, for messages. */
#define SO_FAR(going) (int)(going)->past, (going)->way->path

static bool is_known(const struct going *self, uid_t uid)
{
	return uid == 0 || (self->way->user != 0 && uid == self->way->user);
}

static int refuse_owner(const struct going *self, uid_t uid)
{
	return error_set(self->err, -EPERM,
		"%.*s belongs to uid %u, who could put anything in its place; fix: chown "
		"root %.*s",
		SO_FAR(self), (unsigned)uid, SO_FAR(self));
}

static int refuse_writers(const struct going *self, bool everybody)
{
	return error_set(self->err, -EPERM, "%.*s is writable by %s; fix: chmod %s %.*s",
		SO_FAR(self), everybody ? "everybody" : "its group",
		everybody ? "o-w" : "g-w", SO_FAR(self));
}

/* Of the directory that was opened. `last`: we act in there. */
static int judge(struct going *self, const struct stat *info, bool last)
{
	const struct way *way = self->way;
	const bool own_group = way->group != 0 && info->st_gid == way->group;
	const bool sticky = info->st_mode & S_ISVTX;

	if (!is_known(self, info->st_uid))
		return refuse_owner(self, info->st_uid);
	if ((info->st_mode & S_IWOTH) && (last || !sticky))
		return refuse_writers(self, true);
	if ((info->st_mode & S_IWGRP) && !own_group && (last || !sticky))
		return refuse_writers(self, false);
	self->users = self->users || info->st_uid != 0 ||
		      ((info->st_mode & S_IWGRP) && own_group);
	return 0;
}

static int make_as_user(const struct going *self, const char *name)
{
	const struct user user = { self->way->user, self->way->group, NULL, 0 };
	int r = as_user_begin(&user);

	if (r < 0)
		return r;
	r = mkdirat(self->fd, name, self->way->make) < 0 ? -errno : 0;
	as_user_end();
	return r;
}

/* What somebody else made at the same moment is as good, and judged alike. */
static int make(const struct going *self, const char *name)
{
	int r;

	if (self->users && self->way->user != geteuid())
		r = make_as_user(self, name);
	else
		r = mkdirat(self->fd, name, self->way->make) < 0 ? -errno : 0;
	return r == -EEXIST ? 0 : r;
}

static int open_below(const struct going *self, const char *name)
{
	int fd = openat(self->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int refuse_kind(const struct going *self, const struct stat *info)
{
	if (S_ISLNK(info->st_mode))
		return error_set(self->err, -ELOOP,
			"%.*s is a symbolic link; fix: name the directory that is meant",
			SO_FAR(self));
	return error_set(self->err, -ENOTDIR, "%.*s is no directory", SO_FAR(self));
}

/* One name further. */
static int go(struct going *self, const char *name, bool last)
{
	_cleanup_close_ int fd = open_below(self, name);
	struct stat info;
	int r = fd;

	if (r == -ENOENT && self->way->make != 0) {
		r = make(self, name);
		fd = r < 0 ? r : open_below(self, name);
		r = fd;
	}
	if (r >= 0 && fstat(fd, &info) < 0)
		r = -errno;
	if (r < 0)
		return error_errno(self->err, r, "%.*s", SO_FAR(self));
	if (!S_ISDIR(info.st_mode))
		return refuse_kind(self, &info);
	r = judge(self, &info, last);
	if (r < 0)
		return r;
	close(self->fd);
	self->fd = TAKE_FD(fd);
	return 0;
}

static int go_all(struct going *self, size_t size)
{
	const char *path = self->way->path;
	char name[NAME_MAX + 1];
	size_t at = strspn(path, "/");
	int r = 0;

	while (r == 0 && at < size) {
		const size_t length = MIN(strcspn(path + at, "/"), size - at);
		size_t next = at + length;

		next += MIN(strspn(path + next, "/"), size - next);
		self->past = at + length;
		if (length >= sizeof(name))
			return error_errno(
				self->err, -ENAMETOOLONG, "%.*s", SO_FAR(self));
		memcpy(name, path + at, length);
		name[length] = '\0';
		if (strcmp(name, "..") == 0)
			return error_set(self->err, -EINVAL, "%s: no '..', please", path);
		r = go(self, name, next >= size);
		at = next;
	}
	return r;
}

/* The way along the first `size` bytes of the path. */
static int open_part(int *ret_fd, bool *ret_users, const struct way *way, size_t size,
	struct error *err)
{
	struct going self = {
		.way = way, .err = err, .fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
	};
	int r;

	assert(way->path[0] == '/');
	if (self.fd < 0)
		return error_errno(err, -errno, "/");
	r = go_all(&self, size);
	if (r < 0) {
		close(self.fd);
		return r;
	}
	*ret_fd = self.fd;
	*ret_users = self.users;
	return 0;
}

int way_open(int *ret_fd, bool *ret_users, const struct way *way, struct error *err)
{
	return open_part(ret_fd, ret_users, way, strlen(way->path), err);
}

int way_open_above(int *ret_fd, bool *ret_users, const char **ret_name,
	const struct way *way, struct error *err)
{
	const char *slash = strrchr(way->path, '/');

	assert(slash);
	if (slash[1] == '\0' || strcmp(slash, "/..") == 0 || strcmp(slash, "/.") == 0)
		return error_set(err, -EINVAL, "%s: names no file", way->path);
	*ret_name = slash + 1;
	return open_part(ret_fd, ret_users, way, (size_t)(slash - way->path), err);
}

int way_check_above(int fd, uid_t user, struct error *err)
{
	char link[sizeof("/proc/self/fd/") + 12], real[PATH_MAX];
	const struct way way = { real, user, 0, 0 };
	_cleanup_close_ int above = -1;
	const char *name;
	ssize_t size;
	bool users;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, real, sizeof(real) - 1);
	if (size < 0)
		return error_errno(err, -errno, "%s", link);
	real[size] = '\0';
	return strcmp(real, "/") == 0 ? 0
				      : way_open_above(&above, &users, &name, &way, err);
}
