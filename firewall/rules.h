/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rules.h - pure: the rules of one chain, as lists of steps.
 */
#pragma once

#include "firewall/lists.h"
#include "firewall/model.h"

/* Who may, and to which of the host's addresses. */
struct traffic {
	const struct list *from, *to;
};

/* Whether there is a family that both have. */
bool traffic_is_possible(const struct traffic *traffic);
bool list_is_empty(const struct list *list);

/* All: -ENOMEM. The chain's service is set before; `comment` says which row it was. */
int rules_deny(struct plan_chain *chain, const struct list *from, const char *comment);
/* A family that one side has and the other has not gives no rule, never an open one. */
int rules_allow(
	struct plan_chain *chain, const struct traffic *traffic, const char *comment);
int rules_drop_rest(struct plan_chain *chain, const char *comment);
/* Of the chain that every packet enters. */
int rules_base(struct plan_chain *chain);

unsigned long long rules_hash(const struct plan_chain *chain);
