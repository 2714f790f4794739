/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * seal.h - pure: that what was accepted is all that the files on disk mean, so that a
 * boot which finds the same files need not understand any of them.
 *
 * Building declarations is pure: of the same sources, read by the same program on the
 * same host, comes the same result. When a whole look took everything and refused
 * nothing, that result is what was accepted; the seal says so: {"made_of", "services"},
 * the fingerprint of the sources and a hash over the heads of all services. It breaks
 * with the first byte that is another, in either.
 */
#pragma once

#include "supervisor/plan.h"

/* Whether after this plan was done nothing is declared that does not run, nothing runs
 * otherwise than declared, and all of it is in `heads`. */
bool seal_deserved(const struct plan *plan, const struct config *config,
	const struct members *members, const struct json_t *heads);
/* NULL: no memory. */
struct json_t *seal_print(const char *made_of, struct json_t *heads);
/* Whether `seal` (NULL: there is none) is of these sources and heads. */
bool seal_holds(const struct json_t *seal, const char *made_of, struct json_t *heads);
