/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper.c - one loop: signals, what the supervisor says, what is carried over an exec.
 *
 * It must never die, so it does as little as possible: no JSON, no network, no decision
 * about a service. It is the subreaper of everything below, starts the supervisor again
 * when that ends (life.c), and speaks with it the protocol that systemd speaks with a
 * service; under systemd it passes the same words and file descriptors on (outer.c).
 *
 * Not here: what the supervisor does with what it is handed (supervisor/store.c).
 */
#include "keeper/keeper.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/log.h"

#include "keeper/hear.h"
#include "keeper/inside.h"

enum {
	PATIENCE_US = 20 * US_PER_S, /* without systemd's word */
	OUTER_WAIT_MS = 1000,        /* before an exec */
};

/* ---- executing anew -------------------------------------------------------------- */

static void refuse_renewal(const struct keeper *keeper, const char *why)
{
	char line[512];

	log_error("svcd is not executed anew, and goes on as it is: %s", why);
	snprintf(line, sizeof(line), "reexec %s\n", why);
	(void)life_tell(keeper, line);
}

static void begin_renewal(struct keeper *keeper)
{
	pid_t pid;

	if (keeper->goal != GOAL_RUN) {
		refuse_renewal(keeper, "it is about to end");
		return;
	}
	if (keeper->trial > 0)
		return; /* its end answers both */
	pid = renew_try(&keeper->renew);
	if (pid < 0) {
		refuse_renewal(keeper, strerror(-pid));
		return;
	}
	keeper->trial = pid;
	keeper->trial_by_us = now_us() + RENEW_TRIAL_US;
}

static void on_trial_end(struct keeper *keeper, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;
	char why[256];

	keeper->trial = 0;
	if (!exited || info->si_status != 0) {
		snprintf(why, sizeof(why), "%s --version ends with %s %d",
			keeper->renew.program, exited ? "exit" : "signal",
			info->si_status);
		refuse_renewal(keeper, why);
		return;
	}
	if (keeper->goal != GOAL_RUN)
		return;
	(void)life_tell(keeper, "reexec\n");
	keeper->goal = GOAL_RENEW;
	life_signal(keeper, SIGTERM);
}

/* The outer store is given what it is owed; then we become what lies at our path. */
static void renew(struct keeper *keeper)
{
	struct pollfd outer = { .fd = keeper->outer.socket, .events = POLLOUT };
	const struct carry carry = { .kept = &keeper->store,
		.own = &keeper->place.own,
		.orphans = &keeper->orphans,
		.unknown = keeper->unknown };
	int r;

	while (!outer_settle(&keeper->outer, &keeper->store)) {
		if (poll(&outer, 1, OUTER_WAIT_MS) > 0)
			continue;
		log_warning("the outer store is not told all: it does not hear");
		break;
	}
	log_info("executing %s anew", keeper->renew.program);
	r = renew_exec(&keeper->renew, &carry);
	log_error("cannot execute %s, going on as it is: %s", keeper->renew.program,
		strerror(-r));
	keeper->goal = GOAL_RUN;
}

/* ---- signals --------------------------------------------------------------------- */

static void on_child_end(struct keeper *keeper, const siginfo_t *info)
{
	siginfo_t reaped;

	if (info->si_pid == keeper->supervisor)
		keeper_hear(keeper); /* its last words are there, while it has its name */
	else if (info->si_pid != keeper->trial)
		life_orphan(keeper, info);
	(void)waitid(P_PID, (id_t)info->si_pid, &reaped, WEXITED);
	if (info->si_pid == keeper->supervisor)
		life_ended(keeper, info);
	else if (info->si_pid == keeper->trial)
		on_trial_end(keeper, info);
}

static void look_at_halts(struct keeper *keeper)
{
	siginfo_t info = { 0 };

	while (keeper->supervisor > 0 &&
		waitid(P_PID, (id_t)keeper->supervisor, &info,
			WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
		info.si_pid > 0) {
		life_halted(keeper, info.si_code == CLD_STOPPED);
		info.si_pid = 0;
	}
}

static void reap(struct keeper *keeper)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid > 0) {
		on_child_end(keeper, &info);
		info.si_pid = 0;
	}
	look_at_halts(keeper);
}

/* SIGTERM: our end, services run on. SIGINT: all is stopped first, and the latter of
 * both counts. The supervisor knows the same words. */
static void on_end(struct keeper *keeper, int number)
{
	keeper->goal = number == SIGINT ? GOAL_STOP : GOAL_LEAVE;
	outer_say(&keeper->outer, "STOPPING=1");
	if (keeper->supervisor > 0)
		life_signal(keeper, number);
	else if (keeper->goal == GOAL_LEAVE)
		keeper->ended = true;
	else
		keeper->start_at_us = now_us(); /* who else would stop them */
}

static void on_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	while (read(keeper->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(keeper);
		else if (info.ssi_signo == SIGHUP)
			life_signal(keeper, SIGHUP);
		else
			on_end(keeper, (int)info.ssi_signo);
	}
}

/* ---- what the supervisor says ------------------------------------------------------ */

static void keep(struct keeper *keeper, struct datagram *datagram, const char *name)
{
	for (size_t i = 0; i < datagram->fds_count; i++) {
		int r = outer_keep(
			&keeper->outer, &keeper->store, name, TAKE_FD(datagram->fds[i]));

		if (r < 0)
			log_warning("cannot keep \"%s\" for the supervisor: %s", name,
				r == -ENOSPC ? "there are too many fds, or too long names"
					     : strerror(-r));
	}
	if (datagram->fds_lost)
		log_warning("cannot keep \"%s\" for the supervisor: too many open files",
			name);
}

static void obey(struct keeper *keeper, struct datagram *datagram)
{
	struct notice notice;

	if (datagram->from != keeper->supervisor || keeper->supervisor == 0) {
		log_debug("pid %d is not the supervisor: not heard", datagram->from);
		return;
	}
	FAILPOINT("keeper.heard");
	notice_read(&notice, datagram->bytes, datagram->size);
	life_heard(keeper);
	if (notice.store)
		keep(keeper, datagram, notice.name);
	if (notice.remove)
		outer_drop(&keeper->outer, &keeper->store, notice.name);
	notice_leave_words(datagram->bytes);
	outer_say(&keeper->outer, datagram->bytes);
	if (notice.ready)
		life_ready(keeper);
	if (notice.reexec)
		begin_renewal(keeper);
}

void keeper_hear(struct keeper *keeper)
{
	struct datagram datagram;

	while (datagram_receive(&datagram, keeper->place.notify_fd)) {
		obey(keeper, &datagram);
		datagram_done(&datagram);
	}
}

/* ---- the loop ---------------------------------------------------------------------- */

static struct timespec time_left(const struct keeper *keeper)
{
	int64_t at = life_due_us(keeper), left;

	if (keeper->trial > 0)
		at = MIN(at, keeper->trial_by_us);
	left = MAX(at - now_us(), 0);
	return (struct timespec){ left / US_PER_S, left % US_PER_S * NS_PER_US };
}

/* Fds that wait for room are watched for it; -1 is watched for nothing. */
static int turn(struct keeper *keeper)
{
	bool outer_waits = !outer_settle(&keeper->outer, &keeper->store);
	bool pipe_waits = !life_tell_orphans(keeper);
	struct pollfd polled[] = { { .fd = keeper->signals, .events = POLLIN },
		{ .fd = keeper->place.notify_fd, .events = POLLIN },
		{ .fd = outer_waits ? keeper->outer.socket : -1, .events = POLLOUT },
		{ .fd = pipe_waits ? keeper->pipe : -1, .events = POLLOUT } };
	struct timespec left = time_left(keeper);

	if (ppoll(polled, ARRAY_LEN(polled), &left, NULL) < 0 && errno != EINTR)
		return -errno;
	keeper_hear(keeper);
	on_signals(keeper);
	if (keeper->trial > 0 && now_us() >= keeper->trial_by_us) {
		kill(keeper->trial, SIGKILL);
		keeper->trial_by_us = NEVER_US;
	}
	if (keeper->goal == GOAL_RENEW && keeper->supervisor == 0)
		renew(keeper);
	if (!keeper->ended)
		life_turn(keeper);
	return 0;
}

/* ---- the beginning ----------------------------------------------------------------- */

/* What an earlier life of ours left with systemd. */
static void take_from_outer(struct keeper *keeper)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	for (int i = 0; i < count; i++) {
		int r = fd_table_put(&keeper->store, names[i], SD_LISTEN_FDS_START + i);

		if (r < 0)
			log_warning("\"%s\" from systemd's store: %s", names[i],
				strerror(-r));
		free(names[i]);
	}
	free(names);
}

/* What we had before we executed ourselves anew, or before we died. */
static void take_over(struct keeper *keeper)
{
	struct carry carry = { .kept = &keeper->store,
		.own = &keeper->place.own,
		.orphans = &keeper->orphans };
	int r = carry_take(&carry);

	keeper->unknown = carry.unknown;
	if (r < 0)
		log_error("what was carried over cannot be read: %s", strerror(-r));
	if (r > 0)
		log_info("svcd " SVCD_VERSION " goes on with %zu fds",
			keeper->store.count);
	take_from_outer(keeper);
}

static int hear_signals(struct keeper *keeper, struct error *err)
{
	static const int numbers[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };
	sigset_t heard;

	sigemptyset(&heard);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaddset(&heard, numbers[i]);
	sigprocmask(SIG_BLOCK, &heard, NULL);
	signal(SIGPIPE, SIG_IGN);
	keeper->signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
	return keeper->signals < 0 ? error_errno(err, -errno, "signalfd") : 0;
}

/* systemd ends us when its watchdog hears nothing: the supervisor is to be replaced
 * before. */
static void be_watched(struct keeper *keeper)
{
	uint64_t told_us = 0;

	keeper->watched = sd_watchdog_enabled(0, &told_us) > 0;
	keeper->patience_us = keeper->watched ? (int64_t)(told_us / 3 * 2) : PATIENCE_US;
}

static int prepare(struct keeper *keeper, char **argv, struct error *err)
{
	int r = renew_init(&keeper->renew, argv);

	if (r < 0)
		return error_errno(err, r, "where svcd lies");
	take_over(keeper);
	outer_open(&keeper->outer, getenv("NOTIFY_SOCKET"));
	be_watched(keeper);
	r = place_open(&keeper->place, keeper->root, err);
	if (r == 0)
		r = place_listen(&keeper->place, &keeper->store, &keeper->outer, err);
	if (r == 0)
		r = place_notify(&keeper->place, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_errno(err, -errno, "cannot become subreaper");
	r = hear_signals(keeper, err);
	if (r < 0)
		return r;
	life_end_left(keeper);
	reap(keeper); /* who ended while we executed ourselves */
	return 0;
}

static void keeper_done(struct keeper *keeper)
{
	fd_table_done(&keeper->store);
	place_done(&keeper->place);
	outer_done(&keeper->outer);
	renew_done(&keeper->renew);
	orphans_done(&keeper->orphans);
	free(keeper->unknown);
	if (keeper->pipe >= 0)
		close(keeper->pipe);
	if (keeper->signals >= 0)
		close(keeper->signals);
}

int keeper_run(const char *root, char **argv, struct error *err)
{
	_cleanup_(keeper_done) struct keeper keeper = { .root = root,
		.place = { .notify_fd = -1 },
		.outer = { .socket = -1 },
		.signals = -1,
		.pipe = -1,
		.leave_by_us = NEVER_US };
	int r = prepare(&keeper, argv, err);

	while (r == 0 && !keeper.ended)
		r = turn(&keeper);
	if (r < 0)
		return error_is_set(err) ? r : error_errno(err, r, "poll");
	return keeper.exit_status;
}
