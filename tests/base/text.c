/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * text.c - text that grows, words that were meant, and what a terminal is shown.
 */
#include "base/text.h"

#include "tests/test.h"

static void test_text_grows_and_is_taken_once(void **state)
{
	struct text text = { 0 };
	_cleanup_free_ char *all = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "%d,", i % 10);
	assert_int_equal(text.size, 2000);
	text_consume(&text, 1998);
	assert_string_equal(text.bytes, "9,");
	all = text_take(&text);
	assert_string_equal(all, "9,");
	assert_null(text.bytes);
}

static void test_nothing_added_is_an_empty_string(void **state)
{
	struct text text = { 0 };
	_cleanup_free_ char *all = text_take(&text);

	(void)state;
	assert_string_equal(all, "");
}

static void test_the_nearest_word_is_one_that_could_be_meant(void **state)
{
	static const struct {
		const char *typed, *want;
	} cases[] = {
		{ "comand", "command" },
		{ "enviroment", "environment" },
		{ "sotp", "stop" },
		{ "command", "command" },
		{ "zebra", NULL },
		{ "", NULL },
		{ "x", NULL },
	};
	char *words[] = { (char[]){ "command" }, (char[]){ "environment" },
		(char[]){ "stop" } };
	struct strings known = { words, ARRAY_LEN(words) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = text_nearest_of(cases[i].typed, &known);

		assert_true(text_equal(got, cases[i].want));
	}
}

static void test_a_terminal_is_shown_control_characters_and_does_not_obey(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *want;
	} cases[] = {
		{ "plain", 5, "plain" },
		{ "a\tb", 3, "a\tb" },
		{ "\033[2J", 4, "\\x1b[2J" },
		{ "nul\0end", 7, "nul\\x00end" },
		{ "caf\xc3\xa9", 5, "caf\xc3\xa9" },
		{ "\xc2\x9b", 2, "\\xc2\\x9b" },
		{ "\xc0\xaf", 2, "\\xc0\\xaf" },
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },
		{ "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
		{ "cut \xe2\x82", 6, "cut \\xe2\\x82" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text shown = { 0 };
		_cleanup_free_ char *got = NULL;

		text_add_shown(&shown, cases[i].bytes, cases[i].size);
		got = text_take(&shown);
		assert_string_equal(got, cases[i].want);
	}
}

static void test_strings_are_copied_and_found(void **state)
{
	struct strings strings = { 0 };
	char word[] = "one";

	(void)state;
	assert_int_equal(strings_add(&strings, word), 0);
	word[0] = 'x';
	assert_true(strings_have(&strings, "one"));
	assert_false(strings_have(&strings, "xne"));
	strings_done(&strings);
	assert_int_equal(strings.count, 0);
}

static void test_the_first_byte_that_is_not_utf8_is_found(void **state)
{
	static const struct {
		const char *bytes;
		size_t size, want;
	} cases[] = {
		{ "", 0, 0 },
		{ "plain", 5, 5 },
		{ "caf\xc3\xa9", 5, 5 },
		{ "caf\xe9", 4, 3 },
		{ "\xf0\x9f\x98\x80", 4, 4 },
		{ "a\xf0\x9f\x98", 4, 1 },
		{ "\xc0\x80", 2, 0 },
		{ "\xed\xa0\x80", 3, 0 },
		{ "ok\xff", 3, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			text_find_bad_utf8(cases[i].bytes, cases[i].size), cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_grows_and_is_taken_once),
		cmocka_unit_test(test_nothing_added_is_an_empty_string),
		cmocka_unit_test(test_the_nearest_word_is_one_that_could_be_meant),
		cmocka_unit_test(
			test_a_terminal_is_shown_control_characters_and_does_not_obey),
		cmocka_unit_test(test_strings_are_copied_and_found),
		cmocka_unit_test(test_the_first_byte_that_is_not_utf8_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
