/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * file.h - files and file descriptors: read whole with a limit, write beside and rename.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

/* Reads all of `path` (relative to `dir_fd`, AT_FDCWD), NUL-terminated, size without the
 * NUL. -E2BIG above `max_bytes`, -errno. The caller frees. */
int file_read(
	char **ret, size_t *ret_size, int dir_fd, const char *path, size_t max_bytes);
int fd_read_all(char **ret, size_t *ret_size, int fd, size_t max_bytes);

/* Writes `PATH.new` beside, fdatasyncs, renames: readers see the old bytes or the new.
 * -errno. */
int file_write(const char *path, const void *bytes, size_t size, mode_t mode);

/* One write(2) to an existing file (cgroup and proc files want one). -errno. */
int file_put(int dir_fd, const char *path, const char *text);

/* mkdir -p; existing directories are left as they are. -errno. */
int directory_make(const char *path, mode_t mode);

int fd_set_cloexec(int fd, bool cloexec);
int fd_set_nonblock(int fd, bool nonblock);
/* A read-only sealed memfd that holds `bytes`. -errno. */
int fd_sealed(const char *name, const void *bytes, size_t size);
/* Writes all, also over EINTR and short writes. -errno. */
int fd_write_all(int fd, const void *bytes, size_t size);
