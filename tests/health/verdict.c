/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health/verdict.h"

#include "tests/test.h"

static enum verdict after(
	struct streak *streak, const char *results, const struct check *check)
{
	struct outcome good = { .kind = OUTCOME_PASS };
	struct outcome bad = { .kind = OUTCOME_FAIL, .reason = "it is ill" };

	for (; *results; results++)
		streak_feed(streak, check, *results == '+' ? &good : &bad);
	return streak->verdict;
}

static void test_tries_in_a_row_make_the_verdict(void **state)
{
	static const struct {
		const char *rule, *results; /* '+' good, '-' bad */
		enum check_effect effect;
		enum verdict want;
		bool edge;
	} cases[] = {
		{ "nothing is known before the first try", "", EFFECT_READY,
			VERDICT_UNKNOWN, true },
		{ "where nothing is known one good one is enough", "+", EFFECT_READY,
			VERDICT_PASS, false },
		{ "also after a bad one", "-+", EFFECT_READY, VERDICT_PASS, false },
		{ "nothing is known before `fall` bad ones", "--", EFFECT_READY,
			VERDICT_UNKNOWN, true },
		{ "`rise` good ones make it pass", "++", EFFECT_READY, VERDICT_PASS,
			false },
		{ "one bad result is forgiven", "++-", EFFECT_READY, VERDICT_PASS, true },
		{ "three in a row are not", "++---", EFFECT_READY, VERDICT_FAIL, false },
		{ "a good one in between starts the count anew", "++--+--", EFFECT_READY,
			VERDICT_PASS, true },
		{ "one good one does not heal", "---+", EFFECT_READY, VERDICT_FAIL,
			true },
		{ "`rise` good ones heal", "---++", EFFECT_LIVE, VERDICT_PASS, false },
		{ "a check that may only warn warns", "---", EFFECT_WARN, VERDICT_WARN,
			false },
		{ "and passes again", "---++", EFFECT_WARN, VERDICT_PASS, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct check check = {
			.rise = 2,
			.fall = 3,
			.effect = cases[i].effect,
		};
		struct streak streak = { 0 };

		if (after(&streak, cases[i].results, &check) != cases[i].want ||
			streak_on_edge(&streak) != cases[i].edge)
			fail_msg("%s: %s", cases[i].rule, cases[i].results);
	}
}

static void test_a_turn_is_told_once(void **state)
{
	struct check check = { .rise = 1, .fall = 1 };
	struct outcome bad = { .kind = OUTCOME_ERROR, .reason = "refused" };
	struct outcome other = { .kind = OUTCOME_FAIL, .reason = "answers 500" };
	struct streak streak = { 0 };

	(void)state;
	assert_true(streak_feed(&streak, &check, &bad));
	assert_false(streak_feed(&streak, &check, &bad));
	assert_true(streak_feed(&streak, &check, &other));
	assert_string_equal(streak.reason, "answers 500");
}

static void test_an_unsettled_verdict_stands_until_one_good_try_or_enough_bad_ones(
	void **state)
{
	static const struct {
		const char *results;
		enum verdict want;
		bool edge;
	} cases[] = {
		{ "", VERDICT_FAIL, true },
		{ "--", VERDICT_FAIL, true },
		{ "---", VERDICT_FAIL, false },
		{ "+", VERDICT_PASS, false },
		{ "--+", VERDICT_PASS, false },
		{ "---+", VERDICT_FAIL, true },
		{ "+--", VERDICT_PASS, true },
	};
	struct check check = { .rise = 2, .fall = 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct streak streak = { 0 };

		after(&streak, "---", &check);
		streak_unsettle(&streak);
		assert_string_equal(streak.reason, "it is ill");
		if (after(&streak, cases[i].results, &check) != cases[i].want ||
			streak_on_edge(&streak) != cases[i].edge)
			fail_msg("after \"%s\"", cases[i].results);
	}
}

static void test_a_good_verdict_is_never_unsettled(void **state)
{
	struct check check = { .rise = 2, .fall = 3 };
	struct streak streak = { 0 };

	(void)state;
	after(&streak, "++", &check);
	streak_unsettle(&streak);
	assert_false(streak_on_edge(&streak));
}

static void test_the_reason_ends_with_the_trouble(void **state)
{
	struct check check = { .rise = 1, .fall = 1 };
	struct streak streak = { 0 };

	(void)state;
	after(&streak, "-", &check);
	assert_string_equal(streak.reason, "it is ill");
	after(&streak, "+", &check);
	assert_string_equal(streak.reason, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tries_in_a_row_make_the_verdict),
		cmocka_unit_test(test_a_turn_is_told_once),
		cmocka_unit_test(
			test_an_unsettled_verdict_stands_until_one_good_try_or_enough_bad_ones),
		cmocka_unit_test(test_a_good_verdict_is_never_unsettled),
		cmocka_unit_test(test_the_reason_ends_with_the_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
