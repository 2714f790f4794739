/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * paths.c - where everything lies, without a root and below one.
 */
#include "base/paths.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/test.h"

static void test_without_a_root_the_paths_are_the_hosts(void **state)
{
	struct paths paths = { 0 };

	(void)state;
	assert_int_equal(paths_init(&paths, NULL), 0);
	assert_string_equal(paths.etc, "/etc/svcd");
	assert_string_equal(paths.control, "/run/svcd/control.sock");
	paths_done(&paths);
	assert_int_equal(paths_init(&paths, "/"), 0);
	assert_string_equal(paths.root, "");
	paths_done(&paths);
}

static void test_a_root_moves_them_all(void **state)
{
	struct paths paths = { 0 };

	(void)state;
	assert_int_equal(paths_init(&paths, "/tmp/x//"), 0);
	assert_string_equal(paths.root, "/tmp/x");
	assert_string_equal(paths.state, "/tmp/x/var/lib/svcd");
	assert_string_equal(paths.log, "/tmp/x/var/log");
	paths_done(&paths);
}

static void test_a_relative_root_is_refused(void **state)
{
	struct paths paths = { 0 };

	(void)state;
	assert_int_equal(paths_init(&paths, "tmp"), -EINVAL);
}

static void test_the_share_directory_may_be_named(void **state)
{
	struct paths paths = { 0 };

	(void)state;
	assert_int_equal(setenv("SVCD_SHARE", "/else/where", 1), 0);
	assert_int_equal(paths_init(&paths, NULL), 0);
	assert_string_equal(paths.share, "/else/where");
	paths_done(&paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_root_the_paths_are_the_hosts),
		cmocka_unit_test(test_a_root_moves_them_all),
		cmocka_unit_test(test_a_relative_root_is_refused),
		cmocka_unit_test(test_the_share_directory_may_be_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
