/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * match.c - patterns that an answer must match, within a time.
 */
#include "health/match.h"

#include "base/cleanup.h"

#include "tests/test.h"

static void test_a_pattern_is_found_or_says_why_not(void **state)
{
	static const struct {
		const char *pattern, *text;
		enum match want;
	} cases[] = {
		{ "\"status\":\\s*\"ok\"", "{\"status\": \"ok\"}", MATCH_YES },
		{ "^ok$", "not ok", MATCH_NO },
		{ "^second$", "first\nsecond\nthird", MATCH_YES },
		{ "", "", MATCH_YES },
		{ "(", "x", MATCH_TROUBLE },
		/* backtracks for ever without the limit */
		{ "(a+)+\\d", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
			MATCH_TROUBLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char trouble[128] = "";
		enum match got = match_text(cases[i].pattern, cases[i].text,
			strlen(cases[i].text), trouble, sizeof(trouble));

		if (got != cases[i].want)
			fail_msg("%s: %d %s", cases[i].pattern, got, trouble);
		assert_int_equal(got == MATCH_TROUBLE, trouble[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pattern_is_found_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
