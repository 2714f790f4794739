/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spawn.c - clone3 into a cgroup with a pidfd, and the pipe on which the child tells
 * which step failed.
 *
 * Not here: the steps (child.c).
 */
#include "spawn/spawn.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "base/failpoint.h"

#include "spawn/child.h"
#include "spawn/clone.h"

int spawn(struct spawned *ret, const struct spawn_spec *spec, struct error *err)
{
	_cleanup_close_ int read_end = -1;
	_cleanup_close_ int write_end = -1;
	int ends[2], pidfd = -1, saved;
	sigset_t all, before;
	pid_t pid;

	assert(spec->function || (spec->argv && spec->argv->count > 0));
	assert(spec->fds_count <= SPAWN_MAX_FDS);
	if (spec->spawner && !spec->function)
		return spawner_spawn(spec->spawner, ret, spec, err);
	if (FAILPOINT_CALL("spawn.pipe", pipe2(ends, O_CLOEXEC | O_NONBLOCK)) < 0)
		return error_errno(err, -errno, "%s: pipe", spec->name);
	read_end = ends[0];
	write_end = ends[1];
	/* Our handlers must not run in the child before it has reset them. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = FAILPOINT_CALL(
		"spawn.clone", clone_process(spec->cgroup_fd, CLONE_AS_CHILD, &pidfd));
	if (pid == 0)
		child_run(spec, &(struct child_ground){ 0 }, write_end);
	saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return error_errno(err, -saved, "%s: clone3", spec->name);
	*ret = (struct spawned){ .pid = pid, .pidfd = pidfd };
	ret->report_fd = TAKE_FD(read_end);
	return 0;
}

int spawn_report_read(int report_fd, char *reason, size_t size)
{
	struct child_report report = { 0 };
	ssize_t got = read(report_fd, &report, sizeof(report));

	if (got < 0)
		return errno == EAGAIN ? SPAWN_MUTE : -errno;
	if (got == 0)
		return SPAWN_RUNS;
	if (got != sizeof(report) || report.error < 0) {
		snprintf(reason, size, "the new process sent a broken report");
		return -EIO;
	}
	report.text[sizeof(report.text) - 1] = '\0';
	snprintf(reason, size, "%s", report.text);
	return report.error ? -report.error : SPAWN_NOTED;
}
