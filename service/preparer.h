/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * preparer.h - many preparations in one deed: what is asked for in one turn of the loop
 * is done by one child.
 *
 * A host that boots asks for hundreds at once, and a child for each is half of all forks.
 * One that a dead disk holds up is tried again in a child of its own, so that it delays
 * the others by five seconds and itself by a minute.
 */
#pragma once

#include "service/service.h"

struct preparer;
struct prepared;  /* prepare.h */
struct preparing; /* one that was asked for */

int preparer_new(struct preparer **ret, struct loop *loop, struct cgroups *cgroups);
/* All that were asked for must have been given up. */
struct preparer *preparer_free(struct preparer *preparer);
bool preparer_is_idle(const struct preparer *preparer); /* nobody waits for it */

/* `prepared` may be emptied by who takes it; `prepared->reason` says what failed. */
typedef void preparer_done_fn(void *owner, struct prepared *prepared, struct instant now);

struct preparer_wish {
	const struct service *service; /* as it is declared when the child begins */
	unsigned instance;
	preparer_done_fn *done; /* called once, from the loop; free it in there */
	void *owner;
};
/* -ENOMEM. */
int preparer_ask(struct preparing **ret, struct preparer *preparer,
	const struct preparer_wish *wish);
/* `done` is not called any more. */
struct preparing *preparing_free(struct preparing *preparing);
