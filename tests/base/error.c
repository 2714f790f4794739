/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * error.c - a code, its sentence and the place travel as one, and are cut, never overrun.
 */
#include "base/error.h"

#include <errno.h>

#include "tests/test.h"

static void test_a_sentence_and_its_code_travel_together(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_is_set(&err));
	assert_int_equal(error_set(&err, -EINVAL, "port %d", 70000), -EINVAL);
	assert_true(error_is_set(&err));
	assert_string_equal(err.text, "port 70000");
}

static void test_errno_is_said_in_words(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_errno(&err, -ENOENT, "open /x");
	assert_string_equal(err.text, "open /x: No such file or directory");
}

static void test_a_prefix_names_the_place(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, -EINVAL, "bad");
	assert_int_equal(error_prefix(&err, "line %d", 3), -EINVAL);
	assert_string_equal(err.text, "line 3: bad");
}

static void test_a_long_sentence_is_cut_not_overrun(void **state)
{
	char many[2 * ERROR_TEXT_BYTES];
	struct error err = { 0 };

	(void)state;
	memset(many, 'x', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	error_set(&err, -E2BIG, "%s", many);
	assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
	error_prefix(&err, "%s", many);
	assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
}

static void test_nobody_needs_to_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, -EIO, "lost"), -EIO);
	assert_int_equal(error_errno(NULL, -EIO, "lost"), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sentence_and_its_code_travel_together),
		cmocka_unit_test(test_errno_is_said_in_words),
		cmocka_unit_test(test_a_prefix_names_the_place),
		cmocka_unit_test(test_a_long_sentence_is_cut_not_overrun),
		cmocka_unit_test(test_nobody_needs_to_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
