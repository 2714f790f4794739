/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.c - the calls of a process that talks to one socket pair and to netlink: it
 * opens no file, starts no program, and makes no socket but of netlink.
 */
#include "firewall/confine.h"

#include <seccomp.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/sandbox.h"

static const int allowed[] = {
	/* memory, time, ending */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(tgkill),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* the loop */
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(eventfd2),
	SCMP_SYS(timerfd_settime),
	/* descriptors that are open */
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), /* fstat() of glibc, and no more than stat() */
	SCMP_SYS(lseek),
	SCMP_SYS(fcntl),
	SCMP_SYS(memfd_create), /* long messages to the supervisor */
	SCMP_SYS(ftruncate),
	/* the channel, netlink, the journal */
	SCMP_SYS(bind),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
};

static const int families[] = { AF_NETLINK };

int confine(struct error *err)
{
	const struct sandbox sandbox = { .calls = allowed,
		.calls_count = ARRAY_LEN(allowed),
		.families = families,
		.families_count = ARRAY_LEN(families) };

	return sandbox_enter(&sandbox, err);
}
