/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names.c - archive names, there and back.
 */
#include "logrotate/names.h"

#include <string.h>

#include "base/cleanup.h"

#include "tests/test.h"

static const struct {
	const char *rule, *name;
	bool is_archive, dated;
	int64_t number;
	enum compress packed;
} cases[] = {
	/* clang-format off */
	{ "dated", "main.log-19700101-000001.1", true, true, 1, COMPRESS_NONE },
	{ "dated and packed", "main.log-19700101-000001.12.zst", true, true, 12, COMPRESS_ZSTD },
	{ "numbered", "main.log.3", true, false, 3, COMPRESS_NONE },
	{ "numbered and packed", "main.log.3.gz", true, false, 3, COMPRESS_GZIP },
	{ "the live log is none", "main.log", false, false, 0, 0 },
	{ "another log is none", "main.log2.1", false, false, 0, 0 },
	{ "a longer name is none", "main.log.1.old", false, false, 0, 0 },
	{ "a number from 1 on", "main.log.0", false, false, 0, 0 },
	{ "a number without zeros in front", "main.log.01", false, false, 0, 0 },
	{ "a number of sane size", "main.log.99999999999999999999", false, false, 0, 0 },
	{ "a date without a number is none", "main.log-19700101-000001", false, false, 0, 0 },
	{ "an operator's copy is none", "main.log-19700101.bak", false, false, 0, 0 },
	/* clang-format on */
};

static void names_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct archive archive = { 0 };
		bool is_archive =
			name_parse(&archive, cases[i].name, "main.log", NAMES_DATEFORMAT);

		if (is_archive != cases[i].is_archive ||
			(is_archive && (archive.dated != cases[i].dated ||
					       archive.number != cases[i].number ||
					       archive.packed != cases[i].packed)))
			fail_msg("%s", cases[i].rule);
	}
}

static void a_made_name_reads_back(void **state)
{
	char name[NAME_BYTES];
	struct archive archive;

	(void)state;
	assert_true(name_dated(name, "main.log", NAMES_DATEFORMAT, 1790000000, 7));
	assert_string_equal(name, "main.log-20260921-141320.7");
	assert_true(name_parse(&archive, name, "main.log", NAMES_DATEFORMAT));
	assert_int_equal(archive.stamp_s, 1790000000);
	assert_int_equal(archive.number, 7);
}

static void a_stamp_is_no_finer_than_its_format(void **state)
{
	(void)state;
	assert_int_equal(name_stamp("a", "-%Y%m%d", 1790000000), 1789948800);
	assert_int_equal(name_stamp("a", NAMES_DATEFORMAT, 1790000000), 1790000000);
	assert_int_equal(name_stamp("a", "-%Y-%m", 1790000000), 1788220800);
	assert_int_equal(name_stamp("a", "-%Y", 1790000000), 1767225600);
}

static void a_format_cannot_leave_the_directory(void **state)
{
	char name[NAME_BYTES];

	(void)state;
	assert_false(name_dated(name, "a", "/../%Y", 1790000000, 1));
	assert_false(name_dated(name, "a", "%D", 1790000000, 1)); /* 09/21/26 */
}

static void newer_comes_first(void **state)
{
	static const char *const sorted[] = { "a-20260102-000000.1",
		"a-20260101-000000.10", "a-20260101-000000.9", "a-20260101-000000.9.zst",
		"a.1", "a.2.gz", "a.10" };

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_LEN(sorted); i++) {
		struct archive one, other;

		assert_true(name_parse(&one, sorted[i], "a", NAMES_DATEFORMAT));
		assert_true(name_parse(&other, sorted[i + 1], "a", NAMES_DATEFORMAT));
		if (name_order(&one, &other) >= 0 || name_order(&other, &one) <= 0)
			fail_msg("%s before %s", sorted[i], sorted[i + 1]);
	}
}

static void a_log_cannot_be_called_anything(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".hidden", "a/b",
		"/etc/passwd" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(name_is_good(bad[i]));
	assert_true(name_is_good("main.log"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_understood),
		cmocka_unit_test(a_made_name_reads_back),
		cmocka_unit_test(a_stamp_is_no_finer_than_its_format),
		cmocka_unit_test(a_format_cannot_leave_the_directory),
		cmocka_unit_test(newer_comes_first),
		cmocka_unit_test(a_log_cannot_be_called_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
