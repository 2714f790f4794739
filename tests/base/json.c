/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * json.c - documents are built, printed and read back the same; hostile ones are refused.
 */
#include "base/json.h"

#include <errno.h>

#include "tests/test.h"

static void test_what_was_built_reads_back_the_same(void **state)
{
	_cleanup_(json_freep) struct json_t *first = json_new_object(), *again = NULL;
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(json_set_text(first, "name", "mathoid"), 0);
	assert_int_equal(json_set_int(first, "port", 10042), 0);
	assert_int_equal(json_set_bool(first, "ready", true), 0);
	assert_int_equal(json_set_text(first, "none", NULL), 0);
	text = json_print(first, JSON_ONE_LINE);
	assert_string_equal(text,
		"{\"name\":\"mathoid\",\"port\":10042,\"ready\":true,\"none\":null}");
	assert_int_equal(json_parse(&again, text, strlen(text), 1000, &err), 0);
	assert_true(json_same(first, again));
}

static void test_any_bytes_travel_as_text(void **state)
{
	_cleanup_(json_freep) struct json_t *text = json_new_text("bad \xff byte");

	(void)state;
	assert_string_equal(json_text(text), "bad \\xff byte");
}

static void test_asking_the_wrong_kind_gives_the_other_value(void **state)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();

	(void)state;
	assert_int_equal(json_append_text(list, "x"), 0);
	assert_null(json_get(list, "key"));
	assert_int_equal(json_get_int(list, "key", 7), 7);
	assert_string_equal(json_get_text(NULL, "key", "none"), "none");
	assert_null(json_item(list, 1));
	assert_int_equal(json_int(json_item(list, 0)), 0);
}

static void test_hostile_documents_are_refused(void **state)
{
	char deep[2 * JSON_MAX_DEPTH + 3];
	static const char *const bad[] = { "", "{", "{\"a\":1,\"a\":2}", "[1,]", "{} {}",
		"nul", "\"\\ud800\"", "1e999" };
	struct json_t *value = NULL;
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
			json_parse(&value, bad[i], strlen(bad[i]), 1000, &err), -EINVAL);
		assert_true(strlen(err.text) > 0);
	}
	memset(deep, '[', JSON_MAX_DEPTH + 1);
	memset(deep + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	assert_int_equal(json_parse(&value, deep, sizeof(deep) - 1, 1000, &err), -EINVAL);
	assert_int_equal(json_parse(&value, "[1,2]", 5, 4, &err), -E2BIG);
	assert_null(value);
}

static void test_a_bracket_in_a_string_is_not_depth(void **state)
{
	_cleanup_(json_freep) struct json_t *value = NULL;
	char text[2 * JSON_MAX_DEPTH];

	(void)state;
	memset(text, '[', sizeof(text));
	text[0] = text[sizeof(text) - 1] = '"';
	assert_int_equal(json_parse(&value, text, sizeof(text), sizeof(text), NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_built_reads_back_the_same),
		cmocka_unit_test(test_any_bytes_travel_as_text),
		cmocka_unit_test(test_asking_the_wrong_kind_gives_the_other_value),
		cmocka_unit_test(test_hostile_documents_are_refused),
		cmocka_unit_test(test_a_bracket_in_a_string_is_not_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
