/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * birth.c - reads /proc/PID/stat.
 */
#include "spawn/birth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/file.h"

enum { STAT_MAX_BYTES = 4096, PARENT_FIELD = 4, START_FIELD = 22 };

/* The name stands in parentheses, and may hold any byte, parentheses too. */
int birth_parse(struct birth *ret, const char *stat)
{
	const char *at = strrchr(stat, ')');
	char *end;

	/* behind the name come a space and field 3, one letter */
	if (!at || at[1] != ' ' || !at[2])
		return -EINVAL;
	at += 2;
	for (int field = 3; field < START_FIELD; field++) {
		at = strchr(at, ' ');
		if (!at)
			return -EINVAL;
		at++;
		if (field + 1 == PARENT_FIELD)
			ret->parent = (pid_t)strtol(at, NULL, 10);
	}
	errno = 0;
	ret->ticks = strtoull(at, &end, 10);
	return errno || end == at ? -EINVAL : 0;
}

int birth_read(struct birth *ret, pid_t pid)
{
	_cleanup_free_ char *text = NULL;
	char path[sizeof("/proc//stat") + 12];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	r = file_read(&text, NULL, AT_FDCWD, path, STAT_MAX_BYTES);
	if (r < 0)
		return -ESRCH;
	return birth_parse(ret, text);
}

/* linux/pidfd.h of 6.15, which the headers of most hosts do not have yet */
struct exit_info {
	uint64_t mask, cgroup_id;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
static const uint64_t mask_exit = UINT64_C(1) << 3;
#define ASK_EXIT _IOWR(0xff, 11, struct exit_info)

int pidfd_exit(int pidfd, siginfo_t *ret)
{
	struct exit_info info = { .mask = mask_exit };

	if (ioctl(pidfd, ASK_EXIT, &info) < 0)
		return -errno;
	if (!(info.mask & mask_exit))
		return -ESRCH;
	*ret = (siginfo_t){ 0 };
	ret->si_pid = info.pid ? (pid_t)info.pid : 1; /* not 0: it is known */
	if (WIFEXITED(info.exit_code)) {
		ret->si_code = CLD_EXITED;
		ret->si_status = WEXITSTATUS(info.exit_code);
	} else {
		ret->si_code = WCOREDUMP(info.exit_code) ? CLD_DUMPED : CLD_KILLED;
		ret->si_status = WTERMSIG(info.exit_code);
	}
	return 0;
}
