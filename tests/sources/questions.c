/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * questions.c - what rules ask about ports, sets and this host.
 */
#include <stdlib.h>

#include "sources/sources.h"
#include "tests/test.h"

static char http_name[] = "http", admin_name[] = "admin", udp_name[] = "stats";
static char http_port[] = "${10042 + instance}", admin_port[] = "8081",
	    bad_port[] = "70000";

static struct listen rows[] = {
	{ .name = http_name, .port = http_port },
	{ .name = admin_name, .port = admin_port },
	{ .name = udp_name, .port = bad_port, .protocol = PROTOCOL_UDP },
};
static const struct declaration web = { .listen = rows, .listen_count = ARRAY_LEN(rows) };
static const struct declaration nothing;

static void test_a_port_is_a_row_by_name_or_by_number(void **state)
{
	(void)state;
	assert_ptr_equal(config_listen(&web, "admin"), &rows[1]);
	assert_ptr_equal(config_listen(&web, "8081"), &rows[1]);
	assert_ptr_equal(config_listen(&web, NULL), &rows[0]);
	assert_null(config_listen(&web, "amdin"));
	assert_null(config_listen(&web, "9102"));
	assert_null(config_listen(&nothing, NULL));
}

static void test_a_port_has_a_number_for_each_instance(void **state)
{
	static const struct {
		const char *port;
		unsigned instance;
		uint16_t want;
	} cases[] = {
		{ "http", 1, 10043 },
		{ "http", 3, 10045 },
		{ NULL, 2, 10044 },
		{ "admin", 3, 8081 },
		{ "stats", 1, 0 },
		{ "9102", 1, 9102 },
		{ "65535", 1, 65535 },
		{ "65536", 1, 0 },
		{ "0", 1, 0 },
		{ "80x", 1, 0 },
		{ "+80", 1, 0 },
		{ "99999999999999999999999", 1, 0 },
		{ "nothing", 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(config_port_of(&web, cases[i].port, cases[i].instance),
			cases[i].want);
	assert_int_equal(config_port_of(&nothing, NULL, 1), 0);
}

static void test_sets_are_found_by_name(void **state)
{
	static char name[] = "DOMAIN_NETWORKS";
	struct network_set set = { .name = name };
	const struct site site = { .networks = &set, .networks_count = 1 };

	(void)state;
	assert_ptr_equal(site_set(&site, "DOMAIN_NETWORKS"), &set);
	assert_null(site_set(&site, "DOMAIN"));
}

static void test_facts_of_this_host_are_plausible(void **state)
{
	struct facts_of_host facts;

	(void)state;
	assert_int_equal(config_host_facts(&facts), 0);
	assert_true(facts.fqdn[0] != '\0');
	assert_null(strpbrk(facts.fqdn, " \t\n#"));
	assert_true(facts.ncpu >= 1);
	assert_true(facts.memory_mb >= 64);
	config_host_facts_done(&facts);
	assert_null(facts.fqdn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_port_is_a_row_by_name_or_by_number),
		cmocka_unit_test(test_a_port_has_a_number_for_each_instance),
		cmocka_unit_test(test_sets_are_found_by_name),
		cmocka_unit_test(test_facts_of_this_host_are_plausible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
