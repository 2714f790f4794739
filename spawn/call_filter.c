/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * call_filter.c - a table of names becomes one filter in memory.
 *
 * Names, not numbers: a call that this architecture or an older libseccomp does not have
 * is left out. The filter is a binary search, as the kernel walks it once per call.
 */
#include "spawn/call_filter.h"

#include <assert.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/file.h"

enum {
	NAME_MAX_BYTES = 64,
	BINARY_TREE = 2, /* of SCMP_FLTATR_CTL_OPTIMIZE */
	PREFIX_COUNT = 3,
	CODE_MAX_BYTES = BPF_MAXINSNS * sizeof(struct sock_filter),
};

/* clang-format off */
static const struct {
	const char *what, *names;
} allowed[] = {
	{ "default",
		"arch_prctl brk cacheflush clock_getres clock_getres_time64 "
		"clock_gettime clock_gettime64 clock_nanosleep "
		"clock_nanosleep_time64 execve exit exit_group futex futex_time64 "
		"futex_waitv get_robust_list get_thread_area getegid getegid32 "
		"geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid "
		"getpgrp getpid getppid getrandom getresgid getresgid32 getresuid "
		"getresuid32 getrlimit getsid gettid gettimeofday getuid getuid32 "
		"membarrier mmap mmap2 mprotect munmap nanosleep pause prlimit64 "
		"restart_syscall riscv_flush_icache riscv_hwprobe rseq rt_sigreturn "
		"sched_getaffinity sched_yield set_robust_list set_thread_area "
		"set_tid_address set_tls sigreturn time ugetrlimit uretprobe" },
	{ "basic-io",
		"_llseek close close_range dup dup2 dup3 lseek pread64 preadv "
		"preadv2 pwrite64 pwritev pwritev2 read readv write writev" },
	{ "file-system",
		"access chdir chmod close creat faccessat faccessat2 fallocate "
		"fchdir fchmod fchmodat fchmodat2 fcntl fcntl64 fgetxattr "
		"flistxattr fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs "
		"fstatfs64 ftruncate ftruncate64 futimesat getcwd getdents "
		"getdents64 getxattr inotify_add_watch inotify_init inotify_init1 "
		"inotify_rm_watch lgetxattr link linkat listxattr llistxattr "
		"lremovexattr lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat "
		"newfstatat oldfstat oldlstat oldstat open openat openat2 readlink "
		"readlinkat removexattr rename renameat renameat2 rmdir setxattr "
		"stat stat64 statfs statfs64 statx symlink symlinkat truncate "
		"truncate64 unlink unlinkat utime utimensat utimensat_time64 utimes" },
	{ "chown",
		"chown chown32 fchown fchown32 fchownat lchown lchown32" },
	{ "io-event",
		"_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old "
		"epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd "
		"eventfd2 poll ppoll ppoll_time64 pselect6 pselect6_time64 select" },
	{ "aio",
		"io_cancel io_destroy io_getevents io_pgetevents "
		"io_pgetevents_time64 io_setup io_submit io_uring_enter "
		"io_uring_register io_uring_setup" },
	{ "sync",
		"fdatasync fsync msync sync sync_file_range sync_file_range2 syncfs" },
	{ "network-io",
		"accept accept4 bind connect getpeername getsockname getsockopt "
		"listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send "
		"sendmmsg sendmsg sendto setsockopt shutdown socket socketcall "
		"socketpair" },
	{ "ipc",
		"ipc memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive "
		"mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink "
		"msgctl msgget msgrcv msgsnd pipe pipe2 process_madvise "
		"process_vm_readv process_vm_writev semctl semget semop semtimedop "
		"semtimedop_time64 shmat shmctl shmdt shmget" },
	{ "process",
		"capget clone clone3 execveat fork getrusage kill pidfd_open "
		"pidfd_send_signal prctl rt_sigqueueinfo rt_tgsigqueueinfo setns "
		"swapcontext tgkill times tkill unshare vfork wait4 waitid waitpid" },
	{ "signal",
		"rt_sigaction rt_sigpending rt_sigprocmask rt_sigsuspend "
		"rt_sigtimedwait rt_sigtimedwait_time64 sigaction sigaltstack "
		"signal signalfd signalfd4 sigpending sigprocmask sigsuspend" },
	{ "timer",
		"alarm getitimer setitimer timer_create timer_delete "
		"timer_getoverrun timer_gettime timer_gettime64 timer_settime "
		"timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 "
		"timerfd_settime timerfd_settime64 times" },
	{ "setuid",
		"setgid setgid32 setgroups setgroups32 setregid setregid32 "
		"setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 "
		"setuid setuid32" },
	{ "resources",
		"ioprio_set mbind migrate_pages move_pages nice sched_setaffinity "
		"sched_setattr sched_setparam sched_setscheduler set_mempolicy "
		"set_mempolicy_home_node setpriority setrlimit" },
	{ "memlock",
		"mlock mlock2 mlockall munlock munlockall" },
	{ "keyring",
		"add_key keyctl request_key" },
	{ "everything else",
		"arm_fadvise64_64 capget capset copy_file_range fadvise64 "
		"fadvise64_64 flock get_mempolicy getcpu getpriority ioctl "
		"ioprio_get kcmp madvise mremap name_to_handle_at oldolduname "
		"olduname personality readahead readdir remap_file_pages "
		"sched_get_priority_max sched_get_priority_min sched_getattr "
		"sched_getparam sched_getscheduler sched_rr_get_interval "
		"sched_rr_get_interval_time64 sched_yield sendfile sendfile64 "
		"setfsgid setfsgid32 setfsuid setfsuid32 setpgid setsid splice "
		"sysinfo tee umask uname userfaultfd vmsplice" },
};
/* clang-format on */

struct call_filter {
	struct sock_fprog program;
	int youngest; /* number of the newest call that the table has */
};

CLEANUP(scmp_filter_ctx, seccomp_release)

static int allow_one(struct call_filter *calls, scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number < 0)
		return 0; /* not on this machine */
	if (number > calls->youngest)
		calls->youngest = number;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

static int allow_all(struct call_filter *calls, scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(allowed); i++) {
		for (const char *at = allowed[i].names; r == 0 && *at;) {
			size_t size = strcspn(at, " ");
			char name[NAME_MAX_BYTES];

			snprintf(name, sizeof(name), "%.*s", (int)size, at);
			r = allow_one(calls, filter, name);
			at += size + strspn(at + size, " ");
		}
	}
	return r;
}

/* What libseccomp made of it, as bytes. */
static int export(char **ret, size_t *ret_size, scmp_filter_ctx filter)
{
	_cleanup_close_ int fd = memfd_create("filter", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(filter, fd);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? r : fd_read_all(ret, ret_size, fd, CODE_MAX_BYTES);
}

/* In front of it: calls that nobody here has heard of do not exist. */
static int compile(struct call_filter *calls, scmp_filter_ctx filter)
{
	const struct sock_filter prefix[PREFIX_COUNT] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (unsigned)calls->youngest, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	_cleanup_free_ char *code = NULL;
	struct sock_filter *all;
	size_t size = 0;
	int r = export(&code, &size, filter);

	if (r < 0)
		return r;
	assert(code); /* what export() promised */
	all = malloc(sizeof(prefix) + size);
	if (!all)
		return -ENOMEM;
	memcpy(all, prefix, sizeof(prefix));
	memcpy(all + PREFIX_COUNT, code, size);
	calls->program.filter = all;
	calls->program.len =
		(unsigned short)(PREFIX_COUNT + size / sizeof(struct sock_filter));
	return 0;
}

int call_filter_new(struct call_filter **ret, struct error *err)
{
	_cleanup_(call_filter_freep) struct call_filter *calls =
		calloc(1, sizeof(*calls));
	_cleanup_(seccomp_releasep) scmp_filter_ctx filter =
		seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!calls || !filter)
		return error_set(err, -ENOMEM, "seccomp: out of memory");
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
	if (r == 0)
		r = allow_all(calls, filter);
	if (r == 0)
		r = compile(calls, filter);
	if (r < 0)
		return error_errno(err, r, "seccomp: the filter of services");
	*ret = TAKE(calls);
	return 0;
}

struct call_filter *call_filter_free(struct call_filter *calls)
{
	if (!calls)
		return NULL;
	free(calls->program.filter);
	free(calls);
	return NULL;
}

int call_filter_install(const struct call_filter *calls)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &calls->program) < 0 ? -errno
									       : 0;
}
