/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verdict.c - from single tries to a verdict and its reason.
 */
#include "health/verdict.h"

#include <string.h>

#include "tests/test.h"

static enum verdict after(
	struct streak *streak, const char *results, const struct check *check)
{
	struct outcome good = { .kind = OUTCOME_PASS };
	struct outcome bad = { .kind = OUTCOME_FAIL, .reason = "it is ill" };
	struct outcome warns = { .kind = OUTCOME_WARN, .reason = "it is tired" };
	struct outcome vague = { .kind = OUTCOME_UNKNOWN, .reason = "who knows" };

	for (; *results; results++)
		streak_feed(streak, check,
			*results == '+'   ? &good
			: *results == 'w' ? &warns
			: *results == 'u' ? &vague
					  : &bad);
	return streak->verdict;
}

static void test_tries_in_a_row_make_the_verdict(void **state)
{
	static const struct {
		const char *rule, *results; /* + good, w warns, - bad, u unknown */
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
		{ "warnings are forgiven like failures", "++ww", EFFECT_READY,
			VERDICT_PASS, true },
		{ "and warn after `fall`", "++www", EFFECT_READY, VERDICT_WARN, false },
		{ "also among failures", "++-w-", EFFECT_READY, VERDICT_WARN, true },
		{ "which fail only in a row", "++w---", EFFECT_READY, VERDICT_FAIL,
			false },
		{ "one warning does not lift a failure", "---w", EFFECT_READY,
			VERDICT_FAIL, true },
		{ "`rise` of them do, to a warning", "---ww", EFFECT_READY, VERDICT_WARN,
			false },
		{ "as does one beside a good one", "---w+", EFFECT_READY, VERDICT_WARN,
			true },
		{ "and then `rise` good ones heal", "---w++", EFFECT_READY, VERDICT_PASS,
			false },
		{ "what tells nothing is forgiven", "++uu", EFFECT_READY, VERDICT_PASS,
			true },
		{ "until it is `fall`: then nothing is known", "++uuu", EFFECT_READY,
			VERDICT_UNKNOWN, false },
		{ "also of what only warns", "wwwuuu", EFFECT_WARN, VERDICT_UNKNOWN,
			false },
		{ "and nothing is asked in a hurry for it", "uuuuuuu", EFFECT_READY,
			VERDICT_UNKNOWN, false },
		{ "one good one is enough again", "++uuu+", EFFECT_READY, VERDICT_PASS,
			false },
		{ "but a failure stands", "---uuuuu", EFFECT_READY, VERDICT_FAIL, false },
		{ "it breaks a row of failures", "++--u--", EFFECT_READY, VERDICT_PASS,
			true },
		{ "and a row of good ones", "---+u+", EFFECT_READY, VERDICT_FAIL, true },
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

static void test_the_reason_is_of_the_try_that_speaks_for_the_verdict(void **state)
{
	static const struct {
		const char *results, *reason;
	} cases[] = {
		{ "--", "" },
		{ "---", "it is ill" },
		{ "---w", "it is tired" }, /* the latest that is bad */
		{ "---uuuuuu", "it is ill" },
		{ "++uu", "" },
		{ "++uuu", "who knows" },
		{ "++uuu-", "who knows" },
		{ "++uuu+", "" },
		{ "wwwuu", "it is tired" },
		{ "wwwuuu", "who knows" },
	};
	struct check check = { .rise = 2, .fall = 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct streak streak = { 0 };

		after(&streak, cases[i].results, &check);
		if (strcmp(streak.reason, cases[i].reason) != 0)
			fail_msg("after \"%s\": \"%s\"", cases[i].results, streak.reason);
	}
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
		cmocka_unit_test(
			test_the_reason_is_of_the_try_that_speaks_for_the_verdict),
		cmocka_unit_test(test_the_reason_ends_with_the_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
