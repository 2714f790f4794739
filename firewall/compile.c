/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compile.c - what one service says, opened, judged, and made into chains and ports.
 *
 * Whatever goes wrong narrows: the service is closed, its ports drop, the sentence is
 * kept. Memory that runs out is the only failure.
 */
#include "firewall/compile.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/gates.h"
#include "firewall/names.h"
#include "firewall/rules.h"

enum {
	CHUNK = 64,
	ROWS_AT_MOST = 1000, /* of one service; each is at most two rules in a chain */
};

/* ---- arrays ----------------------------------------------------------------------- */

/* Room for one more pointer; `count` is raised by the caller. */
static int grow(void *array, size_t count)
{
	void **items, **bigger;

	memcpy(&items, array, sizeof(items));
	if (count % CHUNK != 0)
		return 0;
	bigger = reallocarray(items, count + CHUNK, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	memcpy(array, &bigger, sizeof(bigger));
	return 0;
}

struct plan_chain *chain_new(struct plan *plan)
{
	struct plan_chain *chain;

	if (grow(&plan->chains, plan->chains_count) < 0)
		return NULL;
	chain = calloc(1, sizeof(*chain));
	if (chain)
		plan->chains[plan->chains_count++] = chain;
	return chain;
}

/* ---- what a service says ---------------------------------------------------------- */

/* One row of `allow` or `deny`, its words opened. */
struct row {
	const char *key; /* "allow" or "deny" */
	size_t index;
	const char *port;
	const struct list *from;
	char *words; /* of `from`, in one line */
};

struct rows {
	struct row *items;
	size_t count, denies; /* denies come first */
	const struct list *destination;
};

static void rows_done(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->items[i].words);
	free(rows->items);
}

static int report(struct builder *builder, struct plan_service *service, bool closes,
	const char *sentence)
{
	_cleanup_free_ char *line = text_format("%s: %s", service->name, sentence);

	service->closed = service->closed || closes;
	if (!service->reason || closes) {
		free(service->reason);
		service->reason = strdup(sentence);
	}
	if (!line || !service->reason)
		return -ENOMEM;
	return builder->problems ? strings_add(&builder->problems->lines, line) : 0;
}

/* What `row->from` means, and what a person must know about it. A `deny` that would let
 * in whom it names closes the service. */
static int judge_row(
	struct builder *builder, struct plan_service *service, const struct row *row)
{
	bool is_deny = text_equal(row->key, "deny");
	_cleanup_free_ char *sentence = NULL;

	if (row->from->refused) {
		sentence = text_format("firewall.%s[%zu].from: %s", row->key, row->index,
			row->from->refused);
		return sentence ? report(builder, service, true, sentence) : -ENOMEM;
	}
	if (row->from->unresolved.count == 0)
		return 0;
	sentence = text_format("firewall.%s[%zu].from: no address is known for host:%s%s",
		row->key, row->index, row->from->unresolved.items[0],
		is_deny ? ", so nobody can be let in"
			: ": left out until the name resolves");
	return sentence ? report(builder, service, is_deny, sentence) : -ENOMEM;
}

static int open_row(struct builder *builder, struct plan_service *service,
	struct rows *rows, struct row row, const struct strings *words)
{
	static const struct strings nobody;
	const struct site *site = builder->input->site;
	int r;

	if (words->count == 0 && text_equal(row.key, "allow"))
		words = site ? &site->default_sources : &nobody;
	r = lists_find(&row.from, builder->lists, words);
	if (r < 0)
		return r;
	row.words = list_words(words, " ");
	if (!row.words)
		return -ENOMEM;
	rows->items[rows->count++] = row;
	return judge_row(builder, service, &row);
}

static int open_destination(struct builder *builder, struct plan_service *service,
	struct rows *rows, const struct strings *words)
{
	static char world_word[] = "world";
	static char *world_items[] = { world_word };
	static const struct strings world = { world_items, 1 };
	_cleanup_free_ char *sentence = NULL;
	int r = lists_find(
		&rows->destination, builder->lists, words->count > 0 ? words : &world);

	if (r < 0 || !rows->destination->refused)
		return r;
	sentence = text_format("firewall.destination: %s", rows->destination->refused);
	return sentence ? report(builder, service, true, sentence) : -ENOMEM;
}

/* An `allow` whose sources and destination share no family lets nobody in: said, since
 * it is never meant. */
static int judge_families(
	struct builder *builder, struct plan_service *service, const struct rows *rows)
{
	int r = 0;

	for (size_t i = rows->denies; r >= 0 && i < rows->count; i++) {
		const struct row *row = &rows->items[i];
		const struct traffic traffic = { row->from, rows->destination };
		_cleanup_free_ char *sentence = NULL;

		if (row->from->refused || rows->destination->refused ||
			traffic_is_possible(&traffic) || list_is_empty(row->from))
			continue;
		sentence = text_format(
			"firewall.allow[%zu]: its sources and firewall.destination have "
			"no address family in common, so nobody is let in",
			row->index);
		r = sentence ? report(builder, service, false, sentence) : -ENOMEM;
	}
	return r;
}

static int open_rows(struct builder *builder, struct plan_service *service,
	struct rows *ret, const struct declaration *declaration)
{
	const struct allow *deny = declaration->firewall.deny;
	const struct allow *allow = declaration->firewall.allow;
	static const struct strings not_said;
	int r = 0;

	ret->items = calloc(
		declaration->firewall.deny_count + declaration->firewall.allow_count + 1,
		sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && i < declaration->firewall.deny_count; i++) {
		r = open_row(builder, service, ret,
			(struct row){ .key = "deny", .index = i, .port = deny[i].port },
			&deny[i].from);
	}
	ret->denies = ret->count;
	for (size_t i = 0; r >= 0 && i < declaration->firewall.allow_count; i++) {
		r = open_row(builder, service, ret,
			(struct row){ .key = "allow", .index = i, .port = allow[i].port },
			&allow[i].from);
	}
	if (r >= 0 && declaration->firewall.allow_count == 0) {
		r = open_row(
			builder, service, ret, (struct row){ .key = "allow" }, &not_said);
	}
	if (r >= 0) {
		r = open_destination(
			builder, service, ret, &declaration->firewall.destination);
	}
	if (r >= 0 && ret->count > ROWS_AT_MOST) {
		r = report(builder, service, true,
			"firewall: `allow` and `deny` have more than 1000 rows together: put "
			"sources with the same port into one row, or into a set of site.yaml");
	}
	return r < 0 ? r : judge_families(builder, service, ret);
}

/* ---- one service ------------------------------------------------------------------ */

static int add_row(struct plan_chain *chain, const struct rows *rows, size_t index)
{
	const struct row *row = &rows->items[index];
	const struct traffic traffic = { row->from, rows->destination };
	char comment[COMMENT_BYTES];

	comment_make(comment, "%s[%zu]: %s", row->key, row->index, row->words);
	if (index < rows->denies)
		return rules_deny(chain, row->from, comment);
	return rules_allow(chain, &traffic, comment);
}

static int fill_chain(struct plan_chain *chain, const struct gate *gate,
	const struct declaration *declaration, const struct rows *rows)
{
	const struct plan_service *service = chain->service;
	const char *team = declaration->owner.team;
	char comment[COMMENT_BYTES];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < rows->count && !service->closed; i++) {
		if (gate_is_meant(gate, declaration, rows->items[i].port))
			r = add_row(chain, rows, i);
	}
	if (r < 0)
		return r;
	comment_make(comment, "%s%s%s", service->name,
		service->closed ? ", closed: " : (team ? ", owner " : ""),
		service->closed ? service->reason : (team ? team : ""));
	return rules_drop_rest(chain, comment);
}

static int add_ports(
	struct plan *plan, const struct gate *gate, const struct plan_chain *chain)
{
	struct plan_port *bigger = reallocarray(
		plan->ports, plan->ports_count + gate->ports_count, sizeof(*plan->ports));

	if (!bigger)
		return -ENOMEM;
	plan->ports = bigger;
	for (size_t i = 0; i < gate->ports_count; i++) {
		struct plan_port *port = &plan->ports[plan->ports_count++];

		*port = (struct plan_port){
			.protocol = gate->protocol, .port = gate->ports[i], .chain = chain
		};
		comment_make(port->comment, "%s %s", chain->service->name, gate->label);
	}
	return 0;
}

static int add_gate(struct builder *builder, const struct plan_service *service,
	const struct gate *gate, const struct declaration *declaration,
	const struct rows *rows)
{
	struct plan_chain *chain;
	int r;

	if (gate->ports_count == 0)
		return 0; /* all its ports are another gate's or another service's */
	chain = chain_new(builder->plan);
	if (!chain)
		return -ENOMEM;
	chain->service = service;
	name_make(chain->name, service->name, gate->label);
	r = fill_chain(chain, gate, declaration, rows);
	return r < 0 ? r : add_ports(builder->plan, gate, chain);
}

static struct plan_service *service_new(struct plan *plan, const char *name)
{
	struct plan_service *service;

	if (grow(&plan->services, plan->services_count) < 0)
		return NULL;
	service = calloc(1, sizeof(*service));
	if (!service)
		return NULL;
	snprintf(service->name, sizeof(service->name), "%s", name);
	name_make(service->accepted, name, "accepted");
	name_make(service->dropped, name, "dropped");
	plan->services[plan->services_count++] = service;
	return service;
}

/* A port that another service has stays with it; two lists for one port would be a
 * lottery. */
static int claim_ports(
	struct builder *builder, struct plan_service *service, struct gate *gate)
{
	size_t kept = 0;

	for (size_t i = 0; i < gate->ports_count; i++) {
		uint16_t port = gate->ports[i];
		const struct plan_service **owner =
			&builder->owners[gate->protocol == IPPROTO_UDP][port];
		_cleanup_free_ char *sentence = NULL;

		if (!*owner) {
			*owner = service;
			gate->ports[kept++] = port;
			continue;
		}
		sentence = text_format(
			"listen \"%s\": %s port %u is already service %s's", gate->label,
			gate->protocol == IPPROTO_UDP ? "udp" : "tcp", port,
			(*owner)->name);
		if (!sentence || report(builder, service, true, sentence) < 0)
			return -ENOMEM;
	}
	gate->ports_count = kept;
	return 0;
}

static int judge_gates(struct builder *builder, struct plan_service *service,
	struct gates *gates, const struct declaration *declaration)
{
	const struct plan_input *input = builder->input;
	struct error err = { 0 };
	int r = gates_of(gates, declaration, &err);

	if (r == -EINVAL)
		r = report(builder, service, true, err.text);
	for (size_t i = 0; r >= 0 && i < gates->count; i++)
		r = claim_ports(builder, service, &gates->items[i]);
	for (size_t i = 0; r >= 0 && i < input->closed_count; i++) {
		if (text_equal(input->closed[i].service, declaration->service))
			r = report(builder, service, true, input->closed[i].why);
	}
	return r;
}

int compile_service(struct builder *builder, const struct declaration *declaration)
{
	struct plan_service *service = service_new(builder->plan, declaration->service);
	struct gates gates = { 0 };
	struct rows rows = { 0 };
	int r = service ? judge_gates(builder, service, &gates, declaration) : -ENOMEM;

	if (service)
		service->gates = gates.count;
	if (r >= 0 && gates.count > 0)
		r = open_rows(builder, service, &rows, declaration);
	for (size_t i = 0; r >= 0 && i < gates.count; i++)
		r = add_gate(builder, service, &gates.items[i], declaration, &rows);
	rows_done(&rows);
	gates_done(&gates);
	return r;
}
