/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * slots.c - run.instances changes: those that differ come and go, the others stay.
 */
#include <signal.h>
#include <string.h>

#include "service/process.h"
#include "tests/service/fleet.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

static bool has_settled(void *data)
{
	const struct service *service = data;
	unsigned wanted = (unsigned)service->declaration->run.instances;

	return fleet_up(service) == wanted && fleet_processes(service) == wanted &&
	       service->instances_count == config_slots(service->declaration);
}

static void instances_may_change_while_it_rolls(void **state)
{
	static const char *const sizes[] = { FLEET(1, SLEEPS, ""), FLEET(4, SLEEPS, ""),
		FLEET(2, SLEEPS, ""), SHARED(3, SLEEPS, ""), FLEET(4, SLEEPS, "") };
	struct service *service = fleet_begin(arena, FLEET(4, SLEEPS, ""));

	(void)state;
	for (int pause_ms = 0; pause_ms < 200; pause_ms += 40) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			service_restart(service, "alice", NULL, instant_read());
			arena_turn(arena, pause_ms);
			fleet_declare(service, sizes[i]);
			arena_turn(arena, pause_ms);
		}
		assert_true(arena_until(arena, has_settled, service));
		service_restart(service, "alice", NULL, instant_read());
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->job.result, JOB_DONE);
		assert_true(has_settled(service));
	}
	arena_end(arena, service);
}

static void fewer_and_more_again_is_as_before(void **state)
{
	struct service *service = fleet_begin(arena, SHARED(4, SLEEPS, ""));

	(void)state;
	fleet_declare(service, SHARED(1, SLEEPS, ""));
	fleet_declare(service, SHARED(4, SLEEPS, ""));
	assert_true(arena_until(arena, has_settled, service));
	arena_end(arena, service);
}

#define SLOW "trap \\\"sleep 0.3; exit 0\\\" TERM; while :; do sleep 0.1; done"

static void an_operators_stop_outlives_another_number(void **state)
{
	static const char *const sizes[] = { SHARED(2, SLOW, ""), SHARED(5, SLOW, "") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct service *service = fleet_begin(arena, SHARED(4, SLOW, ""));

		service_stop(service, "alice", "lunch", instant_read());
		fleet_declare(service, sizes[i]);
		assert_int_equal(service->job.kind, JOB_STOP);
		assert_int_equal(service->job.result, JOB_RUNNING);
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->job.result, JOB_DONE);
		assert_int_equal(fleet_processes(service), 0);
		for (unsigned nth = 0; nth < 4; nth++)
			assert_string_equal(service->exits[nth].by, "alice");
		arena_end(arena, service);
	}
}

static void a_stop_that_is_held_is_held_with_another_number(void **state)
{
	const struct decision decision = { CAUSE_OPERATOR, "alice", "lunch" };
	struct service *service = fleet_begin(arena, SHARED(2, SLEEPS, ""));

	(void)state;
	service_stop_later(service, &decision, instant_read());
	fleet_declare(service, SHARED(3, SLEEPS, ""));
	assert_int_equal(service->job.result, JOB_RUNNING);
	assert_int_equal(service->held, JOB_STOP);
	service_let_go(service, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	arena_end(arena, service);
}

static void a_start_that_is_held_begins_as_many_as_are_declared_then(void **state)
{
	struct service *service = arena_service(arena, SHARED(2, SLEEPS, ""));

	(void)state;
	service_start_later(service, "alice", NULL, instant_read());
	fleet_declare(service, SHARED(3, SLEEPS, ""));
	assert_int_equal(service->job.result, JOB_RUNNING);
	assert_int_equal(fleet_processes(service), 0);
	service_let_go(service, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(fleet_up(service), 3);
	arena_end(arena, service);
}

static void two_hundred_and_fifty_six_roll(void **state)
{
	struct service *service = fleet_begin(arena, SHARED(256, SLEEPS, ",'batch':64"));

	(void)state;
	service_restart(service, "alice", NULL, instant_read());
	for (int i = 0; i < 6 && service->job.result == JOB_RUNNING; i++)
		(void)arena_until_job(arena, service);
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(fleet_up(service), 256);
	arena_end(arena, service);
}

static void those_that_stay_keep_their_processes(void **state)
{
	struct service *service = fleet_begin(arena, FLEET(2, SLEEPS, ""));
	pid_t first = service->instances[0].pid, second = service->instances[1].pid;

	(void)state;
	fleet_declare(service, FLEET(4, SLEEPS, ""));
	/* who declared it waits until all are there */
	assert_int_equal(service->job.kind, JOB_START);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(fleet_up(service), 4);
	fleet_declare(service, FLEET(2, SLEEPS, ""));
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(fleet_processes(service), 2);
	assert_int_equal(service->instances[0].pid, first);
	assert_int_equal(service->instances[1].pid, second);
	assert_int_equal(service->exits_count, 2);
	assert_int_equal(service->exits[0].cause, CAUSE_APPLY);
	assert_string_equal(
		service->exits[0].reason, "stopped: run.instances is less now");
	assert_int_equal(service->deaths_in_a_row, 0);
	arena_end(arena, service);
}

static void those_that_leave_are_drained_first(void **state)
{
	struct service *service = fleet_begin(arena, FLEET(2, SLEEPS, ""));
	pid_t leaving = service->instances[1].pid;

	(void)state;
	fleet_declare(service, FLEET(1, SLEEPS, ""));
	assert_int_equal(service->instances[1].state, STATE_UP);
	assert_false(instance_is_ready(&service->instances[1]));
	assert_int_equal(kill(leaving, 0), 0);
	/* and may stay, when it is wanted again in time */
	fleet_declare(service, FLEET(2, SLEEPS, ""));
	assert_true(instance_is_ready(&service->instances[1]));
	assert_true(arena_until_job(arena, service));
	arena_turn(arena, 100);
	assert_int_equal(service->instances[1].pid, leaving);
	assert_int_equal(service->exits_count, 0);
	arena_end(arena, service);
}

static void one_that_does_not_come_is_the_reason(void **state)
{
	struct service *service = fleet_begin(arena, SHARED(1, SLEEPS, ""));

	(void)state;
	fleet_declare(service,
		"{'service':'web','run':{'user':'nobody','instances':2,'command':['sh',"
		"'-c','exit 9'],'ready':{'by':'notify'},'restart':{'delay':'10s',"
		"'delay_max':'10s','handover':'stop-first'}}}");
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_FAILED);
	SAYS(remark_text(&service->job.reason), "instance 2: exit 9");
	assert_int_equal(service->instances[0].state, STATE_UP);
	assert_int_equal(service->instances[0].generation, 1);
	arena_end(arena, service);
}

static void what_is_down_stays_down(void **state)
{
	struct service *service = fleet_begin(arena, SHARED(1, SLEEPS, ""));

	(void)state;
	service_stop(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	fleet_declare(service, SHARED(3, SLEEPS, ""));
	arena_turn(arena, 50);
	assert_int_equal(fleet_processes(service), 0);
	assert_int_equal(service->job.kind, JOB_STOP);
	service_start(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(fleet_up(service), 3);
	arena_end(arena, service);
}

/* More instances and another command at once: what was just started is not restarted. */
static void an_apply_restarts_only_what_began_before_it(void **state)
{
	static const struct decision decision = { CAUSE_APPLY, "root",
		"declaration "
		"changed" };
	struct service *service = fleet_begin(arena, SHARED(2, SLEEPS, ""));

	(void)state;
	fleet_declare(service, SHARED(4, "exec sleep 2000", ""));
	service_restart_for(service, &decision, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(service->instances[i].generation, i < 2 ? 2 : 1);
	/* an operator's restart takes them all */
	service_restart(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(service->instances[i].generation, i < 2 ? 3 : 2);
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_stay_keep_their_processes),
		cmocka_unit_test(those_that_leave_are_drained_first),
		cmocka_unit_test(one_that_does_not_come_is_the_reason),
		cmocka_unit_test(what_is_down_stays_down),
		cmocka_unit_test(an_apply_restarts_only_what_began_before_it),
		cmocka_unit_test(instances_may_change_while_it_rolls),
		cmocka_unit_test(fewer_and_more_again_is_as_before),
		cmocka_unit_test(an_operators_stop_outlives_another_number),
		cmocka_unit_test(a_stop_that_is_held_is_held_with_another_number),
		cmocka_unit_test(
			a_start_that_is_held_begins_as_many_as_are_declared_then),
		cmocka_unit_test(two_hundred_and_fifty_six_roll),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
