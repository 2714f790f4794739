/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spawn.h - the door of this room: makes a process by clone3 into a cgroup, one table of
 * steps, then exec. Its parts: who it runs as (identity.h), where it lives
 * (cgroup_base.h, cgroup.h, cgroup_pressure.h), what it sees (view.h), what it prints
 * into (pipe.h), what it inherits (environment.h), and side jobs (deed.h).
 *
 * The parent never waits: a step that fails writes its name and errno into `report_fd`,
 * which reaches end of file when exec succeeded.
 */
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

#include "spawn/birth.h"
#include "spawn/cgroup.h"
#include "spawn/cgroup_base.h"
#include "spawn/cgroup_pressure.h"
#include "spawn/environment.h"
#include "spawn/identity.h"
#include "spawn/pipe.h"
#include "spawn/spawner.h"
#include "spawn/trusted_path.h"
#include "spawn/view.h"

enum { SPAWN_MAX_FDS = 32 };
#define SPAWN_INHERIT INT64_MIN

struct spawn_spec {
	/* who forks for us; NULL, and for a function: we do */
	struct spawner *spawner;
	const char *name;           /* for messages */
	const struct strings *argv; /* or: */
	/* Runs in the child instead of exec; its result is the exit status. */
	int (*function)(void *data, int output_fd);
	void *data;
	const char *const
		*environment; /* "KEY=VALUE", ends with NULL; nothing else is inherited */
	const char *directory;           /* NULL: / */
	const struct identity *identity; /* NULL: stay who we are */
	int cgroup_fd; /* directory of the leaf it is born in; a deed sets its own */
	const struct limits *limits; /* of the cgroup that a deed makes; NULL: none */
	struct {
		int fd, target;
	} fds[SPAWN_MAX_FDS]; /* fd is dup'ed to target; all others are closed */
	size_t fds_count;
	int64_t umask, open_files, core_bytes; /* UNSET: inherit */
	int64_t nice, oom_score; /* SPAWN_INHERIT: inherit; -1 is a value of theirs */
	/* enum asked_limit: a failure where the host refuses them; other limits become as
	 * much as it gives, and a note */
	int64_t limits_asked;
	const struct view *view; /* NULL: sees what the host has */
	bool network_none;       /* its own loopback and nothing else */
	bool apart; /* shares no host name, no IPC objects and no keys with the host */
	bool service_calls; /* only those system calls; needs `spawner` */
	int join_pidfd;     /* > 0: lives in the view and network of this one */
	bool no_new_privileges;
	/* Kept, ambient; NULL or empty: none. Only with an identity that is not root. */
	const struct strings *capabilities;
	bool keep_privileges;  /* of our own children: do not touch capabilities */
	bool set_listen_pid;   /* adds LISTEN_PID=own pid */
	bool set_watchdog_pid; /* adds WATCHDOG_PID=own pid */
};

/* Nothing set: the child stays as we are. */
static inline struct spawn_spec spawn_plain(const char *name)
{
	return (struct spawn_spec){ .name = name,
		.cgroup_fd = -1,
		.umask = UNSET,
		.nice = SPAWN_INHERIT,
		.open_files = UNSET,
		.core_bytes = UNSET,
		.oom_score = SPAWN_INHERIT };
}

struct spawned {
	pid_t pid;
	int pidfd, report_fd;
};

/* -errno with a sentence when not even the clone succeeded. */
int spawn(struct spawned *ret, const struct spawn_spec *spec, struct error *err);

enum spawn_told {
	SPAWN_RUNS, /* exec succeeded, or the function began */
	/* `reason` is about a limit that is less than it should be: read on */
	SPAWN_NOTED,
	SPAWN_MUTE, /* nothing is there to read yet */
};
/* What came out of report_fd, once it is readable: an enum spawn_told, or the negative
 * errno of a step that failed and `reason` "chdir /srv/x: No such file or directory".
 * Does not close it. */
int spawn_report_read(int report_fd, char *reason, size_t size);

#include "spawn/deed.h" /* its plan holds a spawn_spec */
