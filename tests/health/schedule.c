/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * schedule.c - when each check is asked, and that they are spread.
 */
#include "health/schedule.h"

#include <stdio.h>

#include "tests/test.h"

static char name[] = "info";
static const struct check check = {
	.name = name,
	.interval_ms = 5000,
	.fast_interval_ms = 500,
	.timeout_ms = 1000,
};

static void test_a_settled_verdict_is_asked_once_per_interval(void **state)
{
	struct schedule schedule = schedule_of(&check, "host", "web", 1);
	struct instant now = { 1000000000 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct instant next = schedule_next(&schedule, false, now);
		int64_t wait_us = instant_since_us(next, now);

		assert_in_range(wait_us, i ? 3900000 : 1, i ? 6100000 : 8000000);
		now = next;
	}
	/* the phase holds: a thousand rounds take a thousand intervals */
	assert_in_range(
		now.us, 1000000000 + 998 * 5000000L, 1000000000 + 1002 * 5000000L);
}

static void test_on_the_edge_it_is_asked_soon(void **state)
{
	struct schedule schedule = schedule_of(&check, "host", "web", 1);
	struct instant now = { 1000000000 };

	(void)state;
	assert_in_range(instant_since_us(schedule_next(&schedule, true, now), now),
		450000, 550000);
}

static void test_checks_of_a_fleet_are_spread(void **state)
{
	unsigned tenths[10] = { 0 };
	char host[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct schedule schedule;

		snprintf(host, sizeof(host), "scb%d", i);
		schedule = schedule_of(&check, host, "web", 1);
		tenths[schedule.seed % 5000000 / 500000]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(tenths); i++)
		assert_in_range(tenths[i], 60, 140);
}

static void test_the_same_check_has_the_same_phase_after_a_restart(void **state)
{
	(void)state;
	assert_true(schedule_of(&check, "host", "web", 1).seed ==
		    schedule_of(&check, "host", "web", 1).seed);
	assert_true(schedule_of(&check, "host", "web", 1).seed !=
		    schedule_of(&check, "host", "web", 2).seed);
	assert_true(schedule_of(&check, "host", "web", 1).seed !=
		    schedule_of(&check, "host", "wiki", 1).seed);
}

static void test_no_key_makes_it_spin(void **state)
{
	static const struct check zero = { .name = name };
	struct schedule schedule = schedule_of(&zero, "host", "web", 1);
	struct instant now = { 5 };

	(void)state;
	assert_true(schedule_next(&schedule, true, now).us >= now.us + 9000);
	assert_true(schedule_next(&schedule, false, now).us > now.us);
	assert_true(schedule_first(&schedule, now).us >= now.us);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_settled_verdict_is_asked_once_per_interval),
		cmocka_unit_test(test_on_the_edge_it_is_asked_soon),
		cmocka_unit_test(test_checks_of_a_fleet_are_spread),
		cmocka_unit_test(test_the_same_check_has_the_same_phase_after_a_restart),
		cmocka_unit_test(test_no_key_makes_it_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
