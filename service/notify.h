/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notify.h - the socket on which an instance speaks sd_notify(3). Datagrams are only
 * believed from processes of its cgroup; the kernel tells whose they are.
 */
#pragma once

#include "base/error.h"
#include "base/loop.h"

enum { NOTIFY_STATUS_BYTES = 256, NOTIFY_MAX_FDS = 16 };

/* What one datagram said. */
struct notify_message {
	bool ready, reloading, stopping, watchdog, watchdog_trigger;
	bool fdstore, fdstore_remove, fdpoll; /* fdpoll: true unless FDPOLL=0 */
	bool has_status;
	char status[NOTIFY_STATUS_BYTES];
	pid_t main_pid;       /* 0: not told */
	int64_t extend_us;    /* UNSET: not told */
	int64_t watchdog_us;  /* UNSET: not told */
	int64_t monotonic_us; /* of RELOADING=1; UNSET: not told */
	int error;            /* ERRNO=; 0: none */
	char bus_error[64], fd_name[NOTIFY_STATUS_BYTES];
	/* What came with it; a callee that keeps one writes -1 in its place. */
	int fds[NOTIFY_MAX_FDS];
	size_t fds_count;
};
/* Pure. Unknown words are skipped, as are known ones with a value that makes no sense. */
void notify_parse(struct notify_message *ret, const char *bytes, size_t size);

struct notify;
struct notify_user {
	bool (*is_ours)(void *owner, pid_t pid);
	void (*told)(void *owner, struct notify_message *message, struct instant now);
	void *owner;
};
/* Listens at `path`, which only uid (and root) may write to. */
struct notify_plan {
	const char *path;
	int fd; /* taken, also when it fails: bound there by an earlier svcd; -1: none */
	uid_t uid;
	gid_t gid;
	struct notify_user user;
};
int notify_new(struct notify **ret, struct loop *loop, const struct notify_plan *plan,
	struct error *err);
struct notify *notify_free(struct notify *notify); /* removes the path */
int notify_fd(const struct notify *notify);        /* borrowed */
const char *notify_path(const struct notify *notify);
