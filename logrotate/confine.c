/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.c - the system calls that writing, rotating and reading logs need: files in the
 * directories that its user may write, and no socket but the journal's.
 */
#include "logrotate/confine.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/sandbox.h"

static const int calls[] = {
	/* logs and their archives */
	SCMP_SYS(openat2),
	SCMP_SYS(getdents64),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlinkat),
	SCMP_SYS(utimensat),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(sync_file_range),
	SCMP_SYS(statx),
	SCMP_SYS(fstatfs),
	SCMP_SYS(readv),
	SCMP_SYS(pwrite64),
	/* who asks */
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(geteuid),
	/* its threads begin */
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
};

static const struct sandbox_rule rules[] = {
	SANDBOX_FAMILY(AF_UNIX),
	{ SCMP_SYS(openat), 3, S_ISUID | S_ISGID, 0 },
	{ SCMP_SYS(fchmod), 1, S_ISUID | S_ISGID, 0 },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD },
	{ SCMP_SYS(sched_setscheduler), 1, UINT32_MAX, SCHED_IDLE },
};

int confine(struct error *err)
{
	return sandbox_enter(&SANDBOX_OF(calls, rules), err);
}
