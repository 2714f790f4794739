/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * made.h - declarations and sites made by hand, for plans.
 */
#pragma once

#include "firewall/plan.h"

enum { MADE_ROWS = 4, MADE_WORDS = 8 };

struct made_row {
	const char *port; /* NULL: all */
	const char *words[MADE_WORDS];
};

/* A service as a table row of a test; what is not said is not there. */
struct made {
	const char *name;
	struct {
		const char *name, *port, *address;
		enum protocol protocol;
	} listen[MADE_ROWS];
	int instances;
	struct made_row allow[MADE_ROWS], deny[MADE_ROWS];
	const char *destination[MADE_WORDS];
};

struct made_set {
	const char *name;
	const char *members[MADE_WORDS];
};

struct declaration *made_declaration(const struct made *made);
void made_free(struct declaration *declaration);
struct site *made_site(
	const struct made_set *sets, size_t count, const char *const *default_sources);
void made_site_free(struct site *site);

/* Plan of up to a few services; the problems are joined by newlines into `problems`. */
struct plan *made_plan(
	const struct made *services, size_t count, struct site *site, char **problems);
char *made_text(const struct plan *plan, const char *service);
