/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * member.h - the supervisor's own data about one service: what was found out, what was
 * told to whom.
 */
#pragma once

#include "base/reason.h"

#include "service/service.h"
#include "spawn/spawn.h"
#include "supervisor/ready.h"

struct supervisor;

/* What one instance uses; UNSET is not known. */
struct measured {
	int64_t cpu_us, memory_bytes, tasks, fds, connections;
	struct pressure pressure;
};
void measured_unknown(struct measured *ret);

/* What an engine must still be told about a service: newest state only. */
enum {
	TELL_SERVICE = 1, /* the declaration */
	TELL_STATE = 2,   /* the status document */
	TELL_PIPES = 4,   /* its open pipes */
};
struct telling {
	unsigned dirty;       /* TELL_* */
	uint64_t sent, acked; /* generations of the declaration */
};

struct member {
	struct supervisor *supervisor;
	char *name;
	struct service *service; /* NULL: its file was refused before it ever ran */
	uint64_t index;          /* of the supervisor's count of changes, at its latest */
	uint64_t generation;     /* of its declaration, as engines are told */
	bool changed;            /* not yet settled: faces must hear of it */
	char *record;    /* private to estate.c: it as remembered; NULL: not yet */
	bool unrecorded; /* that is older than it is */
	bool leaving;    /* stopping for good; forgotten when stopped */
	bool unkept;     /* what an operator wants of it is not yet on the disk */

	const struct readiness *readiness; /* shared by all of whom all is well */
	struct term *port;                 /* NULL: that term holds */
	struct instant port_at;            /* when that was looked at */
	struct measured *measured;
	size_t measured_count;
	struct instant measured_at;
	struct telling told[ENGINE_COUNT];

	struct changes pending; /* declared on disk, waiting for `svcctl apply` */
	/* sources of it that are not its own file and changed: "template node" */
	struct remark upstream;
	struct wall pending_since; /* us 0: nothing waits, and it is no orphan */
	bool orphan;               /* runs, and no file declares it any more */
	/* runs as accepted earlier: its file, the host's or the site's is refused */
	bool stale;
	struct strings refused; /* why the file on disk is not taken */
	int64_t operators_gid;  /* group access.group; UNSET: no such group here */
	/* private to order.c, but for what it waits for; "": nothing */
	/* before it goes, clients look elsewhere till then; NEVER: nobody has to */
	struct instant drain_until;
	struct instant start_by; /* without the services that it depends on; NEVER: no */
	bool impatient;          /* that time has come */
	struct remark waits_for;
};

struct members {
	struct member **items; /* by name */
	size_t count;
};

struct member *members_find(const struct members *members, const char *name);
/* A new one, without a service; NULL: no memory. The name must not stand yet. */
struct member *members_add(
	struct members *members, struct supervisor *supervisor, const char *name);
/* Copies; it stays as it was without memory for that. */
void member_keep_readiness(struct member *member, const struct readiness *judged);
void member_keep_port(struct member *member, const struct term *port);
/* Frees it and its service: what still runs of it is killed. */
void members_remove(struct members *members, struct member *member);
void members_done(struct members *members);
