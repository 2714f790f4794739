/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * files.c - written beside and renamed: a reader sees the old bytes or the new, with the
 * right owner from the start.
 */
#include "service/files.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

static const mode_t mode_bits = 07777;

static bool has_owner(const struct stat *info, uid_t uid, gid_t gid, mode_t mode)
{
	return info->st_uid == uid && info->st_gid == gid &&
	       (info->st_mode & mode_bits) == mode;
}

/* Is `path` a regular file with just these bytes, this owner and this mode? */
static bool is_in_place(const char *path, const char *content, gid_t gid, mode_t mode)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_free_ char *bytes = NULL;
	size_t size = strlen(content), got;
	struct stat info;

	return fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	       has_owner(&info, 0, gid, mode) && (size_t)info.st_size == size &&
	       fd_read_all(&bytes, &got, fd, size) == 0 && bytes && got == size &&
	       memcmp(bytes, content, size) == 0;
}

static int write_beside(const char *path, const char *content, gid_t gid, mode_t mode)
{
	char beside[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	if (snprintf(beside, sizeof(beside), "%s.svcd-new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	(void)unlink(beside); /* of a deed that was killed */
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, content, strlen(content));
	if (r == 0 && (fchown(fd, 0, gid) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(beside);
	return r;
}

static int make_parent(const char *path)
{
	_cleanup_free_ char *parent = strdup(path);
	char *slash = parent ? strrchr(parent, '/') : NULL;

	if (!parent)
		return -ENOMEM;
	if (!slash || slash == parent)
		return 0;
	*slash = '\0';
	return directory_make(parent, 0755);
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
	mode_t mode = (mode_t)file->mode;
	int r = config_expand(&path, file->path, plan->instance, err);

	if (r == 0) {
		r = config_expand_secrets(&content, file->content ? file->content : "",
			plan->instance, plan->secrets, err);
	}
	if (r < 0)
		return r;
	assert(path && content); /* what config_expand() promised */
	*ret_changed = !is_in_place(path, content, plan->gid, mode);
	if (!*ret_changed)
		return 0;
	r = make_parent(path);
	if (r == 0)
		r = write_beside(path, content, plan->gid, mode);
	return r < 0 ? error_errno(err, r, "files: writing %s", path) : 0;
}

int directory_prepare(const struct directory_plan *plan, bool own, struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat info;
	bool made;
	int r = make_parent(plan->path);

	if (r < 0)
		return error_errno(err, r, "making the directory above %s", plan->path);
	made = mkdir(plan->path, plan->mode) == 0;
	if (!made && errno != EEXIST)
		return error_errno(err, -errno, "making %s", plan->path);
	fd = open(plan->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &info) < 0)
		return error_errno(err, -errno, "opening %s", plan->path);
	if ((!made && !own) || has_owner(&info, plan->uid, plan->gid, plan->mode))
		return 0;
	if (fchown(fd, plan->uid, plan->gid) < 0 || fchmod(fd, plan->mode) < 0)
		return error_errno(err, -errno, "owner and mode of %s", plan->path);
	return 0;
}
