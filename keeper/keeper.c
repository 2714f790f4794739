/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper.c - one loop: the supervisor's life, its file descriptors, and orphans.
 *
 * It must never die, so it does as little as possible: no JSON, no network, no decision
 * about a service. It is the subreaper of everything below, starts the supervisor again
 * when that ends, and speaks with it the protocol that systemd speaks with a service;
 * under systemd it passes the same words and file descriptors on.
 *
 * Not here: what the supervisor does with what it is handed (supervisor/store.c).
 */
#include "keeper/keeper.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fd_table.h"
#include "base/log.h"
#include "base/orphans.h"

#include "keeper/notice.h"
#include "keeper/place.h"
#include "keeper/start.h"

enum {
	US_PER_S = 1000000,
	NS_PER_US = 1000,
	SHORT_LIFE_US =
		US_PER_S, /* a supervisor that lived shorter waits for its next start */
	PAUSE_FIRST_US = 100000,
	PAUSE_MAX_US = 5 * US_PER_S,
	WATCHDOG_US = 30 * US_PER_S, /* without systemd's word */
};

struct keeper {
	const char *root;
	struct place place;
	struct fd_table store;
	struct orphans orphans;
	int signals; /* signalfd */

	pid_t supervisor; /* 0: none runs */
	int life;         /* write end of its pipe; -1: none runs */
	int64_t started_us, heard_us, watchdog_us;
	int64_t start_at_us, pause_us; /* back-off; pause 0: none */
	bool stopping, ended;
	int exit_status;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

/* What the next supervisor has as "orphans"; -1: nothing, or no file could be made. */
static int orphans_file(const struct orphans *orphans)
{
	_cleanup_free_ char *text = orphans_text(orphans, 0);
	_cleanup_close_ int fd = -1;

	if (!text || !text[0])
		return -1;
	fd = memfd_create("orphans", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
		lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* ---- the supervisor's life ----------------------------------------------------- */

static void start(struct keeper *keeper)
{
	_cleanup_close_ int orphans = orphans_file(&keeper->orphans);
	struct start how = {
		.root = keeper->root,
		.notify_path = keeper->place.notify_path,
		.store = &keeper->store,
		.orphans = orphans,
		.watchdog_us = keeper->watchdog_us,
	};
	struct error err = { 0 };
	int r = start_supervisor(&how, &keeper->life, &err);

	keeper->started_us = keeper->heard_us = now_us();
	if (r < 0) {
		keeper->start_at_us = keeper->started_us + PAUSE_MAX_US;
		log_error(
			"cannot start the supervisor, trying again in 5s: %s", err.text);
		return;
	}
	keeper->supervisor = r;
	log_debug("supervisor started, pid %d, %zu fds handed over", r,
		keeper->store.count);
}

/* A long life earns an immediate start, short ones wait ever longer. */
static int64_t next_pause_us(int64_t pause_us, int64_t lived_us)
{
	if (lived_us >= SHORT_LIFE_US)
		return 0;
	return pause_us > 0 ? MIN(pause_us * 2, PAUSE_MAX_US) : PAUSE_FIRST_US;
}

static void on_supervisor_end(struct keeper *keeper, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;
	int64_t now = now_us();

	keeper->supervisor = 0;
	close(keeper->life);
	keeper->life = -1;
	if (keeper->stopping) {
		keeper->ended = true;
		keeper->exit_status = exited ? info->si_status : EXIT_FAILURE;
		return;
	}
	keeper->pause_us = next_pause_us(keeper->pause_us, now - keeper->started_us);
	keeper->start_at_us = now + keeper->pause_us;
	log_error("the supervisor (pid %d) ended: %s %d; starting the next%s",
		info->si_pid, exited ? "exit" : strsignal(info->si_status),
		info->si_status, keeper->pause_us > 0 ? " after a pause" : " at once");
}

/* Not reaped yet: its start time can still be read. */
static void on_orphan_end(struct keeper *keeper, const siginfo_t *info)
{
	struct orphan orphan = { info->si_pid, 0, info->si_code, info->si_status };
	char line[ORPHAN_LINE_BYTES];

	(void)process_start(info->si_pid, &orphan.start);
	(void)orphans_add(&keeper->orphans, &orphan);
	if (keeper->life >= 0)
		(void)!write(keeper->life, line, orphan_write(line, &orphan));
}

static void reap(struct keeper *keeper)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid > 0) {
		siginfo_t reaped;

		if (info.si_pid != keeper->supervisor)
			on_orphan_end(keeper, &info);
		(void)waitid(P_PID, (id_t)info.si_pid, &reaped, WEXITED);
		if (info.si_pid == keeper->supervisor)
			on_supervisor_end(keeper, &info);
		info.si_pid = 0;
	}
}

static void on_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	while (read(keeper->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap(keeper);
			continue;
		}
		if (info.ssi_signo != SIGHUP) {
			keeper->stopping = true;
			keeper->ended = keeper->supervisor == 0;
			(void)sd_notify(0, "STOPPING=1");
		}
		/* it knows the same words: SIGHUP: read the configuration again,
		 * SIGTERM: leave, SIGINT: stop everything */
		if (keeper->supervisor > 0)
			kill(keeper->supervisor, (int)info.ssi_signo);
	}
}

/* ---- what the supervisor says -------------------------------------------------- */

struct datagram {
	char bytes[NOTICE_MAX_BYTES + 1];
	size_t size;
	int fds[NOTICE_MAX_FDS]; /* owned */
	size_t fds_count;
	pid_t from;
};

static void datagram_done(struct datagram *datagram)
{
	for (size_t i = 0; i < datagram->fds_count; i++)
		if (datagram->fds[i] >= 0)
			close(datagram->fds[i]);
}

static void take_control(struct datagram *datagram, const struct cmsghdr *control)
{
	size_t size = control->cmsg_len - CMSG_LEN(0);

	if (control->cmsg_level != SOL_SOCKET)
		return;
	if (control->cmsg_type == SCM_RIGHTS) {
		datagram->fds_count = size / sizeof(int);
		memcpy(datagram->fds, CMSG_DATA(control), size);
	} else if (control->cmsg_type == SCM_CREDENTIALS) {
		struct ucred credentials;

		memcpy(&credentials, CMSG_DATA(control), sizeof(credentials));
		datagram->from = credentials.pid;
	}
}

/* False when nothing (more) is there. */
static bool receive(const struct keeper *keeper, struct datagram *ret)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int[NOTICE_MAX_FDS])) +
			   CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { ret->bytes, NOTICE_MAX_BYTES };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t size = recvmsg(
		keeper->place.notify_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (size < 0)
		return false;
	ret->size = (size_t)size;
	ret->bytes[size] = '\0';
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at;
		at = CMSG_NXTHDR(&message, at))
		take_control(ret, at);
	return true;
}

static void keep(struct keeper *keeper, struct datagram *datagram, const char *name)
{
	for (size_t i = 0; i < datagram->fds_count; i++) {
		int r = fd_table_put(&keeper->store, name, datagram->fds[i]);

		datagram->fds[i] = -1;
		if (r < 0)
			log_warning("cannot keep \"%s\" for the supervisor: %s", name,
				strerror(-r));
	}
}

static void obey(struct keeper *keeper, struct datagram *datagram)
{
	struct notice notice;

	notice_read(&notice, datagram->bytes, datagram->size);
	if (datagram->from != keeper->supervisor || keeper->supervisor == 0) {
		log_debug("pid %d is not the supervisor: not heard", datagram->from);
		return;
	}
	keeper->heard_us = now_us();
	/* systemd's store knows several fds by one name, ours one: so the older goes
	 * first */
	if (notice.store && notice.name[0] && fd_table_find(&keeper->store, notice.name))
		(void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", notice.name);
	(void)sd_pid_notify_with_fds(
		0, 0, datagram->bytes, datagram->fds, (unsigned)datagram->fds_count);
	if (notice.store)
		keep(keeper, datagram, notice.name);
	if (notice.remove)
		fd_table_remove(&keeper->store, notice.name);
	if (notice.ready)
		log_info("ready");
}

static void on_notices(struct keeper *keeper)
{
	for (;;) {
		_cleanup_(datagram_done) struct datagram datagram = { 0 };

		if (!receive(keeper, &datagram))
			return;
		obey(keeper, &datagram);
	}
}

/* ---- the loop ------------------------------------------------------------------ */

/* A supervisor whose loop does not turn is as good as dead; SIGABRT leaves a core to
 * look at. */
static void check_watchdog(struct keeper *keeper)
{
	if (now_us() - keeper->heard_us < keeper->watchdog_us)
		return;
	log_error("the supervisor (pid %d) has not spoken for %llds: ending it",
		keeper->supervisor, (long long)(keeper->watchdog_us / US_PER_S));
	kill(keeper->supervisor, SIGABRT);
	keeper->heard_us = now_us();
}

static struct timespec time_left(const struct keeper *keeper)
{
	int64_t at = keeper->supervisor > 0 ? keeper->heard_us + keeper->watchdog_us
					    : keeper->start_at_us;
	int64_t left = MAX(at - now_us(), 0);

	return (struct timespec){ left / US_PER_S, left % US_PER_S * NS_PER_US };
}

static int turn(struct keeper *keeper)
{
	struct pollfd polled[] = { { .fd = keeper->signals, .events = POLLIN },
		{ .fd = keeper->place.notify_fd, .events = POLLIN } };
	struct timespec left = time_left(keeper);

	if (ppoll(polled, ARRAY_LEN(polled), &left, NULL) < 0 && errno != EINTR)
		return -errno;
	/* what a supervisor said last is heard before its end is noticed */
	on_notices(keeper);
	on_signals(keeper);
	if (keeper->ended)
		return 0;
	if (keeper->supervisor > 0)
		check_watchdog(keeper);
	else if (now_us() >= keeper->start_at_us)
		start(keeper);
	return 0;
}

/* What an earlier life of ours left with systemd. */
static void take_from_systemd(struct keeper *keeper)
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

static void give_to_systemd(const struct keeper *keeper)
{
	for (size_t i = 0; i < keeper->store.count; i++) {
		const struct named_fd *stored = &keeper->store.items[i];
		char text[FD_NAME_MAX_BYTES + 64];

		snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s",
			stored->name);
		(void)sd_pid_notify_with_fds(0, 0, text, &stored->fd, 1);
	}
}

static int prepare(struct keeper *keeper, struct error *err)
{
	uint64_t watchdog_us = 0;
	sigset_t heard;
	int r;

	take_from_systemd(keeper);
	keeper->watchdog_us = sd_watchdog_enabled(0, &watchdog_us) > 0
				      ? (int64_t)watchdog_us
				      : WATCHDOG_US;
	r = place_open(&keeper->place, keeper->root, err);
	if (r == 0)
		r = place_listen(&keeper->place, &keeper->store, err);
	if (r == 0)
		r = place_notify(&keeper->place, err);
	if (r < 0)
		return r;
	give_to_systemd(keeper);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_errno(err, -errno, "cannot become subreaper");
	sigemptyset(&heard);
	for (size_t i = 0; i < 4; i++)
		sigaddset(&heard, (const int[]){ SIGCHLD, SIGHUP, SIGTERM, SIGINT }[i]);
	sigprocmask(SIG_BLOCK, &heard, NULL);
	signal(SIGPIPE, SIG_IGN);
	keeper->signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
	return keeper->signals < 0 ? error_errno(err, -errno, "signalfd") : 0;
}

static void keeper_done(struct keeper *keeper)
{
	fd_table_done(&keeper->store);
	place_done(&keeper->place);
	if (keeper->life >= 0)
		close(keeper->life);
	if (keeper->signals >= 0)
		close(keeper->signals);
}

int keeper_run(const char *root, struct error *err)
{
	_cleanup_(keeper_done) struct keeper keeper = { .root = root,
		.place = { .lock = -1, .notify_fd = -1 },
		.signals = -1,
		.life = -1 };
	int r = prepare(&keeper, err);

	while (r == 0 && !keeper.ended)
		r = turn(&keeper);
	if (r < 0)
		return error_is_set(err) ? r : error_errno(err, r, "poll");
	return keeper.exit_status;
}
