/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * live.c - open, judge, mend.
 *
 * When a period began is the file's own birth time: each rotation makes a new file, so
 * that no other state is needed.
 */
#include "logrotate/live.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"

static int judge(const struct statx *info, const char *name, struct error *err)
{
	if (!S_ISREG(info->stx_mode))
		return error_set(
			err, -EINVAL, "%s is not a regular file: remove it", name);
	if (info->stx_nlink > 1)
		return error_set(err, -EMLINK,
			"%s has other names (hard links): remove them", name);
	return 0;
}

static struct wall born(const struct statx *info, struct wall now)
{
	const struct statx_timestamp *at =
		info->stx_mask & STATX_BTIME ? &info->stx_btime : &info->stx_mtime;
	struct wall birth = { at->tv_sec * US_PER_S };

	return birth.us < now.us ? birth : now; /* a clock that was set back */
}

/* A kill in the middle of a write leaves half a line. It is finished, so that the next is
 * whole. */
static int mend_tail(int fd, int64_t *size_bytes)
{
	static const char mark[] = " [svcd: cut by a crash]\n";
	char last = '\n';
	int r;

	if (*size_bytes == 0)
		return 0;
	if (pread(fd, &last, 1, *size_bytes - 1) < 0)
		return -errno;
	if (last == '\n')
		return 0;
	r = fd_write_all(fd, mark, strlen(mark));
	if (r == 0)
		*size_bytes += (int64_t)strlen(mark);
	return r;
}

static int look(
	int fd, struct live *ret, const char *name, struct wall now, struct error *err)
{
	unsigned mask = STATX_BASIC_STATS | STATX_BTIME;
	struct statx info;
	int r;

	if (statx(fd, "", AT_EMPTY_PATH, mask, &info) < 0)
		return error_errno(err, -errno, "%s", name);
	r = judge(&info, name, err);
	if (r < 0)
		return r;
	*ret = (struct live){
		.device = makedev(info.stx_dev_major, info.stx_dev_minor),
		.inode = info.stx_ino,
		.size_bytes = (int64_t)info.stx_size,
		.since = born(&info, now),
	};
	r = mend_tail(fd, &ret->size_bytes);
	return r < 0 ? error_errno(err, r, "%s", name) : 0;
}

int live_open(struct live *ret, const struct shelf *shelf, mode_t mode, struct wall now,
	struct error *err)
{
	/* O_NONBLOCK: a FIFO in its place must not hold us before it is refused. */
	int flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		    O_CLOEXEC;
	int fd = openat(shelf->live_fd, shelf->live, flags, mode), r;

	if (fd < 0 && errno == ELOOP)
		return error_set(
			err, -ELOOP, "%s is a symbolic link: remove it", shelf->live);
	if (fd < 0)
		return error_errno(err, -errno, "cannot open %s", shelf->live);
	r = look(fd, ret, shelf->live, now, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

bool live_is_named(const struct live *live, const struct shelf *shelf)
{
	struct stat info;

	return fstatat(shelf->live_fd, shelf->live, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       info.st_ino == live->inode && info.st_dev == live->device;
}
