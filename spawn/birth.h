/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * birth.h - by what a process is known: a pid comes again, a pid and its birth do not.
 */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* `ticks` of the clock since the host booted: field 22 of stat in proc(5). */
struct birth {
	uint64_t ticks;
	pid_t parent;
};
/* Of a process, or of what is left of it until it is reaped. -ESRCH; -EINVAL. */
int birth_read(struct birth *ret, pid_t pid);
/* Pure: the same from what stands in /proc/PID/stat. */
int birth_parse(struct birth *ret, const char *stat);

/* How the process behind a pidfd ended, although others reaped it: the kernel knows that
 * since 6.15. As waitid(2) says it. -errno; -ESRCH: it runs. */
int pidfd_exit(int pidfd, siginfo_t *ret);
