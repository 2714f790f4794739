/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * deed.h - a side job: a supervised child with a deadline, a user, and its own cgroup.
 *
 * Only the supervisor forks; `before` commands, files, reload commands, the configuration
 * reader, user look-ups and writes below /var/lib are deeds, because each may block on a
 * disk or a network.
 */
#pragma once

#include "base/error.h"
#include "base/loop.h"
#include "base/text.h"

#include "spawn/spawn.h"

/* The reader prints most: 1,000 services are 7.4 MB. */
enum { DEED_OUTPUT_MAX_BYTES = 64 * 1024 * 1024 };

struct deed;
struct deed_result {
	bool ok;  /* exit 0 in time */
	int code; /* -1: it did not end by itself, or never began */
	int signal;
	bool timed_out; /* and was killed; one that does not die is given up */
	/* What it wrote to stdout and stderr (a function: to `output_fd`); not NULL. */
	const char *output;
	size_t output_size;
	/* When not ok: "before[0] /usr/bin/migrate: exit 1: last line of output". */
	char reason[256];
};
typedef void deed_done_fn(
	void *owner, const struct deed_result *result, struct instant now);
/* A line as it came, without its newline; the deed must not be freed in there. False: it
 * is not for the callee, it and all behind it are output. */
typedef bool deed_line_fn(void *owner, const char *line, size_t size, struct instant now);

/* Starts `plan->spec` in a cgroup of its own ("mathoid/deed-3"). Its stdout and stderr
 * come to us unless the spec says otherwise; a function gets the same pipe as
 * `output_fd`. `done` is called once, from the loop, also when it could not be started;
 * freeing the deed in there is allowed. After deed_free() it is never called. -ENOMEM. */
struct deed_plan {
	const char *service;           /* whose cgroup; NULL: "_svcd" */
	const struct spawn_spec *spec; /* read now, not kept */
	int64_t timeout_ms;
	size_t output_max_bytes; /* printing more ends it; 0: DEED_OUTPUT_MAX_BYTES */
	deed_done_fn *done;
	/* Told of each whole line while the child still writes. NULL: all is output. */
	deed_line_fn *line;
	void *owner;
};
int deed_start(struct deed **ret, struct loop *loop, struct cgroups *cgroups,
	const struct deed_plan *plan);
struct deed *deed_free(struct deed *deed); /* kills its cgroup when it still runs */
