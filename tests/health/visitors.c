/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * visitors.c - how long a client of a face may take for each step.
 */
#include "health/visitors.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/test.h"

static struct instant at_s(int64_t seconds)
{
	return (struct instant){ seconds * US_PER_S };
}

static void test_each_step_has_its_time(void **state)
{
	static const struct {
		const char *rule;
		enum step step;
		size_t crowded;
		int64_t after_s;
		bool overdue;
	} cases[] = {
		{ "a head may take 5 s", STEP_HEAD, 10, 4, false },
		{ "and no more", STEP_HEAD, 10, 5, true },
		{ "an answer may take 10 s", STEP_ANSWER, 10, 9, false },
		{ "and no more", STEP_ANSWER, 10, 10, true },
		{ "between requests a minute is fine", STEP_IDLE, 10, 59, false },
		{ "and no more", STEP_IDLE, 10, 60, true },
		{ "unless others wait", STEP_IDLE, 0, 1, true },
		{ "which hurries nobody else", STEP_HEAD, 0, 4, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct visitors visitors = { .crowded = cases[i].crowded };
		struct visitor *visitor = visitor_new(&visitors, -1, at_s(100));

		visitor_step(visitor, cases[i].step, at_s(1000));
		if (visitor_is_overdue(visitor, at_s(1000 + cases[i].after_s)) !=
			cases[i].overdue)
			fail_msg("%s", cases[i].rule);
		visitor_free(visitor);
		assert_null(visitors.first);
		assert_int_equal(visitors.count, 0);
	}
}

static void test_a_sweep_ends_who_is_overdue_and_nobody_else(void **state)
{
	struct visitors visitors = { .crowded = 10 };
	struct visitor *late, *early;
	int one[2], two[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, one), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, two), 0);
	late = visitor_new(&visitors, one[0], at_s(1));
	early = visitor_new(&visitors, two[0], at_s(4));
	visitors_sweep(&visitors, at_s(7));
	assert_int_equal(read(one[1], &byte, 1), 0);
	assert_int_equal(read(two[1], &byte, 1), -1);
	visitor_free(late);
	assert_int_equal(visitors.count, 1);
	visitor_free(early);
	for (int i = 0; i < 2; i++) {
		close(one[i]);
		close(two[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_step_has_its_time),
		cmocka_unit_test(test_a_sweep_ends_who_is_overdue_and_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
