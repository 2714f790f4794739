/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * upkeep.c - real processes that are replaced for their memory or their age, at times
 * that the tests make up.
 */
#include <string.h>

#include "service/process.h"
#include "tests/service/fleet.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */
static const int64_t hour_ms = 3600000;

#define KEPT(instances, key) NAMED("web", instances, key)
#define NAMED(name, instances, key)                                                      \
	"{'service':'" name "','run':{'user':'nobody','instances':" #instances           \
	",'command':['sleep','1000'],'ready':{'by':'started'},"                          \
	"'restart':{'handover':'stop-first'," key "}}}"
#define THIRSTY "'memory_above':'4K'"
#define FRUGAL  "'memory_above':'1T'"
#define AGEING  "'max_age':'1h'"

/* How often its status says that memory is judged by /proc. Where there is a memory
 * controller that is never: one, then, is what is right. */
static unsigned count_notes(const struct service *service)
{
	const struct instance *instance = &service->instances[0];
	const char *at = remark_text(&instance->note);
	struct usage usage;
	unsigned count = 0;

	instance_usage(instance, &usage);
	while ((at = strstr(at, "memory_above is judged by /proc")) != NULL) {
		count++;
		at++;
	}
	return usage.memory_bytes == UNSET ? count : count + 1;
}

static struct instant later(int64_t ms)
{
	return instant_add_ms(instant_read(), ms);
}

static void look(struct service *service, unsigned instance, struct instant now)
{
	process_look_after(service->instances[instance - 1].process, now);
}

static int set_up(void **state)
{
	(void)state;
	arena->host.own_restarts_from = (struct instant){ 0 };
	return 0;
}

static void who_uses_too_much_for_a_minute_is_replaced(void **state)
{
	struct service *service = fleet_begin(arena, KEPT(1, THIRSTY));

	(void)state;
	assert_int_equal(count_notes(service), 1);
	look(service, 1, later(0));
	look(service, 1, later(RENEWAL_PATIENCE_MS / 2));
	assert_int_equal(service->job.kind, JOB_START);
	look(service, 1, later(RENEWAL_PATIENCE_MS));
	assert_int_equal(service->job.kind, JOB_RESTART);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[0].generation, 2);
	assert_int_equal(service->exits[0].cause, CAUSE_MEMORY);
	SAYS(service->exits[0].reason, "more than run.restart.memory_above 4K for 1m");
	assert_false(service->exits[0].died);
	assert_int_equal(service->deaths_in_a_row, 0);
	assert_true(arena_saw(arena, "1 renewed: used "));
	arena_end(arena, service);
}

static void who_uses_little_is_left_alone(void **state)
{
	struct service *service = fleet_begin(arena, KEPT(1, FRUGAL));

	(void)state;
	look(service, 1, later(0));
	look(service, 1, later(hour_ms));
	assert_int_equal(service->job.kind, JOB_START);
	arena_end(arena, service);
}

static void who_is_old_is_replaced(void **state)
{
	struct service *service = fleet_begin(arena, KEPT(1, AGEING));

	(void)state;
	look(service, 1, later(hour_ms / 10 * 8));
	assert_int_equal(service->job.kind, JOB_START);
	look(service, 1, later(hour_ms));
	assert_int_equal(service->job.kind, JOB_RESTART);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->exits[0].cause, CAUSE_AGE);
	SAYS(service->exits[0].reason, "replaced for its age (run.restart.max_age 1h)");
	arena_end(arena, service);
}

static void look_at_all(struct service *service, unsigned first, struct instant now)
{
	for (unsigned i = 0; i < service->instances_count; i++)
		look(service, (first + i) % service->instances_count + 1, now);
}

/* All of them are due; the first that is looked at goes, and no other. */
static void never_two_of_a_service_at_once(void **state)
{
	struct service *service = fleet_begin(arena, KEPT(4, AGEING));
	struct instant now = later(hour_ms);

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		look_at_all(service, round, now);
		assert_true(fleet_up(service) >= 3);
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->exits_ever, round + 1);
		/* not at once after it either */
		look_at_all(service, round, now);
		assert_int_equal(service->job.result, JOB_DONE);
		now = instant_add_ms(now, OWN_RESTARTS_APART_MS);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(service->instances[i].generation, 2);
	arena_end(arena, service);
}

static void services_of_one_host_take_turns(void **state)
{
	struct service *first = fleet_begin(arena, KEPT(1, AGEING));
	struct service *second = fleet_begin(arena, NAMED("other", 1, AGEING));
	struct instant now = later(hour_ms);

	(void)state;
	look(first, 1, now);
	look(second, 1, now);
	assert_int_equal(first->job.kind, JOB_RESTART);
	assert_int_equal(second->job.kind, JOB_START);
	look(second, 1, instant_add_ms(now, OWN_RESTARTS_APART_MS - 1));
	assert_int_equal(second->job.kind, JOB_START);
	look(second, 1, instant_add_ms(now, OWN_RESTARTS_APART_MS));
	assert_int_equal(second->job.kind, JOB_RESTART);
	arena_end(arena, first);
	arena_end(arena, second);
}

#define ILL                                                                              \
	"{'service':'web','run':{'user':'nobody','instances':3,'command':['sleep',"      \
	"'1000'],'ready':{'by':'started'},'restart':{'delay':'10ms',"                    \
	"'handover':'stop-first'}},'health':{'checks':[{'name':'alive',"                 \
	"'exec':['true'],'effect':'live','live_after':'1s'}]}}"

static void tell_ill(struct service *service, struct instant now)
{
	char name[] = "alive";

	for (unsigned i = 1; i <= service->instances_count; i++) {
		struct check_fact fact = { .name = name,
			.verdict = VERDICT_FAIL,
			.reason = "exit 1",
			.instance = i };

		service_verdict(service, &fact, now);
	}
}

/* A check that fails everywhere at once, say for a database: one after the other. */
static void not_all_that_are_ill_are_restarted_at_once(void **state)
{
	struct service *service = fleet_begin(arena, ILL);
	struct instant now = later(2000);

	(void)state;
	tell_ill(service, later(0));
	tell_ill(service, now);
	assert_int_equal(fleet_up(service), 2);
	now = instant_add_ms(now, OWN_RESTARTS_APART_MS - 1);
	tell_ill(service, now);
	assert_int_equal(fleet_up(service), 2);
	now = instant_add_ms(now, 1);
	tell_ill(service, now);
	assert_int_equal(fleet_up(service), 1);
	arena_end(arena, service);
}

static void a_job_comes_first(void **state)
{
	struct service *service = fleet_begin(arena, KEPT(2, AGEING));

	(void)state;
	service_restart(service, "alice", NULL, instant_read());
	look(service, 2, later(hour_ms));
	assert_string_equal(service->told.who, "alice");
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->exits[0].cause, CAUSE_OPERATOR);
	arena_end(arena, service);
}

static void a_key_that_comes_later_takes_effect_at_once(void **state)
{
	struct service *service = fleet_begin(arena, KEPT(1, "'delay':'1s'"));

	(void)state;
	assert_null(strstr(remark_text(&service->instances[0].note), "memory_above"));
	assert_false(timer_is_armed(service->instances[0].process->upkeep));
	fleet_declare(service, KEPT(1, THIRSTY));
	assert_int_equal(count_notes(service), 1);
	assert_true(timer_is_armed(service->instances[0].process->upkeep));
	fleet_declare(service, KEPT(1, THIRSTY ",'delay':'2s'"));
	assert_int_equal(count_notes(service), 1);
	look(service, 1, later(0));
	look(service, 1, later(RENEWAL_PATIENCE_MS));
	assert_int_equal(service->job.kind, JOB_RESTART);
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			who_uses_too_much_for_a_minute_is_replaced, set_up),
		cmocka_unit_test_setup(who_uses_little_is_left_alone, set_up),
		cmocka_unit_test_setup(who_is_old_is_replaced, set_up),
		cmocka_unit_test_setup(never_two_of_a_service_at_once, set_up),
		cmocka_unit_test_setup(services_of_one_host_take_turns, set_up),
		cmocka_unit_test_setup(
			not_all_that_are_ill_are_restarted_at_once, set_up),
		cmocka_unit_test_setup(a_job_comes_first, set_up),
		cmocka_unit_test_setup(
			a_key_that_comes_later_takes_effect_at_once, set_up),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
