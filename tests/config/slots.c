/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * slots.c - how many places a service has for its instances.
 */
#include "config/config.h"
#include "tests/test.h"

#define EACH "${10042 + instance}"

static const struct {
	const char *rule;
	enum handover handover;
	const char *ports[2]; /* NULL: not there */
	unsigned instances, slots;
} cases[] = {
	{ "a shared port stops first", HANDOVER_AUTO, { "80" }, 1, 1 },
	{ "ports that differ start first", HANDOVER_AUTO, { EACH }, 1, 2 },
	{ "so with several instances", HANDOVER_AUTO, { EACH }, 4, 5 },
	{ "one shared port among them is enough to stop first", HANDOVER_AUTO,
		{ EACH, "80" }, 4, 4 },
	{ "two that differ do not", HANDOVER_AUTO, { EACH, "${9000 + instance}" }, 2, 3 },
	{ "without a port, auto does not start a second worker", HANDOVER_AUTO, { 0 }, 1,
		1 },
	{ "who says start-first has a spare slot", HANDOVER_START_FIRST, { 0 }, 1, 2 },
	{ "who says stop-first has none", HANDOVER_STOP_FIRST, { EACH }, 3, 3 },
};

static void test_a_spare_slot_is_there_for_who_starts_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char first[32], second[32];
		struct listen listen[2] = { { .port = first }, { .port = second } };
		struct declaration web = { .listen = listen };

		for (size_t j = 0; j < ARRAY_LEN(listen) && cases[i].ports[j]; j++)
			snprintf(j ? second : first, sizeof(first), "%s",
				cases[i].ports[web.listen_count++]);
		web.run.instances = cases[i].instances;
		web.run.restart.handover = cases[i].handover;
		if (config_slots(&web) != cases[i].slots)
			fail_msg("%s: %u slots", cases[i].rule, config_slots(&web));
		assert_int_equal(
			config_starts_first(&web), cases[i].slots > cases[i].instances);
	}
}

static void test_a_oneshot_is_not_run_twice_at_once(void **state)
{
	char port[] = EACH;
	struct listen listen = { .port = port };
	const struct declaration job = { .listen = &listen,
		.listen_count = 1,
		.run = { .kind = RUN_ONESHOT, .instances = 1 } };

	(void)state;
	assert_false(config_starts_first(&job));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_spare_slot_is_there_for_who_starts_first),
		cmocka_unit_test(test_a_oneshot_is_not_run_twice_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
