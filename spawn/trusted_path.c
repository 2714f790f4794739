/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * trusted_path.c - one openat2(2) for a path without links, a walk for one with links.
 */
#include "spawn/trusted_path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

enum { LINKS_MAX = 40 }; /* as the kernel */

struct walk {
	int fd;                  /* where we are */
	char rest[2 * PATH_MAX]; /* the way from there */
	unsigned links;
};

static int open_without_links(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS };
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int go_to_root(struct walk *walk)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (walk->fd >= 0)
		close(walk->fd);
	walk->fd = fd;
	return 0;
}

/* The way goes on through what the link says. */
static int follow(struct walk *walk, int link_fd)
{
	char target[PATH_MAX], rest[sizeof(walk->rest)];
	ssize_t size = readlinkat(link_fd, "", target, sizeof(target) - 1);

	if (size < 0)
		return -errno;
	target[size] = '\0';
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	memcpy(rest, walk->rest, sizeof(rest));
	if (snprintf(walk->rest, sizeof(walk->rest), "%s/%s", target, rest) >=
		(int)sizeof(walk->rest))
		return -ENAMETOOLONG;
	return target[0] == '/' ? go_to_root(walk) : 0;
}

/* One name further. */
static int step(struct walk *walk)
{
	_cleanup_close_ int fd = -1;
	char name[NAME_MAX + 1];
	struct stat info;
	size_t slashes = strspn(walk->rest, "/");
	size_t size = strcspn(walk->rest + slashes, "/");

	if (size >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, walk->rest + slashes, size);
	name[size] = '\0';
	memmove(walk->rest, walk->rest + slashes + size,
		strlen(walk->rest + slashes + size) + 1);
	if (size == 0)
		return 0;
	fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) < 0)
		return -errno;
	if (S_ISLNK(info.st_mode))
		return info.st_uid == 0 ? follow(walk, fd) : -ELOOP;
	if (!S_ISDIR(info.st_mode))
		return -ENOTDIR;
	close(walk->fd);
	walk->fd = TAKE_FD(fd);
	return 0;
}

int trusted_path_open(const char *path)
{
	struct walk walk = { .fd = -1 };
	int r = open_without_links(path);

	if (r != -ELOOP)
		return r;
	if (snprintf(walk.rest, sizeof(walk.rest), "%s", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	r = go_to_root(&walk);
	while (r == 0 && walk.rest[0])
		r = step(&walk);
	if (r < 0 && walk.fd >= 0)
		close(walk.fd);
	return r < 0 ? r : walk.fd;
}
