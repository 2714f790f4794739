/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * apply.h - makes what runs be as declared: read, look up, compare, act. One at a time,
 * in order.
 */
#pragma once

#include "supervisor/plan.h"

struct supervisor;
struct apply;
enum { APPLY_SHOWN_BYTES = 32 };

struct apply_outcome {
	const char *reason;       /* why nothing was done; NULL: it was */
	struct strings *problems; /* of host, site and templates; may be NULL */
	struct json_t *changes;   /* as plan_print(); the callee's */
	const char *shown;        /* of a comparison that is kept: its name; else NULL */
	struct member **acted;    /* services that were started, restarted or stopped */
	size_t acted_count;
};
typedef void apply_done_fn(
	void *owner, const struct apply_outcome *outcome, struct instant now);
/* What will be done, before it is. `changes` is borrowed. */
typedef void apply_show_fn(void *owner, const struct json_t *changes);

struct apply_wish {
	enum apply_mode mode;
	struct strings names, remove; /* taken */
	char who[WHO_BYTES];
	bool keep; /* APPLY_COMPARE: what was read stays, to be applied as it was shown */
	char shown[APPLY_SHOWN_BYTES]; /* APPLY_ALL: what was shown under that name */
	apply_show_fn *show;           /* may be NULL */
	apply_done_fn *done;           /* may be NULL */
	void *owner;
};

int apply_new(struct apply **ret, struct supervisor *supervisor); /* -ENOMEM */
struct apply *apply_free(struct apply *apply);
/* Begins, or waits for its turn; one that nobody waits for is left out when such a one
 * waits already. -ENOMEM, -EBUSY when too many wait. */
int apply_begin(struct apply *apply, struct apply_wish *wish);
/* Some wish is not done. */
bool apply_is_busy(const struct apply *apply);
/* After each settling: what waits for the services of a boot to be started. */
void apply_settled(struct apply *apply, struct instant now);
