/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * home.h - which cgroup the services live in: svcd-services.scope where systemd is init,
 * else one of our own.
 */
#pragma once

#include "base/error.h"
#include "base/loop.h"

#define HOME_LEAF ".keep" /* of the placeholder */

/* What is there at the start, and what follows from it. */
struct home_facts {
	bool with_systemd; /* and without --root: another svcd is not its business */
	bool scope_exists;
	bool own_is_inhabited;
};
enum home_kind {
	HOME_OWN,
	HOME_OWN_STILL, /* begun there, while systemd did not answer: not moved */
	HOME_SCOPE,
	HOME_SCOPE_TO_MAKE, /* HOME_OWN when that fails */
};
enum home_kind home_choose(const struct home_facts *facts);

struct home;
/* Says what is out of the order. When the scope has vanished under us, `lost` is called:
 * nothing can be started there any more. */
typedef void home_fn(void *owner);
int home_new(struct home **ret, struct loop *loop, const char *root, struct error *err);
void home_on_lost(struct home *home, home_fn *lost, void *owner);
const char *home_base(const struct home *home); /* absolute path */
struct home *home_free(struct home *home);      /* what lives there lives on */
