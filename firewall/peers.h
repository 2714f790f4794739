/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * peers.h - pure: who is meant by a list of words like [DOMAIN_NETWORKS, 10.64.0.0/12,
 * host:deploy1002.example.org, world].
 */
#pragma once

#include "firewall/cidr.h"
#include "firewall/plan.h"

struct peers {
	bool world;
	struct ranges ranges[FAMILY_COUNT]; /* merged */
	struct strings unresolved;          /* names without a known address: left out */
};

/* Sets are opened, also nested ones and those that name each other in a circle. -EINVAL
 * with the word that nobody knows, -ENOMEM. */
int peers_collect(struct peers *ret, const struct plan_input *input,
	const struct strings *words, struct error *err);
void peers_done(struct peers *peers);

static inline bool peers_have(const struct peers *peers, enum family family)
{
	return peers->world || peers->ranges[family].count > 0;
}
