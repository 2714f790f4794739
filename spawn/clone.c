/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * clone.c - the one system call that glibc has no wrapper for.
 *
 * A fork and no vfork: a directory on a dead disk may hold the child, never who made it.
 */
#include "spawn/clone.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t clone_process(int cgroup_fd, enum clone_as as, const int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	if (as == CLONE_AS_SIBLING) {
		args.flags |= CLONE_PARENT;
		args.exit_signal = 0; /* clone(2): that of the caller is taken */
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}
