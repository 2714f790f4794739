/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reaper.c - one watch per child that was given up; most live for a moment only.
 */
#include "spawn/reaper.h"

#include <sys/wait.h>

struct orphan {
	struct reaper *reaper;
	struct orphan *next;
	struct watch *watch;
	pid_t pid;
	int pidfd;
};

struct reaper {
	struct loop *loop;
	struct orphan *first;
};

int reaper_new(struct reaper **ret, struct loop *loop)
{
	struct reaper *reaper = calloc(1, sizeof(*reaper));

	if (!reaper)
		return -ENOMEM;
	reaper->loop = loop;
	*ret = reaper;
	return 0;
}

static void orphan_free(struct orphan *orphan)
{
	struct orphan **at = &orphan->reaper->first;

	while (*at != orphan)
		at = &(*at)->next;
	*at = orphan->next;
	watch_free(orphan->watch);
	close(orphan->pidfd);
	free(orphan);
}

static bool has_died(int pidfd)
{
	siginfo_t info = { 0 };

	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0 ||
	       info.si_pid != 0;
}

static void on_exit_of_orphan(void *owner, unsigned events, struct instant now)
{
	struct orphan *orphan = owner;

	(void)events;
	(void)now;
	if (has_died(orphan->pidfd))
		orphan_free(orphan);
}

void reaper_take(struct reaper *reaper, pid_t pid, int pidfd)
{
	struct orphan *orphan = has_died(pidfd) ? NULL : calloc(1, sizeof(*orphan));

	/* Without memory it stays a zombie until we end: not worth a failure. */
	if (!orphan || watch_new(&orphan->watch, reaper->loop, pidfd, WATCH_READ,
			       on_exit_of_orphan, orphan) < 0) {
		close(pidfd);
		free(orphan);
		return;
	}
	orphan->reaper = reaper;
	orphan->pid = pid;
	orphan->pidfd = pidfd;
	orphan->next = reaper->first;
	reaper->first = orphan;
}

/* A child that nobody has reaped keeps its pid: it is the same. */
void reaper_release(struct reaper *reaper, pid_t pid)
{
	struct orphan *orphan = reaper->first;

	while (orphan && orphan->pid != pid)
		orphan = orphan->next;
	if (orphan)
		orphan_free(orphan);
}

struct reaper *reaper_free(struct reaper *reaper)
{
	while (reaper && reaper->first)
		orphan_free(reaper->first);
	free(reaper);
	return NULL;
}
