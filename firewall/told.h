/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * told.h - what the supervisor told us, and what we told it: services sorted by name.
 */
#pragma once

#include "firewall/model.h"

struct told_service {
	char *name;
	int64_t generation;
	struct declaration *declaration;
	char *refused; /* by the kernel, in this generation; NULL: not */
	bool is_named; /* since the latest HELLO; others go at SYNC */
	/* What was said about it last; reported_generation is UNSET before. */
	int64_t reported_generation;
	bool reported_ok;
	char *reported_reason;
	uint64_t accepted, dropped; /* packets, as last read */
};

struct told {
	struct host *host; /* NULL before HELLO */
	struct site *site;
	struct told_service **services;
	size_t count;
};

/* Takes `declaration`; NULL on lack of memory. */
struct told_service *told_set(struct told *told, const char *name, int64_t generation,
	struct declaration *declaration);
struct told_service *told_find(const struct told *told, const char *name);
void told_remove(struct told *told, const char *name);
/* A new HELLO: everything will be named again. */
int told_hello(struct told *told, struct json_t *body, struct error *err);
/* SYNC: what was not named goes. */
void told_sync(struct told *told);
void told_done(struct told *told);

/* Input of a plan, borrowed from `told`; the arrays are the caller's to free. -ENOMEM. */
int told_input(struct plan_input *ret, const struct told *told,
	struct closed **ret_closed, const struct declaration ***ret_declarations);
