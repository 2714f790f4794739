/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * files.c - written beside and renamed: a reader sees the old bytes or the new, with the
 * right owner from the start.
 *
 * Whoever owns a directory can swap what is in it at any moment. So root writes only
 * where nobody else can, all the way down from /, by descriptors (base/way.h); elsewhere
 * this process has no more rights than the service itself (base/as_user.h).
 */
#include "service/files.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/way.h"

static const mode_t mode_bits = 07777;

struct target {
	int directory;
	const char *name, *content;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

static bool has_owner(const struct stat *info, uid_t uid, gid_t gid, mode_t mode)
{
	return info->st_uid == uid && info->st_gid == gid &&
	       (info->st_mode & mode_bits) == mode;
}

/* Is it a regular file with just these bytes, this owner and mode, and no other name that
 * somebody could write it by? */
static bool is_in_place(const struct target *target)
{
	_cleanup_close_ int fd = openat(target->directory, target->name,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *bytes = NULL;
	size_t size = strlen(target->content), got;
	struct stat info;

	return fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	       info.st_nlink == 1 &&
	       has_owner(&info, target->uid, target->gid, target->mode) &&
	       (size_t)info.st_size == size && fd_read_all(&bytes, &got, fd, size) == 0 &&
	       bytes && got == size && memcmp(bytes, target->content, size) == 0;
}

static int write_whole(int fd, const struct target *target)
{
	int r = fd_write_all(fd, target->content, strlen(target->content));

	if (r == 0 && (fchown(fd, target->uid, target->gid) < 0 ||
			      fchmod(fd, target->mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r;
}

static int write_beside(const struct target *target)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	char beside[NAME_MAX + 1];
	_cleanup_close_ int fd = -1;
	int r;

	if (snprintf(beside, sizeof(beside), "%s.svcd-new", target->name) >=
		(int)sizeof(beside))
		return -ENAMETOOLONG;
	(void)unlinkat(target->directory, beside, 0); /* of a deed that was killed */
	fd = openat(target->directory, beside, flags, 0600);
	if (fd < 0)
		return -errno;
	r = write_whole(fd, target);
	if (r == 0 &&
		renameat(target->directory, beside, target->directory, target->name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(target->directory, beside, 0);
	return r;
}

static int put_in_place(const struct target *target, bool *ret_changed)
{
	*ret_changed = !is_in_place(target);
	return *ret_changed ? write_beside(target) : 0;
}

static int put_as_user(
	const struct target *target, const struct user *user, bool *ret_changed)
{
	int r = as_user_begin(user);

	if (r < 0)
		return r;
	r = put_in_place(target, ret_changed);
	as_user_end();
	return r;
}

/* `target` has its content and mode. */
static int put(const char *path, struct target target, const struct file_plan *plan,
	bool *ret_changed, struct error *err)
{
	const struct way way = { path, plan->user.uid, plan->user.gid, 0755 };
	_cleanup_close_ int directory = -1;
	bool users;
	int r = way_open_above(&directory, &users, &target.name, &way, err);

	if (r < 0)
		return error_prefix(err, "files: %s", path);
	target.directory = directory;
	target.gid = plan->user.gid;
	if (!users) {
		r = put_in_place(&target, ret_changed);
		return r < 0 ? error_errno(err, r, "files: writing %s", path) : 0;
	}
	target.uid = plan->user.uid;
	r = put_as_user(&target, &plan->user, ret_changed);
	return r < 0 ? error_errno(err, r,
			       "files: writing %s as the service's own user (its "
			       "directory is not root's alone)",
			       path)
		     : 0;
}

/* What was rendered may hold secrets. */
static void erase(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

int file_render(const struct file *file, const struct file_plan *plan, bool *ret_changed,
	struct error *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_(erase) char *content = NULL;
	int r = config_expand(&path, file->path, plan->instance, err);

	if (r == 0) {
		r = config_expand_secrets(&content, file->content ? file->content : "",
			plan->instance, plan->secrets, err);
	}
	if (r < 0)
		return r;
	assert(path && content); /* what config_expand() promised */
	return put(path,
		(struct target){ .content = content, .mode = (mode_t)file->mode }, plan,
		ret_changed, err);
}

/* ---- directories --------------------------------------------------------------- */

struct making {
	const struct directory_plan *plan;
	int above;
	const char *name;
	bool made;
	int fd;
};

static int make_and_open(struct making *self)
{
	self->made = mkdirat(self->above, self->name, self->plan->mode) == 0;
	if (!self->made && errno != EEXIST)
		return -errno;
	self->fd = openat(
		self->above, self->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return self->fd < 0 ? -errno : 0;
}

static int make_ours(struct making *self)
{
	const struct directory_plan *plan = self->plan;
	struct stat info;
	int r = make_and_open(self);

	if (r < 0 || (!self->made && !plan->own))
		return r;
	if (fstat(self->fd, &info) < 0)
		return -errno;
	if (has_owner(&info, plan->owner.uid, plan->group, plan->mode))
		return 0;
	if (fchown(self->fd, plan->owner.uid, plan->group) < 0 ||
		fchmod(self->fd, plan->mode) < 0)
		return -errno;
	return 0;
}

static int make_as_user(struct making *self)
{
	int r = as_user_begin(&self->plan->owner);

	if (r < 0)
		return r;
	r = make_ours(self);
	as_user_end();
	return r;
}

static bool may_write(const struct stat *info, const struct user *writer)
{
	if (info->st_uid == writer->uid)
		return info->st_mode & S_IWUSR;
	if (info->st_gid == writer->gid)
		return info->st_mode & S_IWGRP;
	return false; /* what everybody may write is refused by who writes */
}

static int check_writer(const struct making *self, struct error *err)
{
	const struct directory_plan *plan = self->plan;
	struct stat info;

	if (!plan->writer)
		return 0;
	if (fstat(self->fd, &info) < 0)
		return error_errno(err, -errno, "%s", plan->path);
	if (may_write(&info, plan->writer))
		return 0;
	return error_set(err, -EACCES,
		"svcd-log may not write in %s; fix: chgrp %u %s && chmod 2770 %s, or send "
		"stdout and stderr to the journal",
		plan->path, (unsigned)plan->writer->gid, plan->path, plan->path);
}

int directory_prepare(const struct directory_plan *plan, struct error *err)
{
	const struct way way = { plan->path, plan->owner.uid, plan->owner.gid, 0755 };
	struct making self = { .plan = plan, .fd = -1 };
	_cleanup_close_ int above = -1, fd = -1;
	bool users;
	int r = way_open_above(&above, &users, &self.name, &way, err);

	if (r < 0)
		return r;
	self.above = above;
	r = users ? make_as_user(&self) : make_ours(&self);
	fd = self.fd;
	if (r == -ELOOP || r == -ENOTDIR) {
		return error_set(err, r,
			"%s is a symbolic link or a file; fix: name the directory that is "
			"meant",
			plan->path);
	}
	if (r == -EPERM && users && plan->writer) {
		return error_set(err, r,
			"svcd-log cannot be let into %s, which lies in a directory of the "
			"service's own; fix: name one below root's, or send stdout and "
			"stderr to the journal",
			plan->path);
	}
	if (r < 0)
		return error_errno(err, r, "making %s", plan->path);
	return check_writer(&self, err);
}
