/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * accept.c - which form of an answer a client wants.
 */
#include "health/accept.h"

#include "base/cleanup.h"

#include "tests/test.h"

static void test_the_best_quality_wins_and_the_first_of_equals(void **state)
{
	static const char *const offered[] = { "text/plain",
		"application/openmetrics-text" };
	static const struct {
		const char *client, *header;
		size_t want;
	} cases[] = {
		{ "check_http sends none", NULL, 0 },
		{ "kubelet", "*/*", 0 },
		{ "Prometheus 2.42",
			"application/openmetrics-text;version=1.0.0,"
			"application/openmetrics-text;version=0.0.1;q=0.75,"
			"text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
			1 },
		{ "a browser", "text/html,application/xhtml+xml,*/*;q=0.8", 0 },
		{ "open but worse",
			"application/openmetrics-text;q=0.3, text/plain;q=0.4", 0 },
		{ "case and blanks", "TEXT/PLAIN ; q=0.1 , Application/* ; q=0.9", 1 },
		{ "the more exact range decides",
			"application/*;q=1, "
			"application/openmetrics-text;q=0.1, "
			"text/plain;q=0.5",
			0 },
		{ "nothing we have", "image/png", 0 },
		{ "garbage", ";;;,,q=,=", 0 },
		{ "empty", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (accept_best(cases[i].header, offered, ARRAY_LEN(offered)) !=
			cases[i].want)
			fail_msg("%s", cases[i].client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_best_quality_wins_and_the_first_of_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
