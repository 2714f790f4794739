/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy_firewall.c - whom a declaration may let in, at which ports, and in whose words.
 *
 * Sets and default_sources are the site's, which root wrote: only what the declaration
 * spells is judged.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "rules/address.h"
#include "rules/policy.h"

/* More than this is as good as everyone, in however many pieces: 2^26 addresses are four
 * networks like 10.0.0.0/8; 2^112 are a 2000::/16. */
enum { V4_BITS = 32, V4_MOST_BITS = 26, V6_BITS = 128, V6_MOST_BITS = 112 };

/* fc00::/7 and fe80::/10 lead nowhere. */
static bool is_private_v6(const char *text)
{
	return strncasecmp(text, "fc", 2) == 0 || strncasecmp(text, "fd", 2) == 0 ||
	       strncasecmp(text, "fe8", 3) == 0;
}

/* Part of what counts as everyone, from 0; 1 and more: it is. */
static double part_of_world(const char *member)
{
	const char *slash = strchr(member, '/');
	const bool v6 = strchr(member, ':') != NULL;
	struct error err = { 0 };

	if (strcmp(member, "world") == 0)
		return 1;
	if (!slash || address_check(member, &err) < 0 || (v6 && is_private_v6(member)))
		return 0;
	return exp2((v6 ? V6_BITS - V6_MOST_BITS : V4_BITS - V4_MOST_BITS) -
		    strtod(slash + 1, NULL));
}

/* The index of the member with which it is too much; `count`: none. */
static size_t find_world(const struct strings *from)
{
	double sum = 0;

	for (size_t i = 0; i < from->count; i++) {
		sum += part_of_world(from->items[i]);
		if (sum >= 1)
			return i;
	}
	return from->count;
}

static void judge_from(struct judging *self, size_t index)
{
	const struct strings *from = &self->declaration->firewall.allow[index].from;
	const size_t at = find_world(from);
	_cleanup_free_ char *fix = text_format("world: [%s]", self->declaration->service);
	char key[POLICY_PATH_BYTES];

	snprintf(key, sizeof(key), "firewall.allow[%zu].from", index);
	if (at == from->count || !fix || !node_find(self->checking->tree, key))
		return;
	snprintf(key, sizeof(key), "firewall.allow[%zu].from[%zu]", index, at);
	policy_refuse(self, key, (struct ruling){ "world", fix },
		"'%s' lets everyone in%s", from->items[at],
		strcmp(from->items[at], "world") == 0 ? ""
						      : ", or nearly, with the rest");
}

/* Numbers that no row of `listen` has: those of other programs. */
static void judge_numbers(
	struct judging *self, const char *list, const struct allow *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *port = rules[i].port;
		char key[POLICY_PATH_BYTES];

		if (!port || config_listen(self->declaration, port))
			continue;
		snprintf(key, sizeof(key), "firewall.%s[%zu].port", list, i);
		policy_judge_port(self, key, config_port_of(self->declaration, port, 1));
	}
}

static void judge_rules(struct judging *self)
{
	const char *service = self->declaration->service;
	_cleanup_free_ char *fix = text_format("rules: [%s]", service);

	if (fix && self->declaration->firewall.rules &&
		!policy_lists(&self->policy->rules, service))
		policy_refuse(self, "firewall.rules", (struct ruling){ "rules", fix },
			"rules in words of another firewall are not for this service");
}

void policy_judge_firewall(struct judging *self)
{
	const struct declaration *declaration = self->declaration;

	judge_rules(self);
	judge_numbers(self, "allow", declaration->firewall.allow,
		declaration->firewall.allow_count);
	judge_numbers(self, "deny", declaration->firewall.deny,
		declaration->firewall.deny_count);
	if (policy_lists(&self->policy->world, declaration->service))
		return;
	for (size_t i = 0; i < declaration->firewall.allow_count; i++)
		judge_from(self, i);
}
