/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * liveness.c - when a check that fails restarts its process: time is an argument.
 */
#include "service/liveness.h"

#include "tests/test.h"

static const struct check worker = { .effect = EFFECT_LIVE,
	.interval_ms = 10 * MS_PER_S,
	.timeout_ms = 5 * MS_PER_S,
	.live_after_ms = 60 * MS_PER_S };

static struct instant at_s(int64_t seconds)
{
	return (struct instant){ seconds * US_PER_S };
}

static struct check_fact failing_since(int64_t seconds, int64_t heard)
{
	return (struct check_fact){
		.verdict = VERDICT_FAIL, .failing = at_s(seconds), .heard = at_s(heard)
	};
}

static void it_must_fail_for_live_after_since_it_is_up(void **state)
{
	static const struct {
		const char *rule;
		int64_t failing, up, heard, now, due; /* seconds; due -1: never */
		enum verdict verdict;
		enum check_effect effect;
	} cases[] = {
		{ "fails since 100", 100, 10, 130, 130, 160, VERDICT_FAIL, EFFECT_LIVE },
		{ "what failed while it started does not count", 100, 120, 130, 130, 180,
			VERDICT_FAIL, EFFECT_LIVE },
		{ "passing restarts nothing", 100, 10, 130, 130, -1, VERDICT_PASS,
			EFFECT_LIVE },
		{ "nor does a warning", 100, 10, 130, 130, -1, VERDICT_WARN,
			EFFECT_LIVE },
		{ "nor what is not known", 100, 10, 130, 130, -1, VERDICT_UNKNOWN,
			EFFECT_LIVE },
		{ "effect ready takes it out of traffic, no more", 100, 10, 130, 130, -1,
			VERDICT_FAIL, EFFECT_READY },
		{ "three tries without a word are waited for", 100, 10, 125, 160, 160,
			VERDICT_FAIL, EFFECT_LIVE },
		{ "then nobody knows any more", 100, 10, 125, 161, -1, VERDICT_FAIL,
			EFFECT_LIVE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct liveness none = { 0 };
		struct check check = worker;
		struct check_fact fact = failing_since(cases[i].failing, cases[i].heard);
		struct instant due;

		check.effect = cases[i].effect;
		fact.verdict = cases[i].verdict;
		due = liveness_due(
			&none, &check, &fact, at_s(cases[i].up), at_s(cases[i].now));
		if (due.us != (cases[i].due < 0 ? NEVER.us : at_s(cases[i].due).us))
			fail_msg("%s: due at %lld us", cases[i].rule, (long long)due.us);
	}
}

static void each_restart_that_did_not_help_doubles_the_patience(void **state)
{
	static const int64_t minutes[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	struct liveness self = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
		assert_int_equal(
			liveness_patience_ms(&self, &worker), minutes[i] * 60 * MS_PER_S);
		liveness_restarted(&self, at_s(0));
	}
	self.in_a_row = UINT32_MAX;
	assert_int_equal(liveness_patience_ms(&self, &worker),
		(int64_t)LIVENESS_PATIENCE_MAX_S * MS_PER_S);
}

static void a_week_of_a_check_that_no_restart_mends_is_a_few_restarts_a_day(void **state)
{
	enum { WEEK_S = 7 * 24 * 3600, STARTS_IN_S = 5 };
	struct liveness self = { 0 };
	struct instant up = at_s(0);
	unsigned restarts = 0;

	(void)state;
	for (int64_t now = 0; now < WEEK_S; now++) {
		struct check_fact fact = failing_since(up.us / US_PER_S, now);

		if (!instant_reached(at_s(now),
			    liveness_due(&self, &worker, &fact, up, at_s(now))))
			continue;
		restarts++;
		liveness_restarted(&self, at_s(now));
		up = at_s(now + STARTS_IN_S);
	}
	assert_in_range(restarts, 7 * 20, 7 * 24 + 6);
}

static void a_restart_that_helped_for_long_is_forgotten(void **state)
{
	struct liveness self = { 0 };

	(void)state;
	liveness_restarted(&self, at_s(1000));
	liveness_restarted(&self, at_s(2000));
	liveness_passed(&self, &worker, at_s(2000 + 240)); /* as long as it took */
	assert_int_equal(self.in_a_row, 2);
	liveness_passed(&self, &worker, at_s(2000 + 241));
	assert_int_equal(self.in_a_row, 0);
	assert_int_equal(liveness_patience_ms(&self, &worker), 60 * MS_PER_S);
}

static void a_long_live_after_is_never_shortened(void **state)
{
	struct liveness self = { .in_a_row = 3 };
	struct check patient = worker;

	(void)state;
	patient.live_after_ms = (int64_t)24 * 3600 * MS_PER_S;
	assert_int_equal(liveness_patience_ms(&self, &patient), patient.live_after_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_must_fail_for_live_after_since_it_is_up),
		cmocka_unit_test(each_restart_that_did_not_help_doubles_the_patience),
		cmocka_unit_test(
			a_week_of_a_check_that_no_restart_mends_is_a_few_restarts_a_day),
		cmocka_unit_test(a_restart_that_helped_for_long_is_forgotten),
		cmocka_unit_test(a_long_live_after_is_never_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
