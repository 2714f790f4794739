/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * home.c - which cgroup services live in, by what is there.
 */
#include "supervisor/home.h"

#include "tests/test.h"

static const struct {
	const char *rule;
	struct home_facts facts;
	enum home_kind want;
} cases[] = {
	{ "without systemd it is our own", { 0 }, HOME_OWN },
	{ "without systemd a scope of that name means nothing", { .scope_exists = true },
		HOME_OWN },
	{ "under systemd a scope is asked for", { .with_systemd = true },
		HOME_SCOPE_TO_MAKE },
	{ "one that is there is asked of nobody",
		{ .with_systemd = true, .scope_exists = true }, HOME_SCOPE },
	{ "what was begun outside of it stays where it is",
		{ .with_systemd = true, .own_is_inhabited = true }, HOME_OWN_STILL },
	{ "where both are inhabited the scope is the one to stay",
		{ .with_systemd = true, .scope_exists = true, .own_is_inhabited = true },
		HOME_SCOPE },
};

static void test_the_home_follows_from_what_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (home_choose(&cases[i].facts) != cases[i].want)
			fail_msg("%s", cases[i].rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_home_follows_from_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
