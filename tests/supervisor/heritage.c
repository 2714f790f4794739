/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervisor/heritage.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/test.h"

static const char boot[] = "5b1c-of-this-boot";

#define OF_THIS_BOOT "\"format\":1,\"boot\":\"5b1c-of-this-boot\""

static int read_text(struct heritage *ret, const char *text)
{
	return heritage_read(ret, strdup(text), strlen(text), boot, NULL);
}

static struct heritage read_good(const char *text)
{
	struct heritage heritage;

	assert_int_equal(read_text(&heritage, text), 0);
	return heritage;
}

static void each_service_has_its_part(void **state)
{
	struct heritage heritage = read_good("{" OF_THIS_BOOT ",\"index\":812,"
					     "\"clear\":true,\"services\":{"
					     "\n\"b\":{\"n\":2},\n\"a\":{\"n\":1}\n}}\n");
	struct heritage_part *a = heritage_find(&heritage, "a"),
			     *b = heritage_find(&heritage, "b");

	(void)state;
	assert_true(heritage.found && heritage.clear);
	assert_int_equal(heritage.index, 812);
	assert_int_equal(heritage.left, 2);
	assert_string_equal(a->text, "{\"n\":1}");
	assert_string_equal(b->text, "{\"n\":2}");
	assert_int_equal(json_get_int(heritage_record(a), "n", 0), 1);
	assert_null(heritage_find(&heritage, "c"));
	heritage_done(&heritage);
}

static void a_part_that_was_taken_is_not_found_again(void **state)
{
	struct heritage heritage =
		read_good("{" OF_THIS_BOOT ",\"services\":{\"a\":{},\"b\":{},\"c\":{}}}");

	(void)state;
	heritage_drop(&heritage, heritage_find(&heritage, "b"));
	assert_null(heritage_find(&heritage, "b"));
	assert_non_null(heritage_find(&heritage, "a"));
	assert_non_null(heritage_find(&heritage, "c"));
	heritage_drop(&heritage, heritage_find(&heritage, "a"));
	heritage_drop(&heritage, heritage_find(&heritage, "c"));
	assert_int_equal(heritage.left, 0);
	assert_null(heritage_find(&heritage, "c"));
	assert_true(heritage.found);
	heritage_done(&heritage);
}

static void what_only_a_newer_version_knows_stays_as_it_came(void **state)
{
	struct heritage heritage =
		read_good("{" OF_THIS_BOOT
			  ",\"moods\":{\"a\":[1, 2]},\"services\":{},\"x\":\"y\"}");

	(void)state;
	assert_string_equal(heritage.rest.bytes, ",\"moods\":{\"a\":[1, 2]},\"x\":\"y\"");
	heritage_done(&heritage);
}

static void another_boot_says_nothing_of_this_one(void **state)
{
	static const char *const cases[] = {
		"{\"boot\":\"another\",\"index\":7,\"services\":{\"a\":{}},\"x\":1}",
		"{\"services\":{\"a\":{}}}",
		"{\"boot\":5,\"services\":{\"a\":{}}}",
		"[]",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct heritage heritage = read_good(cases[i]);

		assert_false(heritage.found);
		assert_int_equal(heritage.index, 0);
		assert_int_equal(heritage.count, 0);
		assert_null(heritage.rest.bytes);
		heritage_done(&heritage);
	}
}

static void a_document_that_makes_no_sense_is_none(void **state)
{
	static const char *const cases[] = {
		"{" OF_THIS_BOOT ",\"services\":{\"a\":{}}",
		"{" OF_THIS_BOOT ",\"services\":[]}",
		"{" OF_THIS_BOOT ",\"services\":{\"a\":{},7}}",
		"{" OF_THIS_BOOT ",\"who\":7,\"who\":7}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct heritage heritage = { 0 };

		assert_int_equal(read_text(&heritage, cases[i]), -EINVAL);
		assert_null(heritage.bytes);
	}
}

static void a_part_that_makes_no_sense_keeps_no_other_from_being_read(void **state)
{
	struct heritage heritage =
		read_good("{" OF_THIS_BOOT ",\"services\":{\"a\":{x},\"b\":{\"n\":2}}}");

	(void)state;
	assert_null(heritage_record(heritage_find(&heritage, "a")));
	assert_non_null(heritage_record(heritage_find(&heritage, "b")));
	heritage_done(&heritage);
}

static void hundreds_are_found_by_name(void **state)
{
	struct text text = { 0 };
	struct heritage heritage;

	(void)state;
	text_add(&text, "{" OF_THIS_BOOT ",\"services\":{");
	for (unsigned i = 0; i < 1000; i++)
		text_addf(&text, "%s\"s%u\":{\"n\":%u}", i ? "," : "", i, i);
	text_add(&text, "}}");
	heritage = read_good(text.bytes);
	text_done(&text);
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%u", i);
		assert_int_equal(
			json_get_int(
				heritage_record(heritage_find(&heritage, name)), "n", -1),
			i);
	}
	heritage_done(&heritage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_service_has_its_part),
		cmocka_unit_test(a_part_that_was_taken_is_not_found_again),
		cmocka_unit_test(what_only_a_newer_version_knows_stays_as_it_came),
		cmocka_unit_test(another_boot_says_nothing_of_this_one),
		cmocka_unit_test(a_document_that_makes_no_sense_is_none),
		cmocka_unit_test(
			a_part_that_makes_no_sense_keeps_no_other_from_being_read),
		cmocka_unit_test(hundreds_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
