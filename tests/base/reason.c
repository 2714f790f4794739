/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reason.c - reasons and remarks have a length, and are cut between characters.
 */
#include "base/reason.h"

#include <string.h>

#include "tests/test.h"

static void what_does_not_fit_is_cut_between_characters(void **state)
{
	char text[8];

	(void)state;
	reason_set(text, sizeof(text), "123456\xc3\xa9");
	assert_string_equal(text, "123456");
	reason_set(text, sizeof(text), "ab");
	reason_add(text, sizeof(text), "cdef\xe2\x82\xac");
	assert_string_equal(text, "abcdef");
}

static void a_remark_is_empty_until_it_is_set_and_when_cleared(void **state)
{
	struct remark remark = { 0 };

	(void)state;
	assert_string_equal(remark_text(&remark), "");
	remark_set(&remark, "exit %d", 1);
	assert_string_equal(remark_text(&remark), "exit 1");
	remark_set(&remark, "%s", "");
	assert_null(remark.text);
	remark_set(&remark, "%s", "again");
	remark_clear(&remark);
	assert_string_equal(remark_text(&remark), "");
}

static void a_remark_may_be_made_of_what_it_replaces(void **state)
{
	struct remark remark = { 0 };

	(void)state;
	remark_set(&remark, "exit 1");
	remark_set(&remark, "%s, again in 3s", remark_text(&remark));
	assert_string_equal(remark_text(&remark), "exit 1, again in 3s");
	remark_clear(&remark);
}

static void a_remark_is_cut_like_every_reason(void **state)
{
	char many[2 * REASON_BYTES];
	struct remark remark = { 0 };

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	remark_set(&remark, "%s", many);
	assert_int_equal(strlen(remark_text(&remark)), REASON_BYTES - 1);
	remark_clear(&remark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
		cmocka_unit_test(a_remark_is_empty_until_it_is_set_and_when_cleared),
		cmocka_unit_test(a_remark_may_be_made_of_what_it_replaces),
		cmocka_unit_test(a_remark_is_cut_like_every_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
