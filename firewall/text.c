/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * text.c - a plan as nft text: what `svcctl firewall show` prints and `nft -f` loads.
 *
 * Pure. Each kind of step has one row here and one in emit.c; a test loads both and
 * compares what the kernel got.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "firewall/model.h"

#define INDENT "\t"

/* `%s` is the step's name; rows without it take none. */
static const char *const step_formats[STEP_COUNT_OF] = {
	[STEP_LOOPBACK] = "iif \"lo\"",
	[STEP_ESTABLISHED] = "ct state established,related",
	[STEP_FROM_IPV4] = "ip saddr @%s",
	[STEP_FROM_IPV6] = "ip6 saddr @%s",
	[STEP_TO_IPV4] = "ip daddr @%s",
	[STEP_TO_IPV6] = "ip6 daddr @%s",
	[STEP_COUNT] = "counter name \"%s\"",
	[STEP_MARK_ALLOWED] = "meta mark set 0x53564344",
	[STEP_ACCEPT] = "accept",
	[STEP_DROP] = "drop",
	[STEP_TO_SERVICE] = "meta l4proto . th dport vmap @%s",
};
_Static_assert(ALLOWED_MARK == 0x53564344, "step_formats writes the mark out");

static const char *const set_types[FAMILY_COUNT] = { "ipv4_addr", "ipv6_addr" };

static void add_step(struct text *text, const struct plan_step *step)
{
	const char *format = step_formats[step->kind];
	const char *hole = strstr(format, "%s");

	if (!hole) {
		text_add(text, format);
		return;
	}
	text_add_bytes(text, format, (size_t)(hole - format));
	text_add(text, step->name);
	text_add(text, hole + strlen("%s"));
}

static void add_counters(struct text *text, const struct plan_service *service)
{
	const char *const names[] = { service->accepted, service->dropped };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		text_addf(text,
			INDENT "counter %s {\n" INDENT INDENT "packets 0 bytes 0\n" INDENT
			       "}\n\n",
			names[i]);
	}
}

static void add_set(struct text *text, const struct plan_set *set)
{
	char range[RANGE_TEXT_BYTES];

	text_addf(text,
		INDENT "set %s {\n" INDENT INDENT "type %s\n" INDENT INDENT
		       "flags interval\n",
		set->name, set_types[set->family]);
	text_add(text, INDENT INDENT "elements = { ");
	for (size_t i = 0; i < set->ranges.count; i++) {
		text_addf(text, "%s%s", i > 0 ? ",\n" INDENT INDENT INDENT "     " : "",
			range_print(set->family, &set->ranges.items[i], range));
	}
	text_add(text, " }\n" INDENT "}\n\n");
}

static void add_chain(struct text *text, const struct plan_chain *chain)
{
	text_addf(text, INDENT "chain %s {\n", chain->name);
	if (!chain->service) {
		text_addf(text,
			INDENT INDENT
			"type filter hook input priority %d; policy accept;\n",
			INPUT_PRIORITY);
	}
	for (size_t i = 0; i < chain->rules_count; i++) {
		const struct plan_rule *rule = &chain->rules[i];

		text_add(text, INDENT INDENT);
		for (size_t k = 0; k < rule->count; k++) {
			text_add(text, k > 0 ? " " : "");
			add_step(text, &rule->steps[k]);
		}
		if (rule->comment[0] != '\0')
			text_addf(text, " comment \"%s\"", rule->comment);
		text_add(text, "\n");
	}
	text_add(text, INDENT "}\n");
}

/* ---- which of it ------------------------------------------------------------------ */

struct view {
	const struct plan *plan;
	const struct plan_service *service; /* NULL: all */
};

static bool is_shown(const struct view *view, const struct plan_service *service)
{
	return !view->service || service == view->service;
}

static bool chain_uses(const struct plan_chain *chain, const char *set)
{
	for (size_t i = 0; i < chain->rules_count; i++) {
		for (size_t k = 0; k < chain->rules[i].count; k++) {
			if (chain->rules[i].steps[k].name == set)
				return true;
		}
	}
	return false;
}

static bool set_is_shown(const struct view *view, const struct plan_set *set)
{
	const struct plan *plan = view->plan;

	if (!view->service)
		return true;
	for (size_t i = 0; i < plan->chains_count; i++) {
		if (plan->chains[i]->service == view->service &&
			chain_uses(plan->chains[i], set->name))
			return true;
	}
	return false;
}

static void add_ports(struct text *text, const struct view *view)
{
	const struct plan *plan = view->plan;
	const char *before = INDENT INDENT "elements = { ";
	bool any = false;

	text_add(text, INDENT "map " MAP_PORTS " {\n" INDENT INDENT
			      "type inet_proto . inet_service : verdict\n");
	for (size_t i = 0; i < plan->ports_count; i++) {
		const struct plan_port *port = &plan->ports[i];

		if (!is_shown(view, port->chain->service))
			continue;
		text_addf(text, "%s%s . %u comment \"%s\" : jump %s", before,
			port->protocol == IPPROTO_UDP ? "udp" : "tcp", port->port,
			port->comment, port->chain->name);
		before = ",\n" INDENT INDENT INDENT "     ";
		any = true;
	}
	text_add(text, any ? " }\n" INDENT "}\n" : INDENT "}\n");
}

static void add_table(struct text *text, const struct view *view)
{
	const struct plan *plan = view->plan;

	text_add(text, "table inet " TABLE_NAME " {\n" INDENT "comment \"" TABLE_COMMENT
		       "\"\n\n");
	for (size_t i = 0; i < plan->services_count; i++) {
		if (plan->services[i]->gates > 0 && is_shown(view, plan->services[i]))
			add_counters(text, plan->services[i]);
	}
	for (size_t i = 0; i < plan->sets_count; i++) {
		if (set_is_shown(view, plan->sets[i]))
			add_set(text, plan->sets[i]);
	}
	add_ports(text, view);
	for (size_t i = 0; i < plan->chains_count; i++) {
		const struct plan_chain *chain = plan->chains[i];

		if (chain->service && !is_shown(view, chain->service))
			continue;
		text_add(text, "\n");
		add_chain(text, chain);
	}
	text_add(text, "}\n");
}

int plan_print(FILE *out, const struct plan *plan, const char *service)
{
	struct view view = { plan, service ? plan_service(plan, service) : NULL };
	_cleanup_free_ char *bytes = NULL;
	struct text text = { 0 };

	if (service && !view.service)
		return -ENOENT;
	add_table(&text, &view);
	bytes = text_take(&text);
	if (!bytes)
		return -ENOMEM;
	return fputs(bytes, out) < 0 ? -EIO : 0;
}
