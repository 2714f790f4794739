/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox.c - tables of system calls become a filter in the kernel.
 *
 * What would let an intruder out (exec, fork, ptrace, mount, module, bpf, namespaces,
 * keys) is in no table.
 */
#include "base/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/cleanup.h"

/* Of every process with a loop, a channel to the supervisor and a journal. */
static const int common[] = {
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
	/* sockets that are open */
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
#ifdef __SANITIZE_ADDRESS__
	/* a report with names in it; not in what is shipped */
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sysinfo),
	SCMP_SYS(prlimit64),
	SCMP_SYS(mincore),
	SCMP_SYS(sched_getaffinity),
#endif
};

static const struct sandbox_rule common_rules[] = {
	{ SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
	{ SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
#ifdef __SANITIZE_ADDRESS__
	{ SCMP_SYS(openat), 2, O_ACCMODE | O_CREAT, O_RDONLY },
#endif
};

CLEANUP(scmp_filter_ctx, seccomp_release)

static int add_calls(scmp_filter_ctx filter, const int *calls, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return r;
}

static int add_rules(
	scmp_filter_ctx filter, const struct sandbox_rule *rules, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, rules[i].call, 1,
			SCMP_CMP64(rules[i].argument, SCMP_CMP_MASKED_EQ, rules[i].mask,
				rules[i].value));
	return r;
}

static int add_all(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	int r = add_calls(filter, common, ARRAY_LEN(common));

	if (r == 0)
		r = add_rules(filter, common_rules, ARRAY_LEN(common_rules));
	if (r == 0)
		r = add_calls(filter, sandbox->calls, sandbox->calls_count);
	return r < 0 ? r : add_rules(filter, sandbox->rules, sandbox->rules_count);
}

/* exec(2) is how the capability got here; nothing of it is for anybody else. */
static int keep_capabilities_to_ourselves(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
		syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		sets[i].inheritable = 0;
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

static int shut(struct error *err)
{
	int r = keep_capabilities_to_ourselves();

	if (r < 0)
		return error_errno(err, r, "capabilities");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, -errno, "PR_SET_DUMPABLE");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, -errno, "no_new_privs");
	return 0;
}

/* Looking for leaks at the end takes a thread that traces, which no sandbox allows: a
 * test of an engine alone asks for that; in stories it is confined as on a host. */
static bool is_searched_for_leaks(void)
{
#ifdef __SANITIZE_ADDRESS__
	return secure_getenv("SVCD_TEST_LEAKS");
#else
	return false;
#endif
}

int sandbox_enter(const struct sandbox *sandbox, struct error *err)
{
	_cleanup_(seccomp_releasep) scmp_filter_ctx filter =
		seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (is_searched_for_leaks())
		return 0;
	if (!filter)
		return error_set(err, -ENOMEM, "seccomp: out of memory");
	r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r == 0)
		r = add_all(filter, sandbox);
	if (r < 0)
		return error_errno(err, r, "seccomp: a rule");
	tzset(); /* reads a file */
	r = shut(err);
	if (r < 0)
		return r;
	r = seccomp_load(filter);
	return r < 0 ? error_errno(err, r, "seccomp: the filter") : 0;
}
