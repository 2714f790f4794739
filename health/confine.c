/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.c - the system calls that serving and probing need. What would let an intruder
 * out (exec, open, ptrace, mount, module, bpf, namespaces) is not in the list.
 */
#include "health/confine.h"

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
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
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
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(timerfd_settime),
	/* descriptors that are open */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), /* fstat() of glibc, and no more than stat() */
	SCMP_SYS(lseek),
	SCMP_SYS(fcntl),
	SCMP_SYS(ioctl),
	SCMP_SYS(dup),
	SCMP_SYS(memfd_create), /* long messages to the supervisor */
	SCMP_SYS(ftruncate),
	/* sockets */
	SCMP_SYS(connect),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendfile),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
};

/* Probes connect over these; no raw, packet or netlink sockets. */
static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };

int confine(struct error *err)
{
	const struct sandbox sandbox = { .calls = allowed,
		.calls_count = ARRAY_LEN(allowed),
		.families = families,
		.families_count = ARRAY_LEN(families) };

	return sandbox_enter(&sandbox, err);
}
