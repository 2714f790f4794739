/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * environment_file.c - run.environment_file, which root reads for the service: nothing
 * that somebody else could have put there or pointed at. In a directory that the service
 * can change, it is read with no more rights than the service has.
 */
#include "service/environment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/way.h"

#include "spawn/spawn.h"

static int refuse_missing(struct error *err)
{
	return error_set(
		err, -ENOENT, "%s; put it there, or remove the key", strerror(ENOENT));
}

static int judge(int fd, const struct user *user, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return error_errno(err, -errno, "fstat");
	if (!S_ISREG(info.st_mode))
		return error_set(err, -EINVAL, "not a regular file");
	if (info.st_nlink != 1) {
		return error_set(err, -EPERM,
			"has %lu names (hard links); fix: copy it and put the copy in its "
			"place",
			(unsigned long)info.st_nlink);
	}
	if (info.st_uid != 0 && info.st_uid != user->uid)
		return error_set(err, -EPERM, "belongs to uid %u; fix: chown root it",
			(unsigned)info.st_uid);
	if ((info.st_mode & S_IWOTH) ||
		((info.st_mode & S_IWGRP) && info.st_gid != user->gid))
		return error_set(err, -EPERM,
			"others can write it; fix: chmod 0640, owned by root");
	return 0;
}

static int read_trusted(char **ret, int directory, const char *name,
	const struct user *user, struct error *err)
{
	_cleanup_close_ int fd = openat(directory, name,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	size_t size;
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_set(
			err, -ELOOP, "a symbolic link; fix: put the file itself there");
	if (fd < 0 && errno == ENOENT)
		return refuse_missing(err);
	if (fd < 0)
		return error_errno(err, -errno, "opening it");
	r = judge(fd, user, err);
	if (r < 0)
		return r;
	r = fd_read_all(&text, &size, fd, ENVIRONMENT_FILE_MAX_BYTES);
	if (r < 0)
		return error_errno(err, r, "reading");
	if (strlen(text) != size) {
		explicit_bzero(text, size);
		free(text);
		return error_set(err, -EINVAL, "has a NUL byte");
	}
	*ret = text;
	return 0;
}

int environment_file_read(
	char **ret, const char *path, const struct user *user, struct error *err)
{
	const struct way way = { path, user->uid, user->gid, 0 };
	_cleanup_close_ int directory = -1;
	const char *name;
	bool users;
	int r = way_open_above(&directory, &users, &name, &way, err);

	if (r == -ENOENT)
		return refuse_missing(err);
	if (r < 0)
		return r;
	r = users ? as_user_begin(user) : 0;
	if (r < 0)
		return error_errno(err, r, "reading it as the service");
	r = read_trusted(ret, directory, name, user, err);
	if (users)
		as_user_end();
	return r;
}
