/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Plans: golden texts of what declarations become, and what happens to the ones that
 * nobody should have let through.
 */
#include "firewall/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"

#include "firewall/model.h"
#include "tests/firewall/made.h"
#include "tests/test.h"

enum { GOLDEN_MAX_BYTES = 1024 * 1024, MANY = 1000, MANY_LISTS = 30, NAME_ROOM = 32 };

static const char *golden_folder;

static const struct made_set sets[] = {
	{ "DOMAIN_NETWORKS", { "10.64.0.0/12", "2620:0:861::/48", "EDGE" } },
	{ "EDGE", { "198.18.0.0/15", "host:edge1.example.org", "DOMAIN_NETWORKS" } },
	{ "PROMETHEUS_HOSTS", { "192.0.2.10", "192.0.2.11", "2001:db8::10" } },
	{ "V4_ONLY", { "203.0.113.0/24" } },
	{ "BROKEN", { "10.0.0.0/8", "10/8" } },
};
static const char *const default_sources[MADE_WORDS] = { "DOMAIN_NETWORKS" };

static struct site *the_site(void)
{
	return made_site(sets, ARRAY_LEN(sets), default_sources);
}

/* Equal to the file, which GOLDEN=renew writes anew. */
static void assert_golden(const char *name, const char *text)
{
	_cleanup_free_ char *path = text_format("%s/%s", golden_folder, name);
	_cleanup_free_ char *golden = NULL;
	const char *renew = getenv("GOLDEN");

	if (renew && strcmp(renew, "renew") == 0)
		assert_int_equal(file_write(path, text, strlen(text), 0644), 0);
	assert_int_equal(file_read(&golden, NULL, -100, path, GOLDEN_MAX_BYTES), 0);
	assert_string_equal(text, golden);
}

static void golden_plans(void **state)
{
	static const struct {
		const char *name;
		struct made services[3];
	} rows[] = {
		{ "default-sources.nft",
			{ { .name = "mathoid",
				.listen = { { "http", "10042", "*" } } } } },
		{ "rows.nft",
			{ { .name = "mathoid",
				.listen = { { "http", "10042", "*" } },
				.allow = { { "http", { "DOMAIN_NETWORKS", "192.0.2.7" } },
					{ "9102", { "PROMETHEUS_HOSTS" } } },
				.deny = { { "http", { "10.66.0.0/16" } } } } } },
		{ "world.nft", { { .name = "dns",
				       .listen = { { "dns", "53", "*", PROTOCOL_UDP },
					       { "dns-tcp", "53", "*", PROTOCOL_TCP } },
				       .allow = { { "53", { "world" } } } } } },
		{ "destination.nft",
			{ { .name = "web",
				.listen = { { "https", "8443", "*" } },
				.allow = { { "https", { "PROMETHEUS_HOSTS" } } },
				.destination = { "198.51.100.7" } } } },
		{ "no-common-family.nft", { { .name = "web",
						  .listen = { { "https", "8443", "*" } },
						  .allow = { { "https", { "V4_ONLY" } } },
						  .destination = { "2001:db8::7" } } } },
		{ "loopback.nft", { { .name = "local",
					  .listen = { { "a", "8001", "127.0.0.1" },
						  { "b", "8002", "::1" } } } } },
		{ "shared-sets.nft",
			{ { .name = "one", .listen = { { "http", "8001", "*" } } },
				{ .name = "two",
					.listen = { { "http", "8002", "*" } },
					.allow = { { "http", { "EDGE" } } } } } },
		{ "one-closed.nft",
			{ { .name = "bad",
				  .listen = { { "http", "8001", "*" } },
				  .allow = { { "http", { "NOBODY" } } } },
				{ .name = "good",
					.listen = { { "http", "8002", "*" } } } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct site *site = the_site();
		size_t count = 0;
		struct plan *plan;
		char *text;

		while (count < 3 && rows[i].services[count].name)
			count++;
		plan = made_plan(rows[i].services, count, site, NULL);
		text = made_text(plan, NULL);
		assert_golden(rows[i].name, text);
		free(text);
		plan_free(plan);
		made_site_free(site);
	}
}

/* Nothing of a service that the plan refuses may be open, whatever let it come so far. */
static void assert_closed(const struct plan *plan, const char *service)
{
	for (size_t i = 0; i < plan->chains_count; i++) {
		const struct plan_chain *chain = plan->chains[i];

		if (!chain->service || !text_equal(chain->service->name, service))
			continue;
		assert_int_equal(chain->rules_count, 1);
		assert_int_equal(chain->rules[0].count, 2);
		assert_int_equal(chain->rules[0].steps[0].kind, STEP_COUNT);
		assert_int_equal(chain->rules[0].steps[1].kind, STEP_DROP);
	}
}

#define HTTP(...)                                                                        \
	{                                                                                \
		{                                                                        \
			"http",                                                          \
			{                                                                \
				__VA_ARGS__                                              \
			}                                                                \
		}                                                                        \
	}

static void what_cannot_be_made_is_closed_and_said(void **state)
{
	static const struct {
		const char *says;
		struct made_row allow[MADE_ROWS], deny[MADE_ROWS];
		const char *destination[MADE_WORDS];
		const char *port;
	} rows[] = {
		{ .says = "allow[0].from: \"10.0.0.300\"", .allow = HTTP("10.0.0.300") },
		{ .says = "allow[0].from: \"10.0.0.0/33\"",
			.allow = HTTP("10.0.0.0/33") },
		{ .says = "write 10.0.0.0/8", .allow = HTTP("10.0.0.5/8") },
		{ .says = "\"10/8\"", .allow = HTTP("10/8") },
		{ .says = "\"010.0.0.1\"", .allow = HTTP("010.0.0.1") },
		{ .says = "\"10.0.0.0/255.0.0.0\"", .allow = HTTP("10.0.0.0/255.0.0.0") },
		{ .says = "write the IPv4 address", .allow = HTTP("::ffff:10.0.0.1") },
		{ .says = "write `world`", .allow = HTTP("10.0.0.1", "0.0.0.0/0") },
		{ .says = "\"PROD_NETWORKS\"", .allow = HTTP("PROD_NETWORKS") },
		{ .says = "set BROKEN: \"10/8\"", .allow = HTTP("BROKEN") },
		{ .says = "\"22 -j ACCEPT\"", .allow = HTTP("22 -j ACCEPT") },
		{ .says = "allow[1].from: \"`id`\"",
			.allow = { { "http", { "10.0.0.1" } }, { "http", { "`id`" } } } },
		{ .says = "\"htpp\" is neither", .allow = { { "htpp", { "world" } } } },
		{ .says = "\"0\" is neither", .allow = { { "0", { "world" } } } },
		{ .says = "\"65536\" is neither", .allow = { { "65536", { "world" } } } },
		{ .says = "\"7100:6800\" is neither",
			.allow = { { "7100:6800", { "world" } } } },
		{ .says = "deny[0].from: \"10/8\"",
			.allow = HTTP("world"),
			.deny = HTTP("10/8") },
		{ .says = "nobody can be let in",
			.allow = HTTP("world"),
			.deny = HTTP("host:gone.example.org") },
		{ .says = "destination: \"eth0\"",
			.allow = HTTP("world"),
			.destination = { "eth0" } },
		{ .says = "port \"0\"", .allow = HTTP("world"), .port = "0" },
		{ .says = "port \"70000\"", .allow = HTTP("world"), .port = "70000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct made services[] = {
			{ .name = "bad",
				.listen = { { "http", rows[i].port ? rows[i].port : "80",
					"*" } } },
			{ .name = "good", .listen = { { "http", "81", "*" } } },
		};
		struct site *site = the_site();
		struct plan *plan;
		char *problems;

		memcpy(services[0].allow, rows[i].allow, sizeof(rows[i].allow));
		memcpy(services[0].deny, rows[i].deny, sizeof(rows[i].deny));
		memcpy(services[0].destination, rows[i].destination,
			sizeof(rows[i].destination));
		plan = made_plan(services, ARRAY_LEN(services), site, &problems);
		if (!strstr(problems, rows[i].says) || !text_starts(problems, "bad: "))
			fail_msg("row %zu: \"%s\", wanted \"%s\"", i, problems,
				rows[i].says);
		assert_true(plan_service(plan, "bad")->closed);
		assert_false(plan_service(plan, "good")->closed);
		assert_closed(plan, "bad");
		free(problems);
		plan_free(plan);
		made_site_free(site);
	}
}

static void families_that_differ_are_said(void **state)
{
	static const struct made service = { .name = "web",
		.listen = { { "http", "80", "*" } },
		.allow = { { "http", { "192.0.2.1", "2001:db8::1" } },
			{ "http", { "V4_ONLY" } } },
		.destination = { "2001:db8::7" } };
	struct site *site = the_site();
	char *problems;
	struct plan *plan = made_plan(&service, 1, site, &problems);

	(void)state;
	assert_string_equal(problems,
		"web: firewall.allow[1]: its sources and firewall.destination have no "
		"address family in common, so nobody is let in");
	assert_false(plan_service(plan, "web")->closed);
	free(problems);
	plan_free(plan);
	made_site_free(site);
}

static void a_name_without_address_is_left_out_and_said(void **state)
{
	static const struct made service = { .name = "web",
		.listen = { { "http", "80", "*" } },
		.allow = { { "http", { "host:gone.example.org", "192.0.2.1" } } } };
	struct site *site = the_site();
	char *problems, *text;
	struct plan *plan = made_plan(&service, 1, site, &problems);

	(void)state;
	text = made_text(plan, "web");
	assert_non_null(strstr(problems, "host:gone.example.org: left out"));
	assert_non_null(strstr(text, "elements = { 192.0.2.1 }"));
	assert_false(plan_service(plan, "web")->closed);
	free(problems);
	free(text);
	plan_free(plan);
	made_site_free(site);
}

static void a_name_stands_for_the_addresses_it_had(void **state)
{
	static char v4[] = "192.0.2.5", v6[] = "2001:db8::5";
	static char *addresses[] = { v4, v6 };
	static const struct resolved resolved = { "deploy.example.org",
		{ addresses, ARRAY_LEN(addresses) } };
	static const struct made made = { .name = "web",
		.listen = { { "http", "80", "*" } },
		.allow = { { "http", { "host:deploy.example.org" } } } };
	struct declaration *declaration = made_declaration(&made);
	const struct declaration *declarations[] = { declaration };
	struct plan_input input = { .declarations = declarations,
		.declarations_count = 1,
		.resolved = &resolved,
		.resolved_count = 1 };
	struct plan *plan = NULL;
	char *text;

	(void)state;
	assert_int_equal(plan_make(&plan, &input, NULL), 0);
	text = made_text(plan, NULL);
	assert_non_null(strstr(text, "elements = { 192.0.2.5 }"));
	assert_non_null(strstr(text, "elements = { 2001:db8::5 }"));
	free(text);
	plan_free(plan);
	made_free(declaration);
}

static void a_port_belongs_to_one_service(void **state)
{
	static const struct made services[] = {
		{ .name = "late",
			.listen = { { "http", "80", "*" }, { "more", "90", "*" } },
			.allow = { { "http", { "world" } } } },
		{ .name = "early",
			.listen = { { "web", "80", "*" } },
			.allow = { { "web", { "192.0.2.1" } } } },
	};
	struct site *site = the_site();
	char *problems;
	struct plan *plan = made_plan(services, 2, site, &problems);

	(void)state;
	assert_string_equal(problems,
		"late: listen \"http\": tcp port 80 is already service early's");
	assert_int_equal(plan->ports_count, 2);
	assert_string_equal(plan->ports[0].chain->service->name, "early");
	assert_string_equal(plan->ports[1].chain->service->name, "late");
	assert_closed(plan, "late");
	free(problems);
	plan_free(plan);
	made_site_free(site);
}

/* 8080 on an IPv4 and an IPv6 address is one port with one list. */
static void a_port_on_two_addresses_is_one_port(void **state)
{
	struct made two = { .name = "web",
		.listen = { { "four", "8080", "192.0.2.1" },
			{ "six", "8080", "2001:db8::1" } },
		.allow = { { NULL, { "EDGE" } } } };
	struct site *site = the_site();
	char *problems = NULL;
	struct plan *plan = made_plan(&two, 1, site, &problems);

	(void)state;
	assert_false(plan_service(plan, "web")->closed);
	assert_int_equal(plan->ports_count, 1);
	free(problems);
	plan_free(plan);
	two.allow[0].port = "six";
	plan = made_plan(&two, 1, site, &problems);
	assert_true(plan_service(plan, "web")->closed);
	assert_non_null(strstr(problems, "both \"four\" and \"six\""));
	assert_null(strstr(problems, "already service"));
	assert_closed(plan, "web");
	free(problems);
	plan_free(plan);
	made_site_free(site);
}

static void a_service_with_too_many_rows_is_closed_alone(void **state)
{
	static char name[] = "wide", port[] = "8080", other_name[] = "web",
		    other_port[] = "8081", world_word[] = "world";
	static char *words[] = { world_word };
	static struct allow rows[3000];
	struct listen listens[] = { { .port = port }, { .port = other_port } };
	struct declaration wide = {
		.service = name, .listen = &listens[0], .listen_count = 1
	};
	struct declaration web = {
		.service = other_name, .listen = &listens[1], .listen_count = 1
	};
	const struct declaration *both[] = { &wide, &web };
	struct plan_input input = { .declarations = both, .declarations_count = 2 };
	struct plan *plan = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i].from = (struct strings){ words, 1 };
	wide.firewall.allow = web.firewall.allow = rows;
	wide.firewall.allow_count = ARRAY_LEN(rows);
	web.firewall.allow_count = 1;
	assert_int_equal(plan_make(&plan, &input, NULL), 0);
	assert_closed(plan, "wide");
	assert_true(plan_service(plan, "wide")->closed);
	assert_false(plan_service(plan, "web")->closed);
	plan_free(plan);
}

static void a_service_that_the_caller_closes_is_closed(void **state)
{
	static const struct made made = { .name = "web",
		.listen = { { "http", "80", "*" } },
		.allow = { { "http", { "world" } } } };
	static const struct closed closed = { "web", "the kernel will not have it" };
	struct declaration *declaration = made_declaration(&made);
	const struct declaration *declarations[] = { declaration };
	struct plan_input input = { .declarations = declarations,
		.declarations_count = 1,
		.closed = &closed,
		.closed_count = 1 };
	struct plan *plan = NULL;

	(void)state;
	assert_int_equal(plan_make(&plan, &input, NULL), 0);
	assert_closed(plan, "web");
	assert_string_equal(plan_service(plan, "web")->reason, closed.why);
	plan_free(plan);
	made_free(declaration);
}

static void strange_names_do_not_reach_nft(void **state)
{
	static const char *const names[] = {
		"svc/web@1", "9lives", "a\"; flush ruleset; \"", "a.b", "\xc3\xbc", "",
		"a-name-that-goes-on-and-on-for-much-longer-than-any-name-should-be-allowed"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct made service = { .name = names[i],
			.listen = { { names[i], "80", "*" } },
			.allow = { { "80", { "world" } } } };
		struct site *site = the_site();
		struct plan *plan = made_plan(&service, 1, site, NULL);
		const char *chain = plan->chains[1]->name;

		assert_int_equal(chain[0], 'x');
		assert_null(strpbrk(chain, " \";/@\xc3"));
		assert_true(strlen(chain) < 64);
		assert_null(strpbrk(plan->chains[1]->rules[0].comment, "\"\\\n"));
		plan_free(plan);
		made_site_free(site);
	}
}

static void every_instance_and_its_restart_have_their_port(void **state)
{
	static const struct made service = { .name = "web",
		.listen = { { "http", "${8000 + instance}", "*" } },
		.instances = 3,
		.allow = { { "http", { "world" } } } };
	struct site *site = the_site();
	struct plan *plan = made_plan(&service, 1, site, NULL);

	(void)state;
	assert_int_equal(plan->ports_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(plan->ports[i].port, 8001 + i);
	assert_ptr_equal(plan->ports[0].chain, plan->ports[3].chain);
	plan_free(plan);
	made_site_free(site);
}

static void sets_that_name_each_other_double_nothing(void **state)
{
	struct made_set rows[40];
	char names[40][8];
	static const char *const all[MADE_WORDS] = { "S0" };
	static const struct made service = { .name = "web",
		.listen = { { "http", "80", "*" } } };
	struct site *site;
	struct plan *plan;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		snprintf(names[i], sizeof(names[i]), "S%zu", i);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i] = (struct made_set){ names[i],
			{ names[(i + 1) % 40], names[(i + 2) % 40], "192.0.2.1" } };
	site = made_site(rows, ARRAY_LEN(rows), all);
	plan = made_plan(&service, 1, site, NULL);
	assert_int_equal(plan->sets_count, 1);
	assert_int_equal(plan->sets[0]->ranges.count, 1);
	plan_free(plan);
	made_site_free(site);
}

static void a_plan_does_not_depend_on_the_order_of_services(void **state)
{
	static const struct made forward[] = {
		{ .name = "a", .listen = { { "http", "80", "*" } } },
		{ .name = "b", .listen = { { "http", "81", "*" } } },
	};
	const struct made backward[] = { forward[1], forward[0] };
	struct site *site = the_site();
	struct plan *one = made_plan(forward, 2, site, NULL);
	struct plan *two = made_plan(backward, 2, site, NULL);
	struct plan *less = made_plan(forward, 1, site, NULL);

	(void)state;
	assert_true(plan_equal(one, two));
	assert_false(plan_equal(one, less));
	plan_free(one);
	plan_free(two);
	plan_free(less);
	made_site_free(site);
}

static void one_service_can_be_shown_alone(void **state)
{
	static const struct made services[] = {
		{ .name = "a", .listen = { { "http", "80", "*" } } },
		{ .name = "b",
			.listen = { { "http", "81", "*" } },
			.allow = { { "http", { "V4_ONLY" } } } },
	};
	struct site *site = the_site();
	struct plan *plan = made_plan(services, 2, site, NULL);
	char *text = made_text(plan, "b");

	(void)state;
	assert_non_null(strstr(text, "203.0.113.0/24"));
	assert_null(strstr(text, "10.64.0.0/12"));
	assert_null(strstr(text, "a.http"));
	assert_int_equal(plan_print(stdout, plan, "nobody"), -ENOENT);
	free(text);
	plan_free(plan);
	made_site_free(site);
}

static void a_thousand_services_share_their_lists(void **state)
{
	static char names[MANY][NAME_ROOM], ports[MANY][NAME_ROOM],
		lists[MANY][NAME_ROOM];
	static struct made services[MANY];
	struct site *site = the_site();
	struct plan *plan;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], NAME_ROOM, "service%zu", i);
		snprintf(ports[i], NAME_ROOM, "%zu", 10000 + i);
		snprintf(lists[i], NAME_ROOM, "10.%zu.0.0/16", i % MANY_LISTS);
		services[i] = (struct made){ .name = names[i],
			.listen = { { "http", ports[i], "*" } },
			.allow = { { "http", { lists[i], "2001:db8::/32" } } } };
	}
	plan = made_plan(services, MANY, site, NULL);
	assert_int_equal(plan->ports_count, MANY);
	assert_int_equal(plan->sets_count, MANY_LISTS + 1);
	plan_free(plan);
	made_site_free(site);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_plans),
		cmocka_unit_test(what_cannot_be_made_is_closed_and_said),
		cmocka_unit_test(families_that_differ_are_said),
		cmocka_unit_test(a_name_without_address_is_left_out_and_said),
		cmocka_unit_test(a_name_stands_for_the_addresses_it_had),
		cmocka_unit_test(a_port_belongs_to_one_service),
		cmocka_unit_test(a_port_on_two_addresses_is_one_port),
		cmocka_unit_test(a_service_with_too_many_rows_is_closed_alone),
		cmocka_unit_test(a_service_that_the_caller_closes_is_closed),
		cmocka_unit_test(strange_names_do_not_reach_nft),
		cmocka_unit_test(every_instance_and_its_restart_have_their_port),
		cmocka_unit_test(sets_that_name_each_other_double_nothing),
		cmocka_unit_test(a_plan_does_not_depend_on_the_order_of_services),
		cmocka_unit_test(one_service_can_be_shown_alone),
		cmocka_unit_test(a_thousand_services_share_their_lists),
	};

	golden_folder = argc > 1 ? argv[1] : "tests/golden/firewall";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
