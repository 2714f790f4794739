/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compile.h - pure: one declaration into its part of a plan.
 */
#pragma once

#include "firewall/lists.h"
#include "firewall/model.h"

enum { PORTS_OF_PROTOCOL = 65536 };

struct builder {
	const struct plan_input *input;
	struct problems *problems; /* may be NULL */
	struct plan *plan;
	struct lists *lists;
	/* Whose a port is: [protocol is UDP][port]. */
	const struct plan_service *(*owners)[PORTS_OF_PROTOCOL];
};

/* Adds the service, its chains and its ports. A service whose rules cannot be made is
 * there, closed, and in `problems`. -ENOMEM. */
int compile_service(struct builder *builder, const struct declaration *declaration);

/* A fresh chain of the plan; NULL: no memory. */
struct plan_chain *chain_new(struct plan *plan);
