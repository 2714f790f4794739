/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fd_table.c - file descriptors by name.
 */
#include "base/fd_table.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/test.h"

static int any_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void names_that_would_break_the_list_are_refused(void **state)
{
	static const struct {
		const char *rule, *name;
		bool good;
	} cases[] = {
		{ "a plain word", "control.sock", true },
		{ "punctuation but the colon", "http=[__1]_9479/x", true },
		{ "an empty name", "", false },
		{ "the separator", "a:b", false },
		{ "a space", "a b", false },
		{ "a newline", "a\nREADY=1", false },
		{ "a byte above ASCII", "\xc3\xa4", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (fd_name_is_good(cases[i].name) != cases[i].good)
			fail_msg("%s", cases[i].rule);
}

static void a_name_stands_once_and_the_older_fd_is_closed(void **state)
{
	_cleanup_(fd_table_done) struct fd_table table = { 0 };
	int first = any_fd(), second = any_fd();

	(void)state;
	assert_int_equal(fd_table_put(&table, "a", first), 0);
	assert_int_equal(fd_table_put(&table, "a", second), 0);
	assert_int_equal(table.count, 1);
	assert_int_equal(fd_table_find(&table, "a")->fd, second);
	assert_false(is_open(first));
}

static void a_refused_fd_is_closed(void **state)
{
	_cleanup_(fd_table_done) struct fd_table table = { 0 };
	int fd = any_fd();

	(void)state;
	assert_int_equal(fd_table_put(&table, "a:b", fd), -EINVAL);
	assert_false(is_open(fd));
	assert_int_equal(table.count, 0);
}

static void names_come_in_their_order(void **state)
{
	_cleanup_(fd_table_done) struct fd_table table = { 0 };
	_cleanup_free_ char *names = NULL;

	(void)state;
	assert_int_equal(fd_table_put(&table, "one", any_fd()), 0);
	assert_int_equal(fd_table_put(&table, "two", any_fd()), 0);
	assert_int_equal(fd_table_put(&table, "three", any_fd()), 0);
	assert_true(fd_table_remove(&table, "two"));
	assert_false(fd_table_remove(&table, "two"));
	names = fd_table_names(&table);
	assert_string_equal(names, "one:three");
}

static void names_never_outgrow_one_environment_string(void **state)
{
	_cleanup_(fd_table_done) struct fd_table table = { 0 };
	_cleanup_free_ char *names = NULL;
	char name[FD_NAME_MAX_BYTES + 1];
	int r = 0;

	(void)state;
	for (int i = 0; r == 0; i++) {
		snprintf(name, sizeof(name), "%0*d", FD_NAME_MAX_BYTES, i);
		r = fd_table_put(&table, name, any_fd());
	}
	assert_int_equal(r, -ENOSPC);
	names = fd_table_names(&table);
	assert_in_range(strlen(names), FD_NAMES_MAX_BYTES - 300, FD_NAMES_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_would_break_the_list_are_refused),
		cmocka_unit_test(a_name_stands_once_and_the_older_fd_is_closed),
		cmocka_unit_test(a_refused_fd_is_closed),
		cmocka_unit_test(names_come_in_their_order),
		cmocka_unit_test(names_never_outgrow_one_environment_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
