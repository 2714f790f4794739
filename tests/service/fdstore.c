/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fdstore.c - what a service can make us keep: how much, under which names, for how long.
 */
#include "service/fdstore.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/test.h"

static unsigned open_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static struct fdstore *fresh(void)
{
	struct fdstore *store = NULL;

	assert_int_equal(fdstore_new(&store, NULL), 0);
	return store;
}

/* One end of a pair; the other stays with the test. */
static int pair(int *ret_other)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*ret_other = ends[1];
	return ends[0];
}

static void keep(struct fdstore *store, int fd, const char *name)
{
	assert_int_equal(fdstore_add(store, fd, name, true), 0);
}

static const struct {
	const char *rule, *name;
	int want;
} names[] = {
	{ "a word", "queue", 0 },
	{ "none", "", 0 },
	{ "what is visible", "a/b=c[1]~", 0 },
	{ "63 characters",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0 },
	{ "64 characters",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		FDSTORE_E_NAME },
	{ "a colon separates names", "a:b", FDSTORE_E_NAME },
	{ "a blank", "a b", FDSTORE_E_NAME },
	{ "a line feed", "a\nb", FDSTORE_E_NAME },
	{ "beyond ASCII", "schl\xc3\xbcssel", FDSTORE_E_NAME },
};

static void a_name_must_fit_between_colons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct fdstore *store = fresh();
		int other, fd = pair(&other);
		int r = fdstore_add(store, fd, names[i].name, true);

		print_message("%s\n", names[i].rule);
		assert_int_equal(r, names[i].want);
		assert_int_equal(fdstore_sweep(store), r == 0);
		if (r == 0)
			assert_string_equal(fdstore_name(store, 0),
				names[i].name[0] ? names[i].name : "stored");
		else
			close(fd); /* what is refused stays the caller's */
		fdstore_free(store);
		close(other);
	}
}

static void the_number_is_bounded(void **state)
{
	struct fdstore *store = fresh();
	int others[FDSTORE_MAX], more, other;
	unsigned before = open_fds();

	(void)state;
	for (size_t i = 0; i < FDSTORE_MAX; i++)
		keep(store, pair(&others[i]), "many");
	more = pair(&other);
	assert_int_equal(fdstore_add(store, more, "many", true), FDSTORE_E_FULL);
	/* what hung up makes room */
	close(others[3]);
	keep(store, more, "last");
	assert_int_equal(fdstore_sweep(store), FDSTORE_MAX);
	assert_string_equal(fdstore_name(store, FDSTORE_MAX - 1), "last");
	fdstore_free(store);
	for (size_t i = 0; i < FDSTORE_MAX; i++)
		if (i != 3)
			close(others[i]);
	close(other);
	assert_int_equal(open_fds(), before);
}

static void the_same_open_file_is_kept_once(void **state)
{
	struct fdstore *store = fresh();
	int other, fd = pair(&other), again = dup(fd), ends[2];

	(void)state;
	keep(store, fd, "one");
	assert_int_equal(fdstore_add(store, again, "two", true), FDSTORE_E_THERE);
	close(again);
	/* two ends of one pipe share an inode, and are two */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	keep(store, ends[0], "read");
	keep(store, ends[1], "write");
	assert_int_equal(fdstore_sweep(store), 3);
	fdstore_free(store);
	close(other);
}

static void what_hung_up_is_dropped_unless_it_is_to_stay(void **state)
{
	struct fdstore *store = fresh();
	int first_other, second_other, third_other;

	(void)state;
	keep(store, pair(&first_other), "goes");
	assert_int_equal(fdstore_add(store, pair(&second_other), "stays", false), 0);
	keep(store, pair(&third_other), "lives");
	close(first_other);
	close(second_other);
	assert_int_equal(fdstore_sweep(store), 2);
	assert_string_equal(fdstore_name(store, 0), "stays");
	assert_string_equal(fdstore_name(store, 1), "lives");
	fdstore_free(store);
	close(third_other);
}

static void all_of_a_name_are_removed(void **state)
{
	struct fdstore *store = fresh();
	int others[3];

	(void)state;
	keep(store, pair(&others[0]), "queue");
	keep(store, pair(&others[1]), "cache");
	keep(store, pair(&others[2]), "queue");
	fdstore_remove(store, "que");
	assert_int_equal(fdstore_sweep(store), 3);
	fdstore_remove(store, "queue");
	assert_int_equal(fdstore_sweep(store), 1);
	assert_string_equal(fdstore_name(store, 0), "cache");
	fdstore_free(store);
	for (size_t i = 0; i < 3; i++)
		close(others[i]);
}

static void a_copy_outlives_what_it_was_made_of(void **state)
{
	struct fdstore *store = fresh(), *copy = NULL;
	unsigned before = open_fds();
	int other;
	char byte = 'x';

	(void)state;
	keep(store, pair(&other), "queue");
	assert_int_equal(fdstore_copy(&copy, store, NULL), 0);
	fdstore_free(store);
	assert_int_equal(fdstore_sweep(copy), 1);
	assert_string_equal(fdstore_name(copy, 0), "queue");
	assert_int_equal(write(fdstore_fd(copy, 0), &byte, 1), 1);
	byte = 0;
	assert_int_equal(read(other, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_true(fcntl(fdstore_fd(copy, 0), F_GETFD) & FD_CLOEXEC);
	fdstore_free(copy);
	close(other);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_must_fit_between_colons),
		cmocka_unit_test(the_number_is_bounded),
		cmocka_unit_test(the_same_open_file_is_kept_once),
		cmocka_unit_test(what_hung_up_is_dropped_unless_it_is_to_stay),
		cmocka_unit_test(all_of_a_name_are_removed),
		cmocka_unit_test(a_copy_outlives_what_it_was_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
