/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * restart.c - back-off by table: no process, no clock.
 */
#include "service/restart.h"

#include "tests/test.h"

static const struct restart_policy_spec plain = {
	.policy = RESTART_ALWAYS,
	.delay_ms = 100,
	.delay_max_ms = 30000,
	.stable_ms = 60000,
	.give_up_after = UNSET,
	.give_up_within_ms = UNSET,
};
/* In the middle of the jitter's range: 0.75 + 0.25 of the pause. */
static uint64_t middle(int64_t pause_ms)
{
	return (uint64_t)(pause_ms / 4);
}

static int64_t pause_after(struct restart *restart,
	const struct restart_policy_spec *spec, struct death death)
{
	struct instant at = NEVER;

	assert_int_equal(restart_on_death(restart, spec, &death, &at), RESTART_AGAIN);
	return instant_since_ms(at, death.now);
}

static void the_pause_doubles_up_to_the_most(void **state)
{
	static const int64_t pauses[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800,
		25600 };
	_cleanup_(restart_begin_anew) struct restart restart = { 0 };
	struct instant now = { 1000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++)
		if (pauses[i] * 5 / 4 <= plain.delay_max_ms)
			assert_int_equal(
				pause_after(&restart, &plain,
					(struct death){ .random = middle(pauses[i]),
						.now = now }),
				pauses[i]);
		else
			pause_after(&restart, &plain, (struct death){ .now = now });
	for (int i = 0; i < 1000; i++) {
		int64_t pause_ms = pause_after(&restart, &plain,
			(struct death){ .random = (uint64_t)i * 7919, .now = now });

		assert_in_range(pause_ms, 22500, 30000);
	}
}

static void the_jitter_is_a_quarter_either_way(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (uint64_t random = 0; random < 1000; random++) {
		_cleanup_(restart_begin_anew) struct restart restart = { 0 };
		int64_t pause_ms = pause_after(&restart, &plain,
			(struct death){ .random = random * 104729, .now = { 1 } });

		least = MIN(least, pause_ms);
		most = MAX(most, pause_ms);
	}
	assert_int_equal(least, 75);
	assert_int_equal(most, 125);
}

static void a_stable_life_begins_anew(void **state)
{
	_cleanup_(restart_begin_anew) struct restart restart = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++)
		pause_after(&restart, &plain, (struct death){ .now = { 1 } });
	assert_int_equal(restart.pause_ms, 12800);
	pause_after(&restart, &plain, (struct death){ .ran_ms = 60000, .now = { 1 } });
	assert_int_equal(restart.pause_ms, 100);
}

static const struct {
	const char *rule;
	int64_t ran_ms, pause_ms; /* after a pause of 12.8s */
} decays[] = {
	{ "a death at once doubles it", 0, 25600 },
	{ "a clock that went back is at once, too", -5000, 25600 },
	{ "a quarter of stable takes a quarter off", 15000, 19200 },
	{ "half of stable leaves it as it was", 30000, 12800 },
	{ "nine tenths leave a fifth", 54000, 2560 },
	{ "just before stable it is short, never shorter than the first", 59999, 100 },
};

static void life_makes_the_pause_decay(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(decays); i++) {
		_cleanup_(restart_begin_anew) struct restart restart = {
			.pause_ms = 12800, .deaths_count = 1
		};

		print_message("%s\n", decays[i].rule);
		pause_after(&restart, &plain,
			(struct death){ .ran_ms = decays[i].ran_ms, .now = { 1 } });
		assert_int_equal(restart.pause_ms, decays[i].pause_ms);
	}
}

/* A service that exits at once while its database is away, by a clock of our own. */
struct outage {
	int64_t from_ms, until_ms;
};

static bool is_away(const struct outage *outages, size_t count, int64_t at_ms)
{
	for (size_t i = 0; i < count; i++) {
		if (at_ms >= outages[i].from_ms && at_ms < outages[i].until_ms)
			return true;
	}
	return false;
}

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

static void a_week_with_a_database_that_goes_away(void **state)
{
	/* two minutes a day, and one whole night */
	const struct outage outages[] = {
		{ 1 * HOUR_MS, 1 * HOUR_MS + 2 * MINUTE_MS },
		{ 1 * (int64_t)DAY_MS + 5, 1 * (int64_t)DAY_MS + 5 + 2 * MINUTE_MS },
		{ 2 * (int64_t)DAY_MS, 2 * (int64_t)DAY_MS + 8 * HOUR_MS },
		{ 3 * (int64_t)DAY_MS, 3 * (int64_t)DAY_MS + 2 * MINUTE_MS },
		{ 6 * (int64_t)DAY_MS, 6 * (int64_t)DAY_MS + 30000 },
	};
	_cleanup_(restart_begin_anew) struct restart restart = { 0 };
	int64_t now_ms = 0, up_since_ms = 0;
	unsigned starts = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outages); i++) {
		now_ms = outages[i].from_ms; /* it dies with the database */
		while (is_away(outages, ARRAY_LEN(outages), now_ms)) {
			struct death death = { .ran_ms = now_ms - up_since_ms,
				.random = (uint64_t)now_ms * 2654435761U,
				.now = { now_ms * US_PER_MS } };
			struct instant at;

			assert_int_equal(restart_on_death(&restart, &plain, &death, &at),
				RESTART_AGAIN);
			now_ms = at.us / US_PER_MS;
			up_since_ms = now_ms;
			starts++;
		}
		assert_in_range(now_ms - outages[i].until_ms, 0, plain.delay_max_ms);
		up_since_ms = now_ms;
	}
	/* a night at the most is two tries a minute, and a little jitter */
	assert_in_range(starts, 900, 1500);
}

static void a_week_of_dying_at_once_neither_fails_nor_spins(void **state)
{
	_cleanup_(restart_begin_anew) struct restart restart = { 0 };
	struct death death = { .now = { 1 } };
	uint64_t starts = 0;

	(void)state;
	while (death.now.us < 7 * (int64_t)DAY_MS * US_PER_MS) {
		struct instant at;

		death.random = starts * 6364136223846793005U + 1442695040888963407U;
		assert_int_equal(
			restart_on_death(&restart, &plain, &death, &at), RESTART_AGAIN);
		assert_true(at.us > death.now.us);
		assert_true(instant_since_ms(at, death.now) <= plain.delay_max_ms);
		death.now = at;
		starts++;
	}
	assert_in_range(starts, 7 * DAY_MS / 30000, 7 * DAY_MS / 22500 + 20);
}

static const struct {
	const char *rule;
	enum restart_policy policy;
	bool success;
	enum restart_decision want;
} policies[] = {
	{ "always restarts a failure", RESTART_ALWAYS, false, RESTART_AGAIN },
	{ "always restarts a success", RESTART_ALWAYS, true, RESTART_AGAIN },
	{ "on-failure restarts a failure", RESTART_ON_FAILURE, false, RESTART_AGAIN },
	{ "on-failure leaves a success", RESTART_ON_FAILURE, true, RESTART_NOT },
	{ "never leaves a failure", RESTART_NEVER, false, RESTART_NOT },
	{ "never leaves a success", RESTART_NEVER, true, RESTART_NOT },
};

static void the_policy_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		struct restart_policy_spec spec = plain;
		_cleanup_(restart_begin_anew) struct restart restart = { 0 };
		struct death death = { .success = policies[i].success };
		struct instant at;

		print_message("%s\n", policies[i].rule);
		spec.policy = policies[i].policy;
		assert_int_equal(
			restart_on_death(&restart, &spec, &death, &at), policies[i].want);
	}
}

static const struct {
	const char *rule;
	int64_t after, within_ms, every_ms;
	unsigned deaths; /* the one that ends it; 0: none of 200 */
} give_ups[] = {
	{ "three within a minute, ten seconds apart", 3, 60000, 10000, 3 },
	{ "three within a minute, half a minute apart", 3, 60000, 30000, 3 },
	{ "three within a minute, forty seconds apart: never", 3, 60000, 40000, 0 },
	{ "five, whenever", 5, UNSET, 3600000, 5 },
	{ "as many as may be declared, within their time to the millisecond",
		GIVE_UP_AFTER_MOST, (GIVE_UP_AFTER_MOST - 1) * 1000, 1000,
		GIVE_UP_AFTER_MOST },
	{ "as many, and a millisecond more: never", GIVE_UP_AFTER_MOST,
		(GIVE_UP_AFTER_MOST - 1) * 1000 - 1, 1000, 0 },
	{ "not asked to: never", UNSET, UNSET, 1, 0 },
};

static void it_gives_up_only_as_declared(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(give_ups); i++) {
		struct restart_policy_spec spec = plain;
		_cleanup_(restart_begin_anew) struct restart restart = { 0 };
		struct death death = { .now = { 1 } };
		unsigned deaths = 0;
		struct instant at;

		print_message("%s\n", give_ups[i].rule);
		spec.give_up_after = give_ups[i].after;
		spec.give_up_within_ms = give_ups[i].within_ms;
		while (deaths < 200) {
			deaths++;
			if (restart_on_death(&restart, &spec, &death, &at) ==
				RESTART_GIVE_UP)
				break;
			death.now = instant_add_ms(death.now, give_ups[i].every_ms);
		}
		assert_int_equal(deaths, give_ups[i].deaths ? give_ups[i].deaths : 200);
	}
}

static const struct {
	const char *rule;
	int64_t most_ms;
	size_t count;
	struct death deaths[5];
	int64_t pauses_ms[5];
} without_delay[] = {
	{ "the first death of who served is followed at once, the next ones are not",
		1000, 5,
		{ { .served = true }, { .served = true }, { .served = true },
			{ .served = false }, { .served = true } },
		{ 0, 1, 2, 4, 8 } },
	{ "who never served is never followed at once", 1000, 3,
		{ { .served = false }, { .served = false }, { .served = false } },
		{ 1, 2, 4 } },
	{ "after a stable life it is the first again", 1000, 3,
		{ { .served = true }, { .served = true },
			{ .served = true, .ran_ms = 60000 } },
		{ 0, 1, 0 } },
	{ "a moment of life does not keep it short", 1000, 4,
		{ { .ran_ms = 50 }, { .ran_ms = 50 }, { .ran_ms = 50 },
			{ .ran_ms = 50 } },
		{ 1, 2, 4, 8 } },
	{ "unless it never served in all of it", 1000, 3,
		{ { .served = true }, { .ran_ms = 60000 }, { .ran_ms = 60000 } },
		{ 0, 1, 1 } },
	{ "who almost gets there does not spin", 1000, 3,
		{ { .served = true }, { .served = true, .ran_ms = 59999 },
			{ .served = true, .ran_ms = 59999 } },
		{ 0, 1, 1 } },
	{ "the shortest that may be declared is the most", 1, 3,
		{ { .served = true }, { .served = true }, { .served = true } },
		{ 0, 1, 1 } },
};

static void without_a_delay_only_a_first_death_is_followed_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(without_delay); i++) {
		struct restart_policy_spec spec = plain;
		_cleanup_(restart_begin_anew) struct restart restart = { 0 };

		print_message("%s\n", without_delay[i].rule);
		spec.delay_ms = 0;
		spec.delay_max_ms = without_delay[i].most_ms;
		for (size_t nth = 0; nth < without_delay[i].count; nth++) {
			struct death death = without_delay[i].deaths[nth];

			death.random = middle(without_delay[i].pauses_ms[nth]);
			death.now = (struct instant){ 5 };
			assert_int_equal(pause_after(&restart, &spec, death),
				without_delay[i].pauses_ms[nth]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pause_doubles_up_to_the_most),
		cmocka_unit_test(the_jitter_is_a_quarter_either_way),
		cmocka_unit_test(a_stable_life_begins_anew),
		cmocka_unit_test(life_makes_the_pause_decay),
		cmocka_unit_test(a_week_with_a_database_that_goes_away),
		cmocka_unit_test(a_week_of_dying_at_once_neither_fails_nor_spins),
		cmocka_unit_test(the_policy_decides),
		cmocka_unit_test(it_gives_up_only_as_declared),
		cmocka_unit_test(without_a_delay_only_a_first_death_is_followed_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
