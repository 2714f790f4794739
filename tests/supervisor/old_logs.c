/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * old_logs.c - what goes of a log directory whose service is retired, and what stays.
 */
#include "supervisor/old_logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#include "tests/temporary.h"
#include "tests/test.h"

enum { NOW_S = 1800000000, DAY_S = 24 * 3600, MAX_AGE_MS = 10 * DAY_S * 1000 };
static const struct wall now = { (int64_t)NOW_S * 1000000 };

struct logs {
	char path[TEMPORARY_BYTES];
};

static void logs_begin(struct logs *logs)
{
	temporary_folder(logs->path);
}

static char *in(const struct logs *logs, const char *name)
{
	return text_format("%s/%s", logs->path, name);
}

static void put(const struct logs *logs, const char *name, int64_t age_s)
{
	_cleanup_free_ char *path = in(logs, name);
	struct timespec times[2] = { { NOW_S - age_s, 0 }, { NOW_S - age_s, 0 } };
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const struct logs *logs, const char *name)
{
	_cleanup_free_ char *path = in(logs, name);
	struct stat info;

	return lstat(path, &info) == 0;
}

static void old_ones_go_and_young_ones_stay(void **state)
{
	struct logs logs;

	(void)state;
	logs_begin(&logs);
	put(&logs, "main.log", 9 * DAY_S);
	put(&logs, "main.log-1.zst", 11 * DAY_S);
	put(&logs, ".main.log.new", 11 * DAY_S);
	assert_int_equal(old_logs_remove(logs.path, MAX_AGE_MS, now), 1);
	assert_true(is_there(&logs, "main.log"));
	assert_false(is_there(&logs, "main.log-1.zst"));
	assert_false(is_there(&logs, ".main.log.new"));
	assert_int_equal(
		old_logs_remove(logs.path, MAX_AGE_MS, (struct wall){ INT64_MAX / 2 }),
		0);
	assert_false(is_there(&logs, "."));
	assert_int_equal(old_logs_remove(logs.path, MAX_AGE_MS, now), -ENOENT);
}

static void what_is_no_file_stays_and_leads_nowhere(void **state)
{
	struct logs logs, other;
	_cleanup_free_ char *link = NULL, *folder = NULL, *fifo = NULL, *way = NULL;

	(void)state;
	logs_begin(&logs);
	logs_begin(&other);
	put(&other, "precious", 99 * DAY_S);
	link = in(&logs, "link");
	folder = in(&logs, "folder");
	fifo = in(&logs, "fifo");
	way = in(&other, "precious");
	assert_int_equal(symlink(way, link), 0);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	assert_int_equal(
		old_logs_remove(logs.path, 0, (struct wall){ INT64_MAX / 2 }), 3);
	assert_true(is_there(&other, "precious"));
	assert_int_equal(temporary_remove(logs.path), 0);
	assert_int_equal(temporary_remove(other.path), 0);
}

/* Whoever owns the place of a log directory could lead root away from it. */
static void a_directory_that_another_user_made_a_link_of_is_not_entered(void **state)
{
	struct logs logs, other;
	_cleanup_free_ char *link = NULL, *way = NULL;

	(void)state;
	if (geteuid() != 0)
		fail_msg("needs root to give a link away");
	logs_begin(&logs);
	logs_begin(&other);
	put(&other, "precious", 99 * DAY_S);
	link = in(&logs, "web");
	way = in(&other, "precious");
	assert_int_equal(symlink(other.path, link), 0);
	assert_int_equal(lchown(link, 65534, 65534), 0);
	assert_true(old_logs_remove(link, 0, (struct wall){ INT64_MAX / 2 }) < 0);
	assert_true(is_there(&other, "precious"));
	assert_int_equal(temporary_remove(logs.path), 0);
	assert_int_equal(temporary_remove(other.path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_ones_go_and_young_ones_stay),
		cmocka_unit_test(what_is_no_file_stays_and_leads_nowhere),
		cmocka_unit_test(
			a_directory_that_another_user_made_a_link_of_is_not_entered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
