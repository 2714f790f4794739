/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pipe.c - one pipe, opened thrice: the log engine's end, ours, and the service's.
 */
#include "spawn/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int pipe_new(int ret_ends[2])
{
	if (pipe2(ret_ends, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(ret_ends[0], F_SETPIPE_SZ, PIPE_BYTES); /* 64 KiB also work */
	return 0;
}

int pipe_open_for(int read_end, uid_t uid, gid_t gid)
{
	char path[sizeof("/proc/self/fd/") + 12];
	int fd;

	if (fchown(read_end, uid, gid) < 0 || fchmod(read_end, 0600) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", read_end);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
