/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * apply.h - makes what runs be as declared: read, look up, compare, act. One at a time,
 * in order.
 */
#pragma once

#include "supervisor/plan.h"

struct supervisor;
struct apply;

enum apply_mode {
	APPLY_COMPARE, /* only says what would be done */
	APPLY_SAFE,    /* what needs no restart; the rest is pending */
	APPLY_ALL,     /* an operator asked: restarts too */
};

struct apply_outcome {
	const char *reason;       /* why nothing was done; NULL: it was */
	struct strings *problems; /* of host, site and templates; may be NULL */
	struct json_t *changes;   /* as plan_print(); the callee's */
	struct member **acted;    /* services that were started, restarted or stopped */
	size_t acted_count;
};
typedef void apply_done_fn(
	void *owner, const struct apply_outcome *outcome, struct instant now);

struct apply_wish {
	enum apply_mode mode;
	struct strings names, remove; /* taken */
	char who[WHO_BYTES];
	apply_done_fn *done; /* may be NULL */
	void *owner;
};

int apply_new(struct apply **ret, struct supervisor *supervisor); /* -ENOMEM */
struct apply *apply_free(struct apply *apply);
/* Begins, or waits for its turn. -ENOMEM, -EBUSY when too many wait. */
int apply_begin(struct apply *apply, struct apply_wish *wish);
