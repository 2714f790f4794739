/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * address.c - addresses, networks and host names as they should be written.
 */
#include "rules/address.h"

#include "base/cleanup.h"

#include "tests/test.h"

static void test_addresses_as_they_should_be_written_are_taken(void **state)
{
	static const char *const right[] = { "10.0.0.0/8", "10.64.0.0/12", "192.0.2.1",
		"192.0.2.1/32", "0.0.0.0", "255.255.255.255", "128.0.0.0/1",
		"2001:db8::/32", "2001:db8::1", "::1", "2001:db8::1/128", "8000::/1",
		"fe80::/10" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		struct error err = { 0 };

		if (address_check(right[i], &err) < 0)
			fail_msg("%s", err.text);
		assert_true(is_address_like(right[i]));
	}
}

static void test_others_are_refused_and_corrected(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "10.0.0.300", "300 is above 255" },
		{ "10.0.0.0/33", "must be 1-32, not 33" },
		{ "2001:db8::/129", "must be 1-128, not 129" },
		{ "10.0.0.5/8", "write 10.0.0.0/8" },
		{ "10.255.0.0/9", "write 10.128.0.0/9" },
		{ "2001:db8::1/64", "write 2001:db8::/64" },
		{ "10/8", "'10/8' is no address" },
		{ "10.0/16", "write all four numbers" },
		{ "010.0.0.1", "leading zero" },
		{ "10.00.0.1", "leading zero" },
		{ "10.0.0.0/08", "leading zero" },
		{ "10.0.0.0/255.0.0.0", "not its mask" },
		{ "::ffff:10.0.0.1", "write the IPv4 address 10.0.0.1" },
		{ "::ffff:0:0/96", "never matches" },
		{ "0.0.0.0/0", "write world" },
		{ "::/0", "write world" },
		{ "10.0.0.0/", "a number must stand behind" },
		{ "10.0.0.0/+8", "a number must stand behind" },
		{ "10.0.0.0/ 8", "a number must stand behind" },
		{ "10.0.0.0/8/8", "a number must stand behind" },
		{ "10.0.0.0/99999999999999999999", "a number must stand behind" },
		{ "10.0.0.1.", "no address" },
		{ "10.0.0", "no address" },
		{ "10.0.0.+1", "no address" },
		{ "10.0.0. 1", "no address" },
		{ "1.2.3.4 -j ACCEPT", "no address" },
		{ "99999999999999999999.0.0.1", "is above 255" },
		{ "fe80::1%eth0", "has a zone" },
		{ "2001:db8:::1", "no IPv6 address" },
		{ ":", "no IPv6 address" },
		{ "/8", "no address" },
		{ "", "no address" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct error err = { 0 };

		if (address_check(wrong[i].text, &err) == 0)
			fail_msg("'%s' was taken", wrong[i].text);
		if (!strstr(err.text, wrong[i].says))
			fail_msg("'%s': %s", wrong[i].text, err.text);
	}
}

static void test_host_names_are_those_of_dns(void **state)
{
	static const char *const right[] = { "a", "web1.example.org", "3com.example",
		"x-y.z" };
	static const char *const wrong[] = { "", "-a", "a-", "a..b", ".a", "a.", "a_b",
		"a b", "a.-b", "a-.b", "h\xc3\xa9",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(right); i++)
		assert_true(is_host_name(right[i]));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (is_host_name(wrong[i]))
			fail_msg("'%s' was taken", wrong[i]);
}

static void test_an_address_lies_in_a_network(void **state)
{
	static const struct {
		const char *address, *network;
		bool is_in;
	} cases[] = {
		{ "10.2.2.20", "10.2.2.0/24", true },
		{ "10.2.3.20", "10.2.2.0/24", false },
		{ "10.2.3.20", "10.2.2.0/23", true },
		{ "10.2.2.20", "10.2.2.20", true },
		{ "10.2.2.21", "10.2.2.20", false },
		{ "10.2.2.20", "::/1", false },
		{ "2001:db8::1", "2001:db8::/32", true },
		{ "2001:db9::1", "2001:db8::/32", false },
		{ "2001:db8:0:0::1", "2001:db8::1", true },
		{ "::ffff:10.2.2.20", "10.2.2.0/24", false },
		{ "x", "10.2.2.0/24", false },
		{ "10.2.2.20", "x/8", false },
		{ "10.2.2.20", "10.2.2.0/99", false },
		{ "10.2.2.20", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (address_is_in(cases[i].address, cases[i].network) != cases[i].is_in)
			fail_msg("%s in %s", cases[i].address, cases[i].network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_address_lies_in_a_network),
		cmocka_unit_test(test_addresses_as_they_should_be_written_are_taken),
		cmocka_unit_test(test_others_are_refused_and_corrected),
		cmocka_unit_test(test_host_names_are_those_of_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
