/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * when.c - points in time as they are typed.
 */
#include "ctl/when.h"

#include <stdio.h>

#include "base/cleanup.h"

#include "tests/test.h"

static const struct {
	const char *said, *meant; /* NULL: not a time */
} cases[] = {
	{ "2026-11-20T01:02:03Z", "2026-11-20T01:02:03.000Z" },
	{ "2026-11-20T01:02:03.456Z", "2026-11-20T01:02:03.456Z" },
	{ "2026-11-20T01:02:03", "2026-11-20T01:02:03.000Z" },
	{ "2026-11-20 01:02:03", "2026-11-20T01:02:03.000Z" },
	{ "2026-11-20 01:02", "2026-11-20T01:02:00.000Z" },
	{ "2026-11-20", "2026-11-20T00:00:00.000Z" },
	{ "14:30", "2026-11-23T14:30:00.000Z" },
	{ "14:30:05", "2026-11-23T14:30:05.000Z" },
	{ "0s", "2026-11-23T06:00:00.000Z" },
	{ "250ms", "2026-11-23T05:59:59.750Z" },
	{ "5m", "2026-11-23T05:55:00.000Z" },
	{ "2h ago", "2026-11-23T04:00:00.000Z" },
	{ "1d", "2026-11-22T06:00:00.000Z" },
	{ "1w", "2026-11-16T06:00:00.000Z" },
	{ "", NULL },
	{ "soon", NULL },
	{ "5", NULL },
	{ "-5m", NULL },
	{ "5 m", NULL },
	{ "5mm", NULL },
	{ "5m later", NULL },
	{ "99999999999999999999d", NULL },
	{ "25:00", NULL },
	{ "2026-13-01", NULL },
	{ "2026-11-20T01:02:03+01:00", NULL },
};

static void a_time_is_what_a_person_means_by_it(void **state)
{
	struct wall now;

	(void)state;
	assert_int_equal(wall_parse(&now, "2026-11-23T06:00:00.000Z"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[WALL_TEXT_BYTES];
		struct wall at;
		int r = when_parse(&at, cases[i].said, now);

		if ((r == 0) != (cases[i].meant != NULL))
			fail_msg("\"%s\": %d", cases[i].said, r);
		if (r == 0)
			assert_string_equal(wall_format(at, text), cases[i].meant);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_what_a_person_means_by_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
