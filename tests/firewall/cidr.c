/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses and networks: what is read, what is refused with which words, and ranges
 * that merge.
 */
#include "firewall/cidr.h"

#include <errno.h>

#include "base/text.h"

#include "tests/test.h"

static void what_is_written_is_what_is_printed(void **state)
{
	static const char *const texts[] = { "10.0.0.0/8", "192.0.2.1", "128.0.0.0/1",
		"255.255.255.255", "0.0.0.0/1", "2001:db8::/32", "::1", "8000::/1",
		"2620:0:861::/48", "fe80::1", "ff00::/8" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char printed[RANGE_TEXT_BYTES];
		struct error err = { 0 };
		enum family family;
		struct range range;

		assert_int_equal(cidr_read(&range, &family, texts[i], &err), 0);
		assert_string_equal(range_print(family, &range, printed), texts[i]);
		assert_int_equal(family == FAMILY_IPV6, strchr(texts[i], ':') != NULL);
	}
}

static void what_nobody_means_is_refused_with_the_way_out(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "neither a set" },
		{ "10.0.0.300", "neither a set" },
		{ "10/8", "write all of it" },
		{ "010.0.0.1", "neither a set" },
		{ "10.0.0.1/33", "up to 32" },
		{ "2001:db8::/129", "up to 128" },
		{ "10.0.0.5/8", "write 10.0.0.0/8" },
		{ "2001:db8::1/32", "write 2001:db8::/32" },
		{ "10.0.0.0/255.0.0.0", "up to 32" },
		{ "10.0.0.0/08", "up to 32" },
		{ "10.0.0.0/", "up to 32" },
		{ "10.0.0.0/+8", "up to 32" },
		{ "10.0.0.0/8/8", "up to 32" },
		{ "10.0.0.0 /8", "neither a set" },
		{ " 10.0.0.0/8", "neither a set" },
		{ "::ffff:10.0.0.1", "write the IPv4 address" },
		{ "0.0.0.0/0", "write `world`" },
		{ "::/0", "write `world`" },
		{ "0.0.0.0", "never the source" },
		{ "::", "never the source" },
		{ "fe80::1%eth0", "neither a set" },
		{ "www.example.org", "neither a set" },
		{ "22 -j ACCEPT", "neither a set" },
		{ "`id`", "neither a set" },
		{ "10.0.0.1\n10.0.0.2", "neither a set" },
		{ "99999999999999999999999999999999999999999999999999999999/8",
			"not an address" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = { 0 };
		enum family family;
		struct range range;

		assert_int_equal(cidr_read(&range, &family, rows[i].text, &err), -EINVAL);
		if (!strstr(err.text, rows[i].says))
			fail_msg("%s: %s", rows[i].text, err.text);
	}
}

static void ranges_that_overlap_or_touch_become_one(void **state)
{
	static const struct {
		const char *items[5], *merged;
	} rows[] = {
		{ { "10.0.0.0/8", "10.1.0.0/16" }, "10.0.0.0/8" },
		{ { "10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/8" }, "10.0.0.0/8" },
		{ { "192.0.2.0/25", "192.0.2.128/25" }, "192.0.2.0/24" },
		{ { "192.0.2.7", "192.0.2.9", "192.0.2.8" }, "192.0.2.7-192.0.2.9" },
		{ { "192.0.2.7", "192.0.2.9" }, "192.0.2.7 192.0.2.9" },
		{ { "128.0.0.0/1", "0.0.0.0/1" }, "0.0.0.0/0" },
		{ { "255.255.255.255", "10.0.0.1" }, "10.0.0.1 255.255.255.255" },
		{ { "2001:db9::/32", "2001:db8::/32" }, "2001:db8::/31" },
		{ { "2001:db8::5", "2001:db9::5" }, "2001:db8::5 2001:db9::5" },
		{ { "8000::/1", "::/1" }, "::/0" },
		{ { "2001:db8::ffff", "2001:db8::1:0" }, "2001:db8::ffff-2001:db8::1:0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ranges ranges = { 0 };
		struct text text = { 0 };
		enum family family = FAMILY_IPV4;

		for (size_t k = 0; rows[i].items[k]; k++) {
			struct range range;

			assert_int_equal(
				cidr_read(&range, &family, rows[i].items[k], NULL), 0);
			assert_int_equal(ranges_add(&ranges, &range), 0);
		}
		ranges_merge(family, &ranges);
		for (size_t k = 0; k < ranges.count; k++) {
			char printed[RANGE_TEXT_BYTES];

			text_addf(&text, "%s%s", k > 0 ? " " : "",
				range_print(family, &ranges.items[k], printed));
		}
		assert_string_equal(text.bytes, rows[i].merged);
		text_done(&text);
		ranges_done(&ranges);
	}
}

static void the_space_of_addresses_has_an_end(void **state)
{
	struct address last = { .bytes = { 255, 255, 255, 255 } }, next, back;

	(void)state;
	assert_false(address_next(&next, FAMILY_IPV4, &last));
	last.bytes[3] = 254;
	assert_true(address_next(&next, FAMILY_IPV4, &last));
	assert_int_equal(next.bytes[3], 255);
	address_previous(&back, FAMILY_IPV4, &next);
	assert_memory_equal(&back, &last, sizeof(back));
	next = (struct address){ .bytes = { 10, 1, 0, 0 } };
	address_previous(&back, FAMILY_IPV4, &next);
	assert_memory_equal(back.bytes, "\x0a\x00\xff\xff", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_what_is_printed),
		cmocka_unit_test(what_nobody_means_is_refused_with_the_way_out),
		cmocka_unit_test(ranges_that_overlap_or_touch_become_one),
		cmocka_unit_test(the_space_of_addresses_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
