/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * file.c - files are read and written whole or not at all, at most as much as is allowed.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/temporary.h"
#include "tests/test.h"

static int enter_a_folder(void **state)
{
	static char folder[TEMPORARY_BYTES];

	temporary_folder(folder);
	assert_int_equal(chdir(folder), 0);
	*state = folder;
	return 0;
}

static int leave_the_folder(void **state)
{
	assert_int_equal(chdir("/"), 0);
	return temporary_remove(*state);
}

static void test_what_is_written_is_read(void **state)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size = 0;

	(void)state;
	assert_int_equal(file_write("a", "one\0two", 7, 0600), 0);
	assert_int_equal(file_read(&bytes, &size, AT_FDCWD, "a", 100), 0);
	assert_int_equal(size, 7);
	assert_memory_equal(bytes, "one\0two", 8);
	assert_int_equal(access("a.new", F_OK), -1);
}

static void test_a_file_over_the_limit_is_refused(void **state)
{
	char *bytes = NULL;

	(void)state;
	assert_int_equal(file_write("big", "0123456789", 10, 0600), 0);
	assert_int_equal(file_read(&bytes, NULL, AT_FDCWD, "big", 9), -E2BIG);
	assert_null(bytes);
	assert_int_equal(file_read(&bytes, NULL, AT_FDCWD, "none", 9), -ENOENT);
}

static void test_a_failed_write_leaves_the_old_bytes(void **state)
{
	_cleanup_free_ char *bytes = NULL;

	(void)state;
	assert_int_equal(file_write("old", "old", 3, 0600), 0);
	assert_int_equal(symlink("elsewhere", "old.new"), 0);
	assert_int_equal(file_write("old", "new", 3, 0600), -ELOOP);
	assert_int_equal(file_read(&bytes, NULL, AT_FDCWD, "old", 100), 0);
	assert_string_equal(bytes, "old");
}

static void test_directories_are_made_on_the_way(void **state)
{
	struct stat info;

	(void)state;
	assert_int_equal(directory_make("x/y/z", 0755), 0);
	assert_int_equal(directory_make("x/y/z", 0755), 0);
	assert_int_equal(stat("x/y/z", &info), 0);
	assert_true(S_ISDIR(info.st_mode));
	assert_int_equal(file_write("x/f", "", 0, 0600), 0);
	assert_int_equal(directory_make("x/f/z", 0755), -ENOTDIR);
}

static void test_a_sealed_file_cannot_be_changed(void **state)
{
	_cleanup_close_ int fd = fd_sealed("test", "fixed", 5);
	_cleanup_free_ char *bytes = NULL;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fd_read_all(&bytes, NULL, fd, 100), 0);
	assert_string_equal(bytes, "fixed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_a_file_over_the_limit_is_refused),
		cmocka_unit_test(test_a_failed_write_leaves_the_old_bytes),
		cmocka_unit_test(test_directories_are_made_on_the_way),
		cmocka_unit_test(test_a_sealed_file_cannot_be_changed),
	};

	return cmocka_run_group_tests(tests, enter_a_folder, leave_the_folder);
}
