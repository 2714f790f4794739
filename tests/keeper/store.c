/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.c - file descriptors by name.
 */
#include "keeper/store.h"

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
		if (store_name_is_good(cases[i].name) != cases[i].good)
			fail_msg("%s", cases[i].rule);
}

static void a_name_stands_once_and_the_older_fd_is_closed(void **state)
{
	_cleanup_(store_done) struct store store = { 0 };
	int first = any_fd(), second = any_fd();

	(void)state;
	assert_int_equal(store_put(&store, "a", first), 0);
	assert_int_equal(store_put(&store, "a", second), 0);
	assert_int_equal(store.count, 1);
	assert_int_equal(store_fd(&store, "a"), second);
	assert_false(is_open(first));
}

static void a_refused_fd_is_closed(void **state)
{
	_cleanup_(store_done) struct store store = { 0 };
	int fd = any_fd();

	(void)state;
	assert_int_equal(store_put(&store, "a:b", fd), -EINVAL);
	assert_false(is_open(fd));
	assert_int_equal(store.count, 0);
}

static void names_come_in_order_of_arrival(void **state)
{
	_cleanup_(store_done) struct store store = { 0 };
	_cleanup_free_ char *names = NULL;

	(void)state;
	assert_int_equal(store_put(&store, "one", any_fd()), 0);
	assert_int_equal(store_put(&store, "two", any_fd()), 0);
	assert_int_equal(store_put(&store, "three", any_fd()), 0);
	assert_true(store_remove(&store, "two"));
	assert_false(store_remove(&store, "two"));
	names = store_names(&store);
	assert_string_equal(names, "one:three");
}

static void names_never_outgrow_one_environment_string(void **state)
{
	_cleanup_(store_done) struct store store = { 0 };
	_cleanup_free_ char *names = NULL;
	char name[STORE_NAME_MAX_BYTES + 1];
	int r = 0;

	(void)state;
	for (int i = 0; r == 0; i++) {
		snprintf(name, sizeof(name), "%0*d", STORE_NAME_MAX_BYTES, i);
		r = store_put(&store, name, any_fd());
	}
	assert_int_equal(r, -ENOSPC);
	names = store_names(&store);
	assert_in_range(
		strlen(names), STORE_NAMES_MAX_BYTES - 300, STORE_NAMES_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_would_break_the_list_are_refused),
		cmocka_unit_test(a_name_stands_once_and_the_older_fd_is_closed),
		cmocka_unit_test(a_refused_fd_is_closed),
		cmocka_unit_test(names_come_in_order_of_arrival),
		cmocka_unit_test(names_never_outgrow_one_environment_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
