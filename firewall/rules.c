/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rules.c - what a chain does with a packet.
 *
 * Named counters are the service's, so they go on counting when its rules are replaced.
 * The mark is for the host's own filter, which runs after ours and has to let marked
 * packets in.
 */
#include "firewall/rules.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/names.h"

enum { RULES_AT_MOST = 4096 }; /* of one chain; far above what a declaration needs */

static const enum step_kind from_steps[FAMILY_COUNT] = { STEP_FROM_IPV4, STEP_FROM_IPV6 };
static const enum step_kind to_steps[FAMILY_COUNT] = { STEP_TO_IPV4, STEP_TO_IPV6 };

static struct plan_rule *chain_add_rule(struct plan_chain *chain, const char *comment)
{
	struct plan_rule *bigger;

	if (chain->rules_count == RULES_AT_MOST)
		return NULL;
	bigger =
		reallocarray(chain->rules, chain->rules_count + 1, sizeof(*chain->rules));
	if (!bigger)
		return NULL;
	chain->rules = bigger;
	bigger[chain->rules_count] = (struct plan_rule){ 0 };
	comment_make(bigger[chain->rules_count].comment, "%s", comment);
	return &bigger[chain->rules_count++];
}

static void rule_add(struct plan_rule *rule, enum step_kind kind, const char *name)
{
	assert(rule->count < STEPS_MAX);
	rule->steps[rule->count++] = (struct plan_step){ kind, name };
}

/* `set` NULL: everybody. */
static int add_drop(struct plan_chain *chain, enum step_kind match, const char *set,
	const char *comment)
{
	struct plan_rule *rule = chain_add_rule(chain, comment);

	if (!rule)
		return -ENOMEM;
	if (set)
		rule_add(rule, match, set);
	rule_add(rule, STEP_COUNT, chain->service->dropped);
	rule_add(rule, STEP_DROP, NULL);
	return 0;
}

int rules_deny(struct plan_chain *chain, const struct list *from, const char *comment)
{
	int r = 0;

	if (from->world)
		return add_drop(chain, STEP_DROP, NULL, comment);
	for (enum family family = 0; r >= 0 && family < FAMILY_COUNT; family++) {
		struct plan_set *set = from->sets[family];

		if (!set)
			continue;
		set->used = true;
		r = add_drop(chain, from_steps[family], set->name, comment);
	}
	return r;
}

static void add_match(struct plan_rule *rule, enum step_kind kind, struct plan_set *set)
{
	if (!set)
		return;
	set->used = true;
	rule_add(rule, kind, set->name);
}

static int add_accept(struct plan_chain *chain, enum family family,
	const struct traffic *traffic, const char *comment)
{
	struct plan_rule *rule = chain_add_rule(chain, comment);

	if (!rule)
		return -ENOMEM;
	add_match(rule, from_steps[family], traffic->from->sets[family]);
	add_match(rule, to_steps[family], traffic->to->sets[family]);
	rule_add(rule, STEP_COUNT, chain->service->accepted);
	rule_add(rule, STEP_MARK_ALLOWED, NULL);
	rule_add(rule, STEP_ACCEPT, NULL);
	return 0;
}

static bool list_has(const struct list *list, enum family family)
{
	return list->world || list->sets[family];
}

bool list_is_empty(const struct list *list)
{
	return !list_has(list, FAMILY_IPV4) && !list_has(list, FAMILY_IPV6);
}

bool traffic_is_possible(const struct traffic *traffic)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		if (list_has(traffic->from, family) && list_has(traffic->to, family))
			return true;
	}
	return false;
}

int rules_allow(
	struct plan_chain *chain, const struct traffic *traffic, const char *comment)
{
	int r = 0;

	/* Neither has a set of any family then, so one rule does for both. */
	if (traffic->from->world && traffic->to->world)
		return add_accept(chain, FAMILY_IPV4, traffic, comment);
	for (enum family family = 0; r >= 0 && family < FAMILY_COUNT; family++) {
		if (list_has(traffic->from, family) && list_has(traffic->to, family))
			r = add_accept(chain, family, traffic, comment);
	}
	return r;
}

int rules_drop_rest(struct plan_chain *chain, const char *comment)
{
	return add_drop(chain, STEP_DROP, NULL, comment);
}

int rules_base(struct plan_chain *chain)
{
	static const struct plan_rule base[] = {
		{ { { STEP_LOOPBACK, NULL }, { STEP_ACCEPT, NULL } }, 2, "" },
		{ { { STEP_ESTABLISHED, NULL }, { STEP_ACCEPT, NULL } }, 2, "" },
		{ { { STEP_TO_SERVICE, MAP_PORTS } }, 1, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(base); i++) {
		struct plan_rule *rule = chain_add_rule(chain, "");

		if (!rule)
			return -ENOMEM;
		*rule = base[i];
	}
	return 0;
}

unsigned long long rules_hash(const struct plan_chain *chain)
{
	struct text text = { 0 };
	unsigned long long hash;

	text_add(&text, chain->name);
	for (size_t i = 0; i < chain->rules_count; i++) {
		const struct plan_rule *rule = &chain->rules[i];

		for (size_t k = 0; k < rule->count; k++) {
			text_addf(&text, "%c%d %s", k > 0 ? ' ' : '\n',
				rule->steps[k].kind,
				rule->steps[k].name ? rule->steps[k].name : "");
		}
		text_addf(&text, "\n%s", rule->comment);
	}
	hash = text_hash(text.bytes, text.size);
	text_done(&text);
	return hash;
}
