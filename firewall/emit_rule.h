/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * emit_rule.h - a step of a rule as expressions. Private to emit*.c.
 */
#pragma once

#include "firewall/model.h"

struct nftnl_rule;

/* Adds the expressions of step `index`. -ENOMEM. */
int rule_add_step(struct nftnl_rule *to, const struct plan_rule *rule, size_t index);
