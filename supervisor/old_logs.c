/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * old_logs.c - removes by age, in a directory that is held open: whoever owns it may swap
 * names meanwhile, and leads nowhere by that.
 */
#include "supervisor/old_logs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "spawn/spawn.h"

static bool is_old(int directory_fd, const char *name, int64_t before_s)
{
	struct stat info;

	return fstatat(directory_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(info.st_mode) && info.st_mtim.tv_sec < before_s;
}

static int sweep(DIR *directory, int64_t before_s)
{
	const struct dirent *entry;
	int left = 0;

	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!is_old(dirfd(directory), entry->d_name, before_s) ||
			unlinkat(dirfd(directory), entry->d_name, 0) < 0)
			left++;
	}
	return left;
}

int old_logs_remove(const char *directory, int64_t max_age_ms, struct wall now)
{
	_cleanup_close_ int path_fd = trusted_path_open(directory);
	int fd = path_fd < 0 ? path_fd
			     : openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	int left;

	if (!listing)
		return path_fd < 0 ? path_fd : -errno;
	left = sweep(listing, (now.us / US_PER_MS - max_age_ms) / MS_PER_S);
	closedir(listing);
	if (left == 0)
		(void)rmdir(directory); /* empty, or nothing happens */
	return left;
}
