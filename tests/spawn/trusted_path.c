/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * trusted_path.c - which ways to a directory are taken. Makes files of another user:
 * needs root.
 */
#include "spawn/trusted_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#include "tests/temporary.h"
#include "tests/test.h"

enum { SOMEBODY = 65534 };
static char base[TEMPORARY_BYTES]; /* NOLINT: one for all tests */

static void make_link(const char *name, const char *target, uid_t uid)
{
	_cleanup_free_ char *path = text_format("%s/%s", base, name);

	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(lchown(path, uid, uid), 0);
}

static int set_up(void **state)
{
	char path[64];

	(void)state;
	temporary_folder(base);
	snprintf(path, sizeof(path), "%s/with space/deep", base);
	assert_int_equal(directory_make(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/file", base);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	make_link("good", "with space", 0);
	make_link("bad", "with space", SOMEBODY);
	make_link("chain", "good/deep", 0);
	make_link("chain-of-bad", "bad/deep", 0);
	make_link("loop", "loop", 0);
	make_link("up", "with space/../with space/deep", 0);
	make_link("absolute", "/", 0);
	make_link("dangling", "nowhere", 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return temporary_remove(base);
}

/* `at`: where it leads, below the base; NULL: `error` */
static const struct {
	const char *rule, *path, *at;
	int error;
} cases[] = {
	{ "a plain path", "with space/deep", "with space/deep", 0 },
	{ "slashes do not matter", "//with space//deep/", "with space/deep", 0 },
	{ "a link of root's is followed", "good/deep", "with space/deep", 0 },
	{ "also through another", "chain", "with space/deep", 0 },
	{ "also up", "up", "with space/deep", 0 },
	{ "a link of somebody else's is not", "bad/deep", NULL, -ELOOP },
	{ "also as the last name", "bad", NULL, -ELOOP },
	{ "also behind one of root's", "chain-of-bad", NULL, -ELOOP },
	{ "a loop ends", "loop", NULL, -ELOOP },
	{ "an absolute link begins at the root", "absolute/etc/..", "", 0 },
	{ "what is not there", "with space/nothing", NULL, -ENOENT },
	{ "what is not there behind a link", "dangling", NULL, -ENOENT },
	{ "a file is no directory", "file", NULL, -ENOTDIR },
	{ "a file is no directory behind a link", "good/../file", NULL, -ENOTDIR },
};

static void links_are_followed_where_root_made_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *path = text_format("%s/%s", base, cases[i].path);
		_cleanup_free_ char *target =
			text_format("%s/%s", base, cases[i].at ? cases[i].at : "");
		_cleanup_close_ int fd = trusted_path_open(path);
		struct stat info, expected;

		print_message("%s\n", cases[i].rule);
		if (!cases[i].at) {
			assert_int_equal(fd, cases[i].error);
			continue;
		}
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(stat(cases[i].at[0] ? target : "/", &expected), 0);
		assert_int_equal(info.st_ino, expected.st_ino);
		assert_int_equal(info.st_dev, expected.st_dev);
	}
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char path[8192];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(trusted_path_open(path), -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		path[i] = '/';
	assert_int_equal(trusted_path_open(path), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_followed_where_root_made_them),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
