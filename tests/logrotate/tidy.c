/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tidy.c - the repeatable steps, begun from every state that a kill can leave.
 */
#include "logrotate/tidy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

#include "logrotate/pack.h"
#include "tests/temporary.h"
#include "tests/test.h"

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "a b c": what is in the directory, sorted. */
static char *listing(const char *path)
{
	_cleanup_(strings_done) struct strings names = { 0 };
	struct text text = { 0 };
	DIR *directory = opendir(path);
	struct dirent *entry;

	while ((entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strings_add(&names, entry->d_name);
	closedir(directory);
	qsort(names.items, names.count, sizeof(char *), order);
	for (size_t i = 0; i < names.count; i++)
		text_addf(&text, "%s%s", i ? " " : "", names.items[i]);
	return text_take(&text);
}

static void put(const char *directory, const char *name, const char *bytes)
{
	_cleanup_free_ char *path = text_format("%s/%s", directory, name);

	assert_int_equal(file_write(path, bytes, strlen(bytes), 0640), 0);
}

static void put_all(const char *directory, const char *names)
{
	_cleanup_free_ char *copy = strdup(names);
	char *rest = NULL;

	for (char *name = strtok_r(copy, " ", &rest); name;
		name = strtok_r(NULL, " ", &rest))
		put(directory, name, name);
}

static int tidy(const char *directory, const struct policy *policy)
{
	struct shelf_place place = { .directory = directory, .live = "a" };
	_cleanup_(shelf_freep) struct shelf *shelf = NULL;
	atomic_bool stop = false;
	struct tidy job = {
		.policy = *policy, .now = { 1800000000LL * US_PER_S }, .stop = &stop
	};
	struct error err = { 0 };

	assert_int_equal(shelf_new(&shelf, &place, &err), 0);
	job.shelves[0] = shelf;
	return tidy_run(&job);
}

#define DAY(n) "a-2026010" #n "-000000.1"

static const struct {
	const char *rule;
	struct policy policy;
	const char *before, *after;
} cases[] = {
	/* clang-format off */
	{ "nothing to do", { .keep = 3 }, "a", "a" },
	{ "what is plain is packed", { .keep = 3 }, "a " DAY(1), "a " DAY(1) ".zst" },
	{ "or gzipped", { .keep = 3, .compress = COMPRESS_GZIP }, "a " DAY(1), "a " DAY(1) ".gz" },
	{ "the newest waits", { .keep = 3, .delay_compress = true }, "a " DAY(1) " " DAY(2), "a " DAY(1) ".zst " DAY(2) },
	{ "the oldest go", { .keep = 1, .compress = COMPRESS_NONE }, "a " DAY(1) " " DAY(2) " " DAY(3), "a " DAY(3) },
	{ "half a packing is thrown away", { .keep = 3 }, "." DAY(1) ".zst.new a " DAY(1), "a " DAY(1) ".zst" },
	{ "a packing whose source was not removed yet", { .keep = 3 }, "a " DAY(1) " " DAY(1) ".zst", "a " DAY(1) ".zst" },
	{ "what is not ours stays", { .keep = 0 }, ".a a a.bak a2.1 b.1", ".a a a.bak a2.1 b.1" },
	{ "numbers are given, the oldest first", { .keep = 9, .numbered = true, .compress = COMPRESS_NONE }, "a " DAY(1) " " DAY(2), "a a.1 a.2" },
	{ "numbers move up", { .keep = 9, .numbered = true, .compress = COMPRESS_NONE }, "a " DAY(1) " a.1 a.2.gz", "a a.1 a.2 a.3.gz" },
	{ "a hole ends the moving", { .keep = 9, .numbered = true, .compress = COMPRESS_NONE }, "a " DAY(1) " a.1 a.3", "a a.1 a.2 a.3" },
	{ "killed while numbers moved up", { .keep = 9, .numbered = true, .compress = COMPRESS_NONE }, "a " DAY(1) " a.2 a.3", "a a.1 a.2 a.3" },
	{ "numbers over `keep` go", { .keep = 2, .numbered = true, .compress = COMPRESS_NONE }, "a " DAY(1) " a.1 a.2", "a a.1 a.2" },
	{ "by bytes, but not the last", { .keep = 9, .total_bytes = 1, .min_keep = 1, .compress = COMPRESS_NONE }, "a " DAY(1) " " DAY(2), "a " DAY(2) },
	/* clang-format on */
};

static void tidying_ends_in_order_and_twice_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char path[TEMPORARY_BYTES];
		struct policy policy = cases[i].policy;

		policy.level = 1;
		if (policy.total_bytes == 0)
			policy.total_bytes = UNSET;
		temporary_folder(path);
		put_all(path, cases[i].before);
		for (int round = 0; round < 2; round++) {
			_cleanup_free_ char *after = NULL;

			if (tidy(path, &policy) < 0)
				fail_msg("%s: failed", cases[i].rule);
			after = listing(path);
			if (strcmp(after, cases[i].after) != 0)
				fail_msg("%s: %s", cases[i].rule, after);
		}
		assert_int_equal(temporary_remove(path), 0);
	}
}

static void a_symbolic_link_is_neither_packed_nor_removed(void **state)
{
	char path[TEMPORARY_BYTES];
	struct policy policy = { .keep = 0, .total_bytes = UNSET, .level = 1 };
	_cleanup_free_ char *link = NULL, *after = NULL;

	(void)state;
	temporary_folder(path);
	link = text_format("%s/%s", path, DAY(1));
	assert_int_equal(symlink("/etc/hostname", link), 0);
	assert_int_equal(tidy(path, &policy), 0);
	after = listing(path);
	assert_string_equal(after, DAY(1));
	assert_int_equal(temporary_remove(path), 0);
}

static void what_a_service_put_in_the_place_of_an_archive_is_not_read(void **state)
{
	char path[TEMPORARY_BYTES];
	struct policy policy = { .keep = 9, .total_bytes = UNSET, .level = 1 };
	struct shelf shelf = { 0 };
	_cleanup_free_ char *archive = NULL, *other = NULL, *fifo = NULL, *after = NULL;

	(void)state;
	temporary_folder(path);
	put_all(path, "a " DAY(1));
	archive = text_format("%s/%s", path, DAY(1));
	other = text_format("%s.elsewhere", path);
	fifo = text_format("%s/fifo", path);
	assert_int_equal(link(archive, other), 0);
	assert_true(tidy(path, &policy) < 0);
	after = listing(path);
	assert_string_equal(after, "a " DAY(1));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	shelf.archive_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(shelf_open(&shelf, "fifo"), -EINVAL);
	assert_int_equal(shelf_open(&shelf, DAY(1)), -EMLINK);
	close(shelf.archive_fd);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(temporary_remove(path), 0);
}

static void what_cannot_be_packed_does_not_keep_the_cap_from_acting(void **state)
{
	char path[TEMPORARY_BYTES];
	struct policy policy = { .keep = 9, .total_bytes = 1, .level = 1 };
	_cleanup_free_ char *in_the_way = NULL, *after = NULL;

	(void)state;
	temporary_folder(path);
	put_all(path, "a " DAY(1) " " DAY(2));
	in_the_way = text_format("%s/.%s.zst.new", path, DAY(1));
	assert_int_equal(mkdir(in_the_way, 0700), 0);
	assert_true(tidy(path, &policy) < 0);
	assert_int_equal(rmdir(in_the_way), 0);
	after = listing(path);
	assert_string_equal(after, "a");
	assert_int_equal(temporary_remove(path), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tidying_ends_in_order_and_twice_changes_nothing),
		cmocka_unit_test(a_symbolic_link_is_neither_packed_nor_removed),
		cmocka_unit_test(
			what_a_service_put_in_the_place_of_an_archive_is_not_read),
		cmocka_unit_test(what_cannot_be_packed_does_not_keep_the_cap_from_acting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
