/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * range.c - ranges of Nagios plugins.
 */
#include "health/range.h"

#include <stdio.h>

#include "base/cleanup.h"

#include "tests/test.h"

static void test_ranges_alert_as_the_guidelines_say(void **state)
{
	static const struct {
		const char *range;
		double value;
		bool alerts;
	} cases[] = {
		{ "10", -1, true },
		{ "10", 0, false },
		{ "10", 10, false },
		{ "10", 10.5, true },
		{ "10:", 9, true },
		{ "10:", 10, false },
		{ "10:", 1e12, false },
		{ "~:10", -1e12, false },
		{ "~:10", 11, true },
		{ "10:20", 9, true },
		{ "10:20", 20, false },
		{ "10:20", 21, true },
		{ "@10:20", 10, true },
		{ "@10:20", 20, true },
		{ "@10:20", 21, false },
		{ "~:0", 0, false },
		{ "~:0", 0.1, true },
		{ "-5:-1", -3, false },
		{ ":5", 5, false },
		{ "1.5", 1.6, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct range range;

		assert_int_equal(range_parse(&range, cases[i].range), 0);
		if (range_alerts(&range, cases[i].value) != cases[i].alerts)
			fail_msg("%s at %g", cases[i].range, cases[i].value);
	}
}

static void test_what_is_no_range_is_refused(void **state)
{
	static const char *const cases[] = { "", "@", "x", "10:5", "1:2:3", "10 ", "0x10",
		"inf", "nan", "~", "~10", "1,5", "--1", "@@1:2", ":", "1:x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct range range;

		if (range_parse(&range, cases[i]) == 0 && strcmp(cases[i], ":") != 0)
			fail_msg("\"%s\" was taken", cases[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_alert_as_the_guidelines_say),
		cmocka_unit_test(test_what_is_no_range_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
