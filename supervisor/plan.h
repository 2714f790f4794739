/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan.h - pure: what an apply has to do, from what is declared and what runs.
 */
#pragma once

#include "supervisor/member.h"

enum apply_mode {
	APPLY_COMPARE, /* only says what would be done */
	APPLY_SAFE,    /* what needs no restart; the rest is pending */
	APPLY_ALL,     /* an operator asked: restarts too */
	APPLY_FIRST,   /* nothing runs yet: all but what an upgrade would bring */
};

enum step_kind {
	STEP_SAME,    /* nothing to do */
	STEP_ADD,     /* declared, does not run yet */
	STEP_CHANGE,  /* declared otherwise than it runs */
	STEP_REMOVE,  /* retired, or told to remove: stop and forget */
	STEP_ORPHAN,  /* runs, and no file declares it: runs on */
	STEP_REFUSED, /* its file is refused: what runs stays as it is */
};

struct step {
	enum step_kind kind;
	char *name;
	struct entry *entry; /* of the config; NULL: no file */
	struct changes changes;
	enum effect worst; /* of the changes */
	/* Sources of it that changed and are not its own: "template node"; "": none. What
	 * they bring never comes by itself. */
	char upstream[REASON_BYTES];
	bool waits; /* STEP_CHANGE: for `svcctl apply` */
	/* STEP_REFUSED: why, besides what is wrong with the file by itself */
	struct strings refused;
};

struct plan {
	struct step *items; /* first of files, then without; each part by name */
	size_t count, declared;
	bool whole; /* no names were given: all that is declared */
};

struct plan_wish {
	const struct strings *names;  /* only these; empty: all */
	const struct strings *remove; /* forget these */
	enum apply_mode mode;
	/* {NAME: head} (accepted.h) of what was accepted before; may be NULL */
	const struct json_t *accepted;
	/* What limits.memory may add up to, and the part of the host that it is; 0: any
	 */
	int64_t memory_bytes, memory_percent;
};

/* Compares. -EINVAL with a sentence when the whole must be refused (an emptied
 * directory, a name that nothing bears), -ENOMEM. */
int plan_make(struct plan *ret, const struct members *members,
	const struct config *config, const struct plan_wish *wish, struct error *err);
void plan_done(struct plan *plan);
/* Whether nobody but an operator may do this step, by what it needs. */
bool step_needs_operator(const struct step *step);
/* Refuses this step, with its sentence. -ENOMEM. */
__attribute__((format(printf, 2, 3))) int step_refuse(
	struct step *step, const char *format, ...);
/* The step of that name; NULL: none. */
const struct step *plan_find(const struct plan *plan, const char *name);
/* [{service, kind, changes: [{key, before, after, effect}], upstream, problems}], steps
 * that do nothing left out. */
struct json_t *plan_print(const struct plan *plan);
