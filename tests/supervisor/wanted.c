/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wanted.c - what operators said, over restarts.
 */
#include "supervisor/wanted.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"

#include "tests/temporary.h"
#include "tests/test.h"

static char folder[TEMPORARY_BYTES];                       /* NOLINT: one for all tests */
static char path[TEMPORARY_BYTES + sizeof("wanted.json")]; /* NOLINT: in it */

static int set_up(void **state)
{
	(void)state;
	temporary_folder(folder);
	snprintf(path, sizeof(path), "%s/wanted.json", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return temporary_remove(folder);
}

static void what_was_put_is_read_again(void **state)
{
	_cleanup_(wanted_done) struct wanted_table first = { 0 }, again = { 0 };
	struct wish put = { WANTED_DOWN, "alice", "kernel upgrade", { 1 }, { 2 } }, got;
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(wanted_read(&first, path, &err), 0);
	assert_false(wanted_get(&first, "mathoid", &got));
	assert_true(wanted_put(&first, "mathoid", &put));
	assert_false(wanted_put(&first, "mathoid", &put)); /* nothing new */
	text = json_print(first.json, JSON_PRETTY);
	assert_int_equal(file_write(path, text, strlen(text), 0644), 0);
	assert_int_equal(wanted_read(&again, path, &err), 0);
	assert_true(wanted_get(&again, "mathoid", &got));
	assert_int_equal(got.value, WANTED_DOWN);
	assert_string_equal(got.who, "alice");
	assert_string_equal(got.why, "kernel upgrade");
	assert_int_equal(got.until.us, 2);
	assert_true(wanted_forget(&again, "mathoid"));
	assert_false(wanted_forget(&again, "mathoid"));
}

static const struct {
	const char *rule, *bytes;
} broken[] = {
	{ "an empty file", "" },
	{ "half a file", "{\"mathoid\": {\"value\": \"do" },
	{ "not an object", "[1, 2]" },
	{ "a key twice", "{\"a\": {}, \"a\": {}}" },
};

static void a_broken_file_is_an_error_and_an_empty_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		_cleanup_(wanted_done) struct wanted_table table = { 0 };
		struct error err = { 0 };

		assert_int_equal(
			file_write(path, broken[i].bytes, strlen(broken[i].bytes), 0644),
			0);
		if (wanted_read(&table, path, &err) >= 0 || json_size(table.json) != 0 ||
			!strstr(err.text, path))
			fail_msg("%s: %s", broken[i].rule, err.text);
	}
}

static void a_row_that_makes_no_sense_is_as_if_nothing_was_said(void **state)
{
	static const char bytes[] =
		"{\"a\": {\"value\": \"sideways\"}, \"b\": 7, \"c\": {\"value\": \"down\"}}";
	_cleanup_(wanted_done) struct wanted_table table = { 0 };
	struct error err = { 0 };
	struct wish got;

	(void)state;
	assert_int_equal(file_write(path, bytes, strlen(bytes), 0644), 0);
	assert_int_equal(wanted_read(&table, path, &err), 0);
	assert_false(wanted_get(&table, "a", &got));
	assert_false(wanted_get(&table, "b", &got));
	assert_true(wanted_get(&table, "c", &got));
	assert_string_equal(got.who, "");
}

static void members_of_a_newer_version_are_kept(void **state)
{
	static const char bytes[] = "{\"a\": {\"value\": \"down\", \"colour\": \"red\"}}";
	_cleanup_(wanted_done) struct wanted_table table = { 0 };
	struct wish up = { WANTED_UP, "root", "", { 5 }, { 0 } };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(file_write(path, bytes, strlen(bytes), 0644), 0);
	assert_int_equal(wanted_read(&table, path, &err), 0);
	assert_true(wanted_put(&table, "a", &up));
	assert_string_equal(
		json_get_text(json_get(table.json, "a"), "colour", ""), "red");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_is_read_again),
		TEST(a_broken_file_is_an_error_and_an_empty_table),
		TEST(a_row_that_makes_no_sense_is_as_if_nothing_was_said),
		TEST(members_of_a_newer_version_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
