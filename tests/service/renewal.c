/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * renewal.c - memory_above and max_age by table: no process, no clock.
 */
#include "service/renewal.h"

#include "tests/test.h"

enum { LOOKS_MAX = 8 };
static const int64_t mib = 1 << 20, second_ms = 1000, minute_ms = 60000,
		     hour_ms = 3600000;

static const struct {
	const char *rule;
	struct {
		int64_t at_s, used_mib; /* used: UNSET is a measurement that failed */
	} looks[LOOKS_MAX];             /* until at_s 0 */
	int64_t due_s;                  /* 0: at none of them */
} cases[] = {
	{ "above for a minute", { { 10, 101 }, { 40, 500 }, { 69, 101 }, { 70, 101 } },
		70 },
	{ "above for a minute less a second", { { 10, 101 }, { 69, 101 } }, 0 },
	{ "as much as may be is not above", { { 10, 100 }, { 700, 100 } }, 0 },
	{ "a moment below begins the minute anew",
		{ { 10, 101 }, { 50, 99 }, { 55, 101 }, { 100, 101 }, { 115, 101 } },
		115 },
	{ "a measurement that failed is no news",
		{ { 10, 101 }, { 50, UNSET }, { 69, UNSET }, { 75, 101 } }, 75 },
	{ "what was never measured is not above", { { 10, UNSET }, { 700, UNSET } }, 0 },
};

static void memory_must_stay_above_for_a_minute(void **state)
{
	const struct restart_policy_spec spec = { .memory_above_bytes = 100 * mib,
		.max_age_ms = UNSET };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct renewal renewal = { 0 };
		int64_t due_s = 0;

		print_message("%s\n", cases[i].rule);
		for (size_t at = 0; at < LOOKS_MAX && cases[i].looks[at].at_s; at++) {
			int64_t used_mib = cases[i].looks[at].used_mib,
				at_s = cases[i].looks[at].at_s;
			const struct renewal_facts facts = {
				.memory_bytes =
					used_mib == UNSET ? UNSET : used_mib * mib,
				.age_ms = at_s * second_ms,
				.now = { at_s * US_PER_S },
			};

			if (renewal_judge(&renewal, &spec, &facts) == RENEWAL_MEMORY &&
				!due_s)
				due_s = at_s;
		}
		assert_int_equal(due_s, cases[i].due_s);
	}
}

static void nothing_is_due_that_was_not_declared(void **state)
{
	const struct restart_policy_spec spec = { .memory_above_bytes = UNSET,
		.max_age_ms = UNSET };
	struct renewal renewal = { 0 };
	const struct renewal_facts facts = {
		.memory_bytes = INT64_MAX, .age_ms = INT64_MAX, .now = { INT64_MAX / 2 }
	};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(renewal_judge(&renewal, &spec, &facts), RENEWAL_NOT);
}

static void an_age_is_reached_at_its_place_in_the_last_tenth(void **state)
{
	const struct restart_policy_spec spec = { .memory_above_bytes = UNSET,
		.max_age_ms = 10 * hour_ms };
	struct renewal renewal = { 0 };

	(void)state;
	for (uint64_t place = 0; place < 1000; place++) {
		int64_t age_ms = renewal_age_ms(&spec, place * 11400714819323198485U);
		struct renewal_facts facts = { .memory_bytes = UNSET,
			.age_ms = age_ms - 1,
			.place = place * 11400714819323198485U };

		assert_in_range(age_ms, 9 * hour_ms, 10 * hour_ms);
		assert_int_equal(renewal_judge(&renewal, &spec, &facts), RENEWAL_NOT);
		facts.age_ms++;
		assert_int_equal(renewal_judge(&renewal, &spec, &facts), RENEWAL_AGE);
	}
}

/* 100 hosts that were started together: in no minute of the hour more than a few. */
static void a_fleet_is_not_replaced_together(void **state)
{
	const struct restart_policy_spec spec = { .max_age_ms = 10 * hour_ms };
	unsigned minutes[61] = { 0 };

	(void)state;
	for (int host = 0; host < 100; host++) {
		char place[64];
		int length = snprintf(place, sizeof(place),
			"scb%d.eqiad.example.org/web/1", 1000 + host);
		int64_t age_ms = renewal_age_ms(&spec, text_hash(place, (size_t)length));
		size_t minute = (size_t)((age_ms - 9 * hour_ms) / minute_ms);

		minutes[minute]++;
		assert_true(minutes[minute] <= 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_must_stay_above_for_a_minute),
		cmocka_unit_test(nothing_is_due_that_was_not_declared),
		cmocka_unit_test(an_age_is_reached_at_its_place_in_the_last_tenth),
		cmocka_unit_test(a_fleet_is_not_replaced_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
