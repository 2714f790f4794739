/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan.c - declarations and site to chains, rules and ports.
 *
 * Pure. Every service is made alone: one whose rules cannot be made keeps its ports,
 * behind a chain that drops, and never decides about another's. What is left out
 * narrows: a source without an address, a source and a destination that share no
 * family.
 *
 * Not here: how words become addresses (peers.c), which ports there are (gates.c), what
 * the kernel has (kernel.c).
 */
#include "firewall/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/compile.h"
#include "firewall/rules.h"

static int by_service(const void *a, const void *b)
{
	const struct declaration *const *left = a, *const *right = b;

	return strcmp((*left)->service, (*right)->service);
}

static int by_chain_name(const void *a, const void *b)
{
	const struct plan_chain *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int by_port(const void *a, const void *b)
{
	const struct plan_port *left = a, *right = b;

	return left->protocol != right->protocol ? left->protocol - right->protocol
						 : left->port - right->port;
}

static int add_services(struct builder *builder)
{
	const struct plan_input *input = builder->input;
	_cleanup_free_ const struct declaration **sorted =
		calloc(input->declarations_count + 1, sizeof(struct declaration *));
	int r = 0;

	if (!sorted)
		return -ENOMEM;
	if (input->declarations_count > 0) {
		memcpy(sorted, input->declarations,
			input->declarations_count * sizeof(*sorted));
	}
	qsort(sorted, input->declarations_count, sizeof(*sorted), by_service);
	for (size_t i = 0; r >= 0 && i < input->declarations_count; i++)
		r = compile_service(builder, sorted[i]);
	return r;
}

static int add_base(struct plan *plan)
{
	struct plan_chain *chain = chain_new(plan);

	if (!chain)
		return -ENOMEM;
	snprintf(chain->name, sizeof(chain->name), "%s", CHAIN_INPUT);
	return rules_base(chain);
}

static int finish(struct builder *builder)
{
	struct plan *plan = builder->plan;
	int r = add_base(plan);

	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->chains_count; i++)
		plan->chains[i]->hash = rules_hash(plan->chains[i]);
	qsort(plan->chains, plan->chains_count, sizeof(*plan->chains), by_chain_name);
	if (plan->ports_count > 0)
		qsort(plan->ports, plan->ports_count, sizeof(*plan->ports), by_port);
	return lists_take_sets(builder->lists, &plan->sets, &plan->sets_count);
}

int plan_make(
	struct plan **ret, const struct plan_input *input, struct problems *problems)
{
	_cleanup_(plan_freep) struct plan *plan = calloc(1, sizeof(*plan));
	_cleanup_(lists_freep) struct lists *lists = NULL;
	_cleanup_free_ const struct plan_service *(*owners)[PORTS_OF_PROTOCOL] =
		calloc(2, sizeof(*owners));
	struct builder builder = { input, problems, plan, NULL, owners };
	int r;

	if (!plan || !owners)
		return -ENOMEM;
	r = lists_new(&lists, input);
	builder.lists = lists;
	if (r >= 0)
		r = add_services(&builder);
	if (r >= 0)
		r = finish(&builder);
	if (r < 0)
		return r;
	*ret = TAKE(plan);
	return 0;
}

struct plan *plan_free(struct plan *plan)
{
	if (!plan)
		return NULL;
	for (size_t i = 0; i < plan->sets_count; i++)
		plan_set_free(plan->sets[i]);
	for (size_t i = 0; i < plan->chains_count; i++) {
		free(plan->chains[i]->rules);
		free(plan->chains[i]);
	}
	for (size_t i = 0; i < plan->services_count; i++) {
		free(plan->services[i]->reason);
		free(plan->services[i]);
	}
	free(plan->sets);
	free(plan->chains);
	free(plan->ports);
	free(plan->services);
	free(plan);
	return NULL;
}

static bool port_same(const struct plan_port *a, const struct plan_port *b)
{
	return by_port(a, b) == 0 && text_equal(a->chain->name, b->chain->name) &&
	       text_equal(a->comment, b->comment);
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
	if (a->sets_count != b->sets_count || a->chains_count != b->chains_count ||
		a->ports_count != b->ports_count ||
		a->services_count != b->services_count)
		return false;
	for (size_t i = 0; i < a->sets_count; i++) {
		if (!text_equal(a->sets[i]->name, b->sets[i]->name))
			return false;
	}
	for (size_t i = 0; i < a->chains_count; i++) {
		if (a->chains[i]->hash != b->chains[i]->hash)
			return false;
	}
	for (size_t i = 0; i < a->ports_count; i++) {
		if (!port_same(&a->ports[i], &b->ports[i]))
			return false;
	}
	for (size_t i = 0; i < a->services_count; i++) {
		if (!text_equal(a->services[i]->name, b->services[i]->name))
			return false;
	}
	return true;
}

static int find_service(const void *name, const void *item)
{
	const struct plan_service *const *service = item;

	return strcmp(name, (*service)->name);
}

/* A counter begins with its service's name, or with the hash of a name that nft cannot
 * print. */
const struct plan_service *plan_service_of_counter(
	const struct plan *plan, const char *name)
{
	char service[NAME_BYTES];
	const struct plan_service *found;

	snprintf(service, sizeof(service), "%.*s", (int)strcspn(name, "."), name);
	found = plan_service(plan, service);
	if (found)
		return found;
	for (size_t i = 0; i < plan->services_count; i++) {
		if (text_equal(plan->services[i]->accepted, name) ||
			text_equal(plan->services[i]->dropped, name))
			return plan->services[i];
	}
	return NULL;
}

const struct plan_service *plan_service(const struct plan *plan, const char *name)
{
	struct plan_service *const *found = NULL;

	if (plan->services_count > 0) {
		found = bsearch(name, plan->services, plan->services_count,
			sizeof(*plan->services), find_service);
	}
	return found ? *found : NULL;
}
