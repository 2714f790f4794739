/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy.h - one effective declaration before root's policy. Private to policy*.c.
 */
#pragma once

#include "rules/checking.h"

enum { POLICY_PATH_BYTES = 128 };

struct judging {
	struct checking *checking;
	const struct declaration *declaration;
	const struct host_policy *policy;
	const struct policy_exception *besides; /* of this service; never NULL */
};

/* A problem at `path` that names the rule and what root can do: "WHAT (policy.RULE); root
 * may …". `fix` is YAML below `policy`, NULL: there is nothing to write. */
struct ruling {
	const char *rule, *fix;
};
void policy_refuse(struct judging *self, const char *path, struct ruling ruling,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* As above; the fix is "services: {SERVICE: {KEY: [VALUE]}}". */
void policy_refuse_value(struct judging *self, const char *path, const char *rule,
	struct pair fix, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Whether a list of the policy has the word, or "*". */
bool policy_lists(const struct strings *list, const char *word);

void policy_judge_port(struct judging *self, const char *path, uint16_t port);
void policy_judge_paths(struct judging *self);
void policy_judge_firewall(struct judging *self);
