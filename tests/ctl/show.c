/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * show.c - what a person sees of numbers, times and what services print.
 */
#include "ctl/show.h"

#include "tests/test.h"

static const struct view plain = { .width = 40 }, coloured = { .colour = true };

static void expect(struct text *out, const char *wanted)
{
	assert_false(text_failed(out));
	assert_string_equal(out->bytes ? out->bytes : "", wanted);
	text_done(out);
}

static void control_characters_never_reach_a_terminal(void **state)
{
	struct text out = { 0 };

	(void)state;
	show(&out, &plain, PAINT_BAD, "a\033[2Jb\x07");
	expect(&out, "a\\x1b[2Jb\\x07");
	show(&out, &coloured, PAINT_BAD, "a\033");
	expect(&out, "\033[31ma\\x1b\033[0m");
	show_line(&out, &plain, 2, "\xff\r");
	expect(&out, "  \\xff\\x0d\n");
}

static void a_field_is_folded_at_spaces_below_its_first_word(void **state)
{
	struct text out = { 0 };

	(void)state;
	show_field(&out, &plain, "Why", PAINT_NONE,
		"one two three four five six seven eight");
	expect(&out, "  Why        one two three four five six\n"
		     "             seven eight\n");
	show_field(&out, &plain, "Why", PAINT_NONE, "");
	expect(&out, "");
	show_field(&out, &plain, "Why", PAINT_NONE,
		"0123456789012345678901234567890123456789");
	expect(&out, "  Why        012345678901234567890123456\n"
		     "             7890123456789\n");
}

static void a_line_is_cut_between_characters(void **state)
{
	const struct view narrow = { .width = 6 }, endless = { 0 };
	struct text out = { 0 };

	(void)state;
	show_line(&out, &narrow, 2, "äöüß");
	expect(&out, "  äöüß\n");
	show_line(&out, &narrow, 2, "äöüßé");
	expect(&out, "  äöü…\n");
	show_line(&out, &endless, 0, "as long as it gets");
	expect(&out, "as long as it gets\n");
}

static void what_is_not_known_is_a_dash_and_never_zero(void **state)
{
	struct json_t *null = json_new_null(), *zero = json_new_int(0);
	char word[WORD_BYTES];

	(void)state;
	assert_string_equal(word_bytes(word, NULL), "-");
	assert_string_equal(word_bytes(word, null), "-");
	assert_string_equal(word_bytes(word, zero), "0B");
	assert_string_equal(word_count(word, null), "-");
	assert_string_equal(word_count(word, zero), "0");
	assert_string_equal(word_took(word, null), "-");
	assert_string_equal(word_age(word, &plain, NULL), "-");
	assert_string_equal(word_age(word, &plain, "yesterday"), "-");
	assert_string_equal(word_time(word, ""), "-");
	json_free(null);
	json_free(zero);
}

static void numbers_have_units(void **state)
{
	static const struct {
		char *(*word)(char *ret, const struct json_t *value);
		int64_t number;
		const char *wanted;
	} cases[] = {
		{ word_bytes, 1023, "1023B" },
		{ word_bytes, 1536, "1.5K" },
		{ word_bytes, 81920000, "78.1M" },
		{ word_bytes, INT64_C(200) << 30, "200G" },
		{ word_took, 900, "900µs" },
		{ word_took, 1900, "1.9ms" },
		{ word_took, 250000, "0.25s" },
		{ word_took, 3600000000, "1h" },
		{ word_count, -3, "-3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_t *number = json_new_int(cases[i].number);
		char word[WORD_BYTES];

		assert_string_equal(cases[i].word(word, number), cases[i].wanted);
		json_free(number);
	}
}

static void an_age_from_a_clock_ahead_of_ours_is_zero(void **state)
{
	struct view view = { 0 };
	char word[WORD_BYTES];

	(void)state;
	assert_int_equal(wall_parse(&view.now, "2026-11-23T06:00:00.000Z"), 0);
	assert_string_equal(word_age(word, &view, "2026-11-23T07:00:00.000Z"), "0ms");
	assert_string_equal(word_age(word, &view, "2026-11-23T05:00:00.000Z"), "1h");
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	static const char *const cells[] = { "NAME", "N", "REASON", "a", "100", "x",
		"ängström", "7", "a reason that does not fit the line" };
	struct table table = { .columns = 3, .right = "<>" };
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		table_cell(&table, PAINT_NONE, cells[i]);
	table_print(&out, &plain, 1, &table);
	table_done(&table);
	expect(&out, " NAME        N  REASON\n"
		     " a         100  x\n"
		     " ängström    7  a reason that does not …\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_never_reach_a_terminal),
		cmocka_unit_test(a_field_is_folded_at_spaces_below_its_first_word),
		cmocka_unit_test(a_line_is_cut_between_characters),
		cmocka_unit_test(what_is_not_known_is_a_dash_and_never_zero),
		cmocka_unit_test(numbers_have_units),
		cmocka_unit_test(an_age_from_a_clock_ahead_of_ours_is_zero),
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
