/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan.h - pure: what an apply has to do, from what is declared and what runs.
 */
#pragma once

#include "supervisor/member.h"

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
};

struct plan {
	struct step *items;
	size_t count;
};

struct plan_wish {
	const struct strings *names;  /* only these; empty: all */
	const struct strings *remove; /* forget these */
};

/* Compares. -EINVAL with a sentence when the whole must be refused (an emptied
 * directory, a name that nothing bears), -ENOMEM. */
int plan_make(struct plan *ret, const struct members *members,
	const struct config *config, const struct plan_wish *wish, struct error *err);
void plan_done(struct plan *plan);
/* Whether this step waits for an operator when nobody asked for restarts. */
bool step_waits(const struct step *step);
/* [{service, kind, changes: [{key, before, after, effect}], problems}], steps that do
 * nothing left out. */
struct json_t *plan_print(const struct plan *plan);
