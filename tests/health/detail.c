/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * detail.c - who sees commands, paths and outputs.
 */
#include "health/detail.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/test.h"

static bool allows(const struct detail *detail, const char *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return detail_allows(detail, (struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	return detail_allows(detail, (struct sockaddr *)&v6);
}

static void test_detail_is_for_those_who_are_named(void **state)
{
	char members[][32] = { "10.64.0.0/12", "2620:0:861::/48",
		"host:icinga.example.org" };
	char again[][16] = { "MONITORING", "LOOP" };
	char words[][16] = { "loopback", "LOOP", "192.0.2.7", "300.1.1.1",
		"10.0.0.0/99" };
	char *member_items[] = { members[0], members[1], members[2] };
	char *again_items[] = { again[0], again[1] };
	char *word_items[] = { words[0], words[1], words[2], words[3], words[4] };
	struct network_set sets[] = {
		{ again[0], { member_items, ARRAY_LEN(member_items) } },
		{ again[1], { again_items, ARRAY_LEN(again_items) } },
	};
	struct site site = { .networks = sets, .networks_count = ARRAY_LEN(sets) };
	const struct strings from = { word_items, ARRAY_LEN(word_items) };
	static const struct {
		const char *address;
		bool allowed;
	} cases[] = {
		{ "127.0.0.1", true },
		{ "127.9.9.9", true },
		{ "::1", true },
		{ "::2", false },
		{ "10.64.1.1", true },
		{ "10.79.255.255", true },
		{ "10.80.0.1", false },
		{ "::ffff:10.64.1.1", true },
		{ "::ffff:127.0.0.1", true },
		{ "::ffff:10.80.0.1", false },
		{ "2620:0:861:1::5", true },
		{ "2620:0:862::5", false },
		{ "192.0.2.7", true },
		{ "192.0.2.8", false },
	};
	struct detail detail = { 0 };

	(void)state;
	assert_int_equal(detail_init(&detail, &from, &site), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (allows(&detail, cases[i].address) != cases[i].allowed)
			fail_msg("%s", cases[i].address);
	assert_true(detail_allows(&detail, NULL));
	detail_done(&detail);
	assert_false(allows(&detail, "127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_detail_is_for_those_who_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
