/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * time.c - durations and times as people write and read them.
 */
#include "base/time.h"

#include "base/cleanup.h"

#include "tests/test.h"

static void test_a_duration_reads_like_speech(void **state)
{
	static const struct {
		int64_t us;
		const char *want;
	} cases[] = {
		{ 0, "0ms" },
		{ 250 * US_PER_MS, "250ms" },
		{ 1500 * US_PER_MS, "1.5s" },
		{ 2 * US_PER_S, "2s" },
		{ 59 * (int64_t)US_PER_S, "59s" },
		{ 60 * (int64_t)US_PER_S, "1m" },
		{ 130 * (int64_t)US_PER_S, "2m 10s" },
		{ 3 * 3600 * (int64_t)US_PER_S + 240 * (int64_t)US_PER_S, "3h 4m" },
		{ (6 * 86400 + 7200) * (int64_t)US_PER_S, "6d 2h" },
	};
	char text[DURATION_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(duration_format(cases[i].us, text), cases[i].want);
}

static void test_wall_time_is_rfc_3339_in_utc(void **state)
{
	char text[WALL_TEXT_BYTES];

	(void)state;
	assert_string_equal(
		wall_format((struct wall){ 0 }, text), "1970-01-01T00:00:00.000Z");
	assert_string_equal(wall_format((struct wall){ 1795411479123456 }, text),
		"2026-11-23T05:24:39.123Z");
}

static void test_wall_time_is_read_back(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* -1: refused */
	} cases[] = {
		{ "1970-01-01T00:00:00.000Z", 0 },
		{ "2026-11-23T05:24:39.123Z", 1795411479123000 },
		{ "2026-11-23T05:24:39Z", 1795411479000000 },
		{ "2026-11-23T05:24:39.1234567Z", 1795411479123456 },
		{ "2026-11-23T05:24:39", -1 },
		{ "2026-11-23T05:24:39Z!", -1 },
		{ "2026-13-23T05:24:39Z", -1 },
		{ "yesterday", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wall at = { -1 };

		assert_int_equal(
			wall_parse(&at, cases[i].text), cases[i].us == -1 ? -EINVAL : 0);
		assert_int_equal(at.us, cases[i].us);
	}
}

static void test_never_stays_never(void **state)
{
	(void)state;
	assert_true(instant_add_ms(NEVER, 5).us == NEVER.us);
	assert_true(instant_add_ms((struct instant){ 5 }, INT64_MAX).us == NEVER.us);
	assert_false(instant_reached((struct instant){ INT64_MAX - 1 }, NEVER));
	assert_int_equal(
		instant_since_ms((struct instant){ 5000 }, (struct instant){ 2000 }), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_duration_reads_like_speech),
		cmocka_unit_test(test_wall_time_is_rfc_3339_in_utc),
		cmocka_unit_test(test_wall_time_is_read_back),
		cmocka_unit_test(test_never_stays_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
