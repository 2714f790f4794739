/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * target.c - what a check is aimed at, read and printed.
 */
#include "health/target.h"

#include <errno.h>

#include "base/cleanup.h"

#include "tests/test.h"

static void test_a_target_is_read_and_printed(void **state)
{
	static const struct {
		const char *bytes, *printed; /* NULL: refused */
	} cases[] = {
		{ "/", "/" },
		{ "*", "/" },
		{ "/livez", "/livez" },
		{ "/readyz/mathoid/info", "/readyz/mathoid/info" },
		{ "/health/", "/health" },
		{ "/readyz/@critical", "/readyz/@critical" },
		{ "/readyz/%40critical", "/readyz/@critical" },
		{ "/readyz?verbose", "/readyz?verbose" },
		{ "/readyz?verbose=1&exclude=a&exclude=b",
			"/readyz?verbose&exclude=a&exclude=b" },
		{ "/readyz?drain=404", "/readyz?drain=404" },
		{ "/readyz?drain=503", "/readyz" },
		{ "/check/web?format=text", "/check/web?format=text" },
		{ "/check/web?format=yaml&x=y&&z", "/check/web" },
		{ "/check/we%62?", "/check/web" },
		{ "/check/w%C3%A9b", "/check/w%C3%A9b" },
		{ "", NULL },
		{ "livez", NULL },
		{ "http://x/livez", NULL },
		{ "//livez", NULL },
		{ "/a/b/c/d", NULL },
		{ "/livez/%", NULL },
		{ "/livez/%4", NULL },
		{ "/livez/%zz", NULL },
		{ "/livez/%00", NULL },
		{ "/livez/%0d%0aX:1", NULL },
		{ "/livez/a\x7f", NULL },
		{ "/readyz?exclude=%0a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target target;
		struct text text = { 0 };
		int r = target_parse(&target, cases[i].bytes);

		if ((r < 0) != !cases[i].printed)
			fail_msg("\"%s\"", cases[i].bytes);
		if (r == 0) {
			target_print(&text, &target);
			assert_string_equal(text.bytes, cases[i].printed);
		}
		text_done(&text);
	}
}

static void test_what_is_too_much_is_refused(void **state)
{
	struct target target;
	char part[TARGET_PART_BYTES + 8] = "/", all[TARGET_MAX_BYTES + 8] = "/readyz?";
	struct text excludes = { 0 };

	(void)state;
	memset(part + 1, 'a', TARGET_PART_BYTES);
	assert_int_equal(target_parse(&target, part), -EINVAL);
	part[TARGET_PART_BYTES] = '\0';
	assert_int_equal(target_parse(&target, part), 0);
	memset(all + 8, '&', TARGET_MAX_BYTES - 7);
	assert_int_equal(target_parse(&target, all), -EINVAL);
	text_add(&excludes, "/readyz?");
	for (int i = 0; i < TARGET_MAX_EXCLUDES; i++)
		text_add(&excludes, "exclude=a&");
	assert_int_equal(target_parse(&target, excludes.bytes), 0);
	text_add(&excludes, "exclude=a");
	assert_int_equal(target_parse(&target, excludes.bytes), -EINVAL);
	text_done(&excludes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_target_is_read_and_printed),
		cmocka_unit_test(test_what_is_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
