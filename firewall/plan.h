/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan.h - pure: what the packet filter should be. Declarations and the site in, sorted
 * sets and rules out. The door for svcctl; the engine turns the same plan into netlink.
 */
#pragma once

#include <stdio.h>

#include "config/config.h"

struct plan;

/* Addresses that names had when they were last looked up; NULL: none known. */
struct resolved {
	const char *name; /* "deploy1002.example.org" */
	struct strings addresses;
};

/* A service that has to stay closed for a reason that only the caller knows. */
struct closed {
	const char *service, *why;
};

struct plan_input {
	const struct host *host;
	const struct site *site;
	const struct declaration *const *declarations;
	size_t declarations_count;
	const struct resolved *resolved;
	size_t resolved_count;
	const struct closed *closed;
	size_t closed_count;
};

/* Always gives a plan; a service whose rules cannot be made is in it as closed, with
 * the reason as a problem line "SERVICE: firewall.allow[0].from: …". -ENOMEM. */
int plan_make(
	struct plan **ret, const struct plan_input *input, struct problems *problems);
struct plan *plan_free(struct plan *plan);
CLEANUP(struct plan *, plan_free)
bool plan_equal(const struct plan *a, const struct plan *b);
/* nft text, stable order, accepted by `nft -c -f` and loadable: the same rules as the
 * engine makes. `service` NULL: all. */
int plan_print(FILE *out, const struct plan *plan, const char *service);
