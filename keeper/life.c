/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * life.c - one supervisor after the other: its start, its watchdog, its end; and the
 * exits that it is told.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/log.h"

#include "keeper/inside.h"
#include "keeper/start.h"

enum {
	SHORT_LIFE_US = US_PER_S, /* who lived shorter waits for the next start */
	PAUSE_FIRST_US = 100000,
	PAUSE_MAX_US = 5 * US_PER_S,
	ABORT_US = 5 * US_PER_S, /* from SIGABRT to SIGKILL */
	STOPS_MAX = 3,
	LEFT_MS = 1000,
};

/* ---- exits ----------------------------------------------------------------------- */

void life_orphan(struct keeper *keeper, const siginfo_t *info)
{
	struct orphan orphan = { info->si_pid, 0, info->si_code, info->si_status };

	(void)process_start(info->si_pid, &orphan.start);
	if (orphans_add(&keeper->orphans, &orphan) < 0)
		log_warning("out of memory: the exit of pid %d is lost", info->si_pid);
}

bool life_tell(const struct keeper *keeper, const char *line)
{
	size_t size = strlen(line);

	return keeper->pipe >= 0 && write(keeper->pipe, line, size) == (ssize_t)size;
}

bool life_tell_orphans(struct keeper *keeper)
{
	const struct orphans *orphans = &keeper->orphans;

	if (keeper->pipe < 0)
		return true;
	keeper->told = MAX(keeper->told, orphans->first);
	for (; keeper->told < orphans->end; keeper->told++) {
		char line[ORPHAN_LINE_BYTES];

		orphan_write(line, &orphans->items[keeper->told % ORPHANS_KEPT]);
		if (!life_tell(keeper, line))
			return errno != EAGAIN; /* else it is dead: the next is told */
	}
	return true;
}

/* What the next supervisor has as "orphans"; -1: nothing, or no file could be made. */
static int orphans_file(const struct orphans *orphans)
{
	_cleanup_free_ char *text = orphans_text(orphans, 0);
	_cleanup_close_ int fd = -1;
	size_t size = text ? strlen(text) : 0;

	if (size == 0)
		return -1;
	fd = memfd_create("orphans", MFD_CLOEXEC);
	if (fd < 0 || pwrite(fd, text, size, 0) != (ssize_t)size) {
		log_warning(
			"how processes ended cannot be handed over: %s", strerror(errno));
		return -1;
	}
	return TAKE_FD(fd);
}

/* A supervisor that is ready has taken in what it was handed. One may die before that is
 * in what it leaves behind: so only the next one's word counts. */
void life_ready(struct keeper *keeper)
{
	log_info("ready");
	orphans_forget(&keeper->orphans, keeper->proven);
	keeper->proven = keeper->handed;
	if (keeper->goal == GOAL_STOP)
		life_signal(keeper, SIGINT);
}

/* One that outlived the keeper before us: it has seen by now that it is alone, or never
 * will. Two must not act at a time. */
void life_end_left(const struct keeper *keeper)
{
	struct pollfd left = { .events = POLLIN };
	uint64_t start = 0;

	if (keeper->place.left <= 0)
		return;
	left.fd = (int)syscall(SYS_pidfd_open, keeper->place.left, 0);
	if (left.fd < 0)
		return;
	if (process_start(keeper->place.left, &start) == 0 &&
		start == keeper->place.left_start && poll(&left, 1, LEFT_MS) == 0) {
		log_warning("the supervisor (pid %d) of an earlier svcd does not end: "
			    "ending it by force",
			keeper->place.left);
		(void)syscall(SYS_pidfd_send_signal, left.fd, SIGKILL, NULL, 0);
		(void)poll(&left, 1, LEFT_MS);
	}
	close(left.fd);
}

/* ---- the beginning --------------------------------------------------------------- */

void life_start(struct keeper *keeper)
{
	_cleanup_close_ int orphans = orphans_file(&keeper->orphans);
	struct start how = {
		.root = keeper->root,
		.notify_path = keeper->place.notify_path,
		.store = &keeper->store,
		.orphans = orphans,
		.watchdog_us = keeper->watched ? keeper->patience_us : 0,
	};
	struct error err = { 0 };
	int r = start_supervisor(&how, &keeper->pipe, &err);

	keeper->started_us = keeper->heard_us = keeper->owes_us = now_us();
	keeper->aborted = false;
	keeper->leave_by_us = NEVER_US;
	/* systemd waits for one of us to speak: the new one has its time from here on */
	outer_say(&keeper->outer, "WATCHDOG=1");
	if (r < 0) {
		keeper->start_at_us = keeper->started_us + PAUSE_MAX_US;
		log_error("cannot start the supervisor, trying again in 5s; services run "
			  "on: %s",
			err.text);
		return;
	}
	keeper->supervisor = r;
	place_note(&keeper->place, r);
	keeper->handed = keeper->told = keeper->orphans.end;
	log_debug("supervisor started, pid %d, %zu fds handed over", r,
		keeper->store.count);
}

/* ---- the end --------------------------------------------------------------------- */

void life_signal(struct keeper *keeper, int number)
{
	enum { LEAVE_US = 10 * US_PER_S };

	if (keeper->supervisor == 0)
		return;
	kill(keeper->supervisor, number);
	if (number == SIGTERM)
		keeper->leave_by_us = now_us() + LEAVE_US;
}

/* A long life earns an immediate start, short ones wait ever longer. */
static int64_t next_pause_us(int64_t pause_us, int64_t lived_us)
{
	if (lived_us >= SHORT_LIFE_US)
		return 0;
	return pause_us > 0 ? MIN(pause_us * 2, PAUSE_MAX_US) : PAUSE_FIRST_US;
}

/* Whether this end was ours to expect. */
static bool was_asked(struct keeper *keeper, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;

	switch (keeper->goal) {
	case GOAL_RUN: return false;
	case GOAL_RENEW: return true;
	case GOAL_LEAVE:
		keeper->ended = true;
		keeper->exit_status = EXIT_SUCCESS;
		return true;
	case GOAL_STOP:
		/* one that dies meanwhile has not stopped all: the next one shall */
		if (!exited && ++keeper->stops < STOPS_MAX)
			return false;
		keeper->ended = true;
		keeper->exit_status = exited ? info->si_status : EXIT_FAILURE;
		return true;
	}
	return false;
}

void life_ended(struct keeper *keeper, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;
	int64_t now = now_us();

	keeper->supervisor = 0;
	close(keeper->pipe);
	keeper->pipe = -1;
	keeper->start_at_us = now;
	if (was_asked(keeper, info))
		return;
	keeper->pause_us = next_pause_us(keeper->pause_us, now - keeper->started_us);
	keeper->start_at_us = now + keeper->pause_us;
	log_error("the supervisor (pid %d) ended: %s %d; starting the next%s",
		info->si_pid, exited ? "exit" : strsignal(info->si_status),
		info->si_status, keeper->pause_us > 0 ? " after a pause" : " at once");
}

/* ---- what time brings ------------------------------------------------------------ */

/* Whom systemd watches speaks at times. Else nobody is woken to say that he lives: one
 * whose loop does not turn ends itself (loop_guard()), and who cannot do that because he
 * is stopped, the kernel tells of. */
void life_heard(struct keeper *keeper)
{
	keeper->heard_us = now_us();
	if (!keeper->aborted)
		keeper->owes_us = keeper->watched ? keeper->heard_us : NEVER_US;
}

void life_halted(struct keeper *keeper, bool halted)
{
	if (keeper->watched || keeper->aborted)
		return;
	keeper->owes_us = halted ? MIN(keeper->owes_us, now_us()) : NEVER_US;
}

static int64_t force_at_us(const struct keeper *keeper)
{
	if (keeper->leave_by_us != NEVER_US)
		return keeper->leave_by_us;
	if (keeper->owes_us == NEVER_US)
		return NEVER_US;
	return keeper->owes_us + (keeper->aborted ? ABORT_US : keeper->patience_us);
}

/* A supervisor whose loop does not turn is as good as dead. SIGABRT leaves a core to look
 * at; one that is stopped hears it only when it goes on. */
static void force(struct keeper *keeper)
{
	const char *why =
		keeper->leave_by_us != NEVER_US ? "does not leave" : "has not spoken";
	int64_t now = now_us();
	bool gently = keeper->leave_by_us == NEVER_US && !keeper->aborted;

	log_error("the supervisor (pid %d) %s for %llds: ending it%s", keeper->supervisor,
		why, (long long)((now - keeper->heard_us) / US_PER_S),
		gently ? "" : " by force");
	kill(keeper->supervisor, gently ? SIGABRT : SIGKILL);
	kill(keeper->supervisor, SIGCONT);
	keeper->aborted = true;
	keeper->heard_us = keeper->owes_us = now;
	if (keeper->leave_by_us != NEVER_US)
		keeper->leave_by_us = now + ABORT_US;
}

int64_t life_due_us(const struct keeper *keeper)
{
	return keeper->supervisor > 0 ? force_at_us(keeper) : keeper->start_at_us;
}

void life_turn(struct keeper *keeper)
{
	if (now_us() < life_due_us(keeper))
		return;
	if (keeper->supervisor > 0)
		force(keeper);
	else
		life_start(keeper);
}
