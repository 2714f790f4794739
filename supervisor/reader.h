/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reader.h - reads everything declared on disk, in a child that can do no harm.
 *
 * The child is the program anew, without a byte of this process's memory. It opens the
 * files as root, then becomes nobody and gives up every system call but the few that
 * parsing needs; what it understood comes back as JSON. No YAML is read in this process.
 */
#pragma once

#include "base/paths.h"

#include "sources/sources.h"
#include "spawn/spawn.h"

enum { READER_TIMEOUT_MS = 10000 };

/* What the child is asked. */
struct reader_wish {
	const struct paths *paths;
	/* {NAME: head} of what was accepted before; NULL: the child reads it from the
	 * disk and tells (a first look). */
	const struct json_t *accepted;
	int watch_fd; /* inotify: told of each directory before it is read; -1: none */
	bool first;
	bool boot; /* `first`, and what is as it was accepted needs no understanding */
	bool takeover; /* only what was accepted is of interest */
};

/* What it understood. */
struct reader_result {
	struct config *config; /* the callee's to keep; NULL: `reason` says why */
	const char *reason;
	struct json_t *accepted; /* of a first look, as accepted_answer(); borrowed */
	struct json_t *watches;  /* inotify's numbers of the directories; borrowed */
	bool sealed;             /* no config, as everything was told by the way */
};

/* One service as it was accepted; all is borrowed. */
struct reader_service {
	const char *name, *head, *body; /* JSON, as in accepted.h */
};

struct reader;
typedef void reader_done_fn(
	void *owner, struct reader_result *result, struct instant now);
/* -EINVAL: what was told makes no sense. -ENOMEM. */
typedef int reader_service_fn(
	void *owner, const struct reader_service *service, struct instant now);
struct reader_plan {
	struct loop *loop;
	struct cgroups *cgroups;
	struct reader_wish wish; /* what it points to is read by the child alone, now */
	/* Of a boot that finds all sealed: while the child still writes, first told of
	 * host and site (a config without entries), then of each service. An end that is
	 * not `sealed` leaves it open which are missing. Of a takeover, told of each
	 * service. */
	reader_done_fn *host;
	reader_service_fn *service;
	reader_done_fn *done;
	void *owner;
};
int reader_start(struct reader **ret, const struct reader_plan *plan); /* -ENOMEM */
struct reader *reader_free(struct reader *reader);

/* The child's part, `svcd-supervisor --read[=WHAT]`: gathers below the paths, drops
 * everything, parses, writes JSON to stdout: config_print(), "accepted", "watches". Where
 * the seal holds (seal.h), a config of host and site in a line, then a line per service.
 * `what` is how the supervisor asks; NULL: a person does. The exit status. */
int reader_run(const struct paths *paths, const char *what);
