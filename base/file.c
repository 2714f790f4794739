/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * file.c - small whole-file operations.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { READ_FIRST_BYTES = 4096 };

/* Room for more than the terminating zero. */
static int grow(char **bytes, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : READ_FIRST_BYTES;
	char *bigger;

	if (size + 1 < *capacity)
		return 0;
	bigger = realloc(*bytes, wanted);
	if (!bigger)
		return -ENOMEM;
	*bytes = bigger;
	*capacity = wanted;
	return 0;
}

int fd_read_all(char **ret, size_t *ret_size, int fd, size_t max_bytes)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size = 0, capacity = 0;

	for (;;) {
		ssize_t got;

		if (grow(&bytes, &capacity, size) < 0)
			return -ENOMEM;
		got = read(fd, bytes + size, capacity - size - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		size += (size_t)got;
		if (size > max_bytes)
			return -E2BIG;
	}
	bytes[size] = '\0';
	*ret = TAKE(bytes);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int file_read(
	char **ret, size_t *ret_size, int dir_fd, const char *path, size_t max_bytes)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fd_read_all(ret, ret_size, fd, max_bytes);
}

int fd_write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t put = write(fd, at, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		at += put;
		size -= (size_t)put;
	}
	return 0;
}

int file_write(const char *path, const void *bytes, size_t size, mode_t mode)
{
	char beside[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, bytes, size);
	if (r == 0 && fdatasync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r;
}

int file_put(int dir_fd, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int directory_make(const char *path, mode_t mode)
{
	char partial[PATH_MAX];
	size_t size = strlen(path);

	if (size == 0 || size >= sizeof(partial))
		return -ENAMETOOLONG;
	memcpy(partial, path, size + 1);
	for (size_t i = 1; i <= size; i++) {
		if (partial[i] != '/' && partial[i] != '\0')
			continue;
		partial[i] = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return -errno;
		partial[i] = path[i];
	}
	return 0;
}

int fd_set_cloexec(int fd, bool cloexec)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return -errno;
	flags = cloexec ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
	return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

int fd_set_nonblock(int fd, bool nonblock)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = nonblock ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

int fd_sealed(const char *name, const void *bytes, size_t size)
{
	_cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, bytes, size);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS,
		    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return TAKE_FD(fd);
}
