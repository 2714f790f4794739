/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * roll.c - restarts of whole services with real processes: who starts first, who is
 * thrown away, what is left alone.
 */
#include <signal.h>
#include <string.h>

#include "tests/service/fleet.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

/* ---- what is looked at ---------------------------------------------------------- */

/* While the loop turns: never fewer that serve than declared, never more than one
 * process beyond. */
struct watch_over {
	struct service *service;
	unsigned least_ready, most_processes;
};

static bool is_over(void *data)
{
	struct watch_over *over = data;

	over->least_ready =
		MIN(over->least_ready, service_ready_instances(over->service));
	over->most_processes = MAX(over->most_processes, fleet_processes(over->service));
	return over->service->job.result != JOB_RUNNING;
}

static struct watch_over restart_and_watch(struct service *service)
{
	struct watch_over over = { service, 1000, 0 };

	service_restart(service, "alice", "test", instant_read());
	assert_true(arena_until(arena, is_over, &over));
	return over;
}

/* ---- start-first ---------------------------------------------------------------- */

static void the_new_one_is_there_before_the_old_one_goes(void **state)
{
	struct service *service = fleet_begin(arena, FLEET(1, SLEEPS, ""));
	pid_t old = service->instances[0].pid;
	struct watch_over over;

	(void)state;
	assert_int_equal(service->instances_count, 2);
	assert_true(service->instances[1].spare);
	assert_true(instance_is_free(&service->instances[1]));
	over = restart_and_watch(service);
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(over.least_ready, 1);
	assert_int_equal(over.most_processes, 2);
	/* the gap has moved */
	assert_true(instance_is_free(&service->instances[0]));
	assert_int_equal(service->instances[1].state, STATE_UP);
	assert_int_not_equal(service->instances[1].pid, old);
	assert_int_equal(kill(old, 0), -1);
	over = restart_and_watch(service);
	assert_int_equal(over.least_ready, 1);
	assert_int_equal(service->instances[0].state, STATE_UP);
	assert_true(instance_is_free(&service->instances[1]));
	arena_end(arena, service);
}

static void four_are_replaced_one_after_the_other(void **state)
{
	struct service *service = fleet_begin(arena, FLEET(4, SLEEPS, ""));
	struct watch_over over = restart_and_watch(service);

	(void)state;
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(over.least_ready, 4);
	assert_int_equal(over.most_processes, 5);
	assert_int_equal(fleet_up(service), 4);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(service->instances[i].generation, i < 3 ? 2 : 1);
	assert_true(instance_is_free(&service->instances[3]));
	arena_end(arena, service);
}

/* Each in the place of SLEEPS, on the way to a restart. */
static const struct {
	const char *rule, *declaration, *reason;
	enum exit_cause cause;
} newcomers[] = {
	{ "one that dies at once",
		"{'service':'web','run':{'user':'nobody','command':['sh','-c','exit 3'],"
		"'ready':{'by':'notify'}},'listen':[{'name':'http','port':"
		"'${10042 + instance}'}]}",
		"exit 3", CAUSE_EXIT },
	{ "one whose before command fails",
		FLEET(1, SLEEPS, ",'before':[['sh','-c','echo no database; exit 1']]"),
		"before[0] sh: exit 1: no database", CAUSE_BEFORE },
	{ "one that is not there",
		"{'service':'web','run':{'user':'nobody','command':['/no/such'],"
		"'ready':{'by':'started'}},'listen':[{'name':'http','port':"
		"'${10042 + instance}'}]}",
		"exec /no/such: No such file or directory", CAUSE_START },
	{ "one that never gets ready",
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'listen','timeout':'1s'}},'listen':[{'name':'http',"
		"'port':'${10042 + instance}'}]}",
		"nothing listens yet on port 10044", CAUSE_TIMEOUT },
	{ "one that ends well, and should not",
		"{'service':'web','run':{'user':'nobody','command':['true'],"
		"'ready':{'by':'notify'},'restart':{'policy':'never'}},'listen':[{'name':"
		"'http','port':'${10042 + instance}'}]}",
		"exit 0", CAUSE_EXIT },
};

static bool is_alone(void *data)
{
	return fleet_processes(data) == 1;
}

static void one_that_does_not_get_ready_is_thrown_away(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(newcomers); i++) {
		struct service *service = fleet_begin(arena, FLEET(1, SLEEPS, ""));
		pid_t old = service->instances[0].pid;

		print_message("%s\n", newcomers[i].rule);
		fleet_declare(service, newcomers[i].declaration);
		service_restart(service, "alice", "new build", instant_read());
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->job.result, JOB_FAILED);
		SAYS(remark_text(&service->job.reason),
			"the old one (instance 1) serves on");
		SAYS(remark_text(&service->job.reason), newcomers[i].reason);
		assert_int_equal(service->instances[0].state, STATE_UP);
		assert_int_equal(service->instances[0].pid, old);
		assert_false(service->instances[0].draining);
		assert_true(arena_until(arena, is_alone, service));
		assert_true(instance_is_free(&service->instances[1]));
		assert_int_equal(service->exits[0].cause, newcomers[i].cause);
		assert_int_equal(service->deaths_in_a_row, 0);
		arena_end(arena, service);
	}
}

static bool is_newcomer_there(void *data)
{
	const struct service *service = data;

	return service->instances[1].pid > 0;
}

static void what_is_said_of_the_old_one_is_true_when_it_has_died_too(void **state)
{
	struct service *service = fleet_begin(arena, FLEET(1, SLEEPS, ""));

	(void)state;
	fleet_declare(service,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'restart':{'delay':'20s'},'ready':{'by':'listen','timeout':'2s'}},"
		"'listen':[{'name':'http','port':'${10042 + instance}'}]}");
	service_restart(service, "alice", "new build", instant_read());
	assert_true(arena_until(arena, is_newcomer_there, service));
	kill(service->instances[0].pid, SIGKILL);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_FAILED);
	SAYS(remark_text(&service->job.reason), "the old one (instance 1) is waiting: ");
	SAYS(remark_text(&service->job.reason), "nothing listens yet on port 10044");
	arena_end(arena, service);
}

#define CHECKED                                                                          \
	"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],'ready':"    \
	"{'by':'started','timeout':'2s'},'drain':{'settle':'10ms'}},"                    \
	"'listen':[{'name':'http','port':'${10042 + instance}'}],"                       \
	"'health':{'checks':[{'name':'info','http':'/_info'}]}}"

static void tell(struct service *service, unsigned instance, enum verdict verdict)
{
	char name[] = "info";
	struct check_fact fact = { .name = name,
		.verdict = verdict,
		.reason = "HTTP 503",
		.at = wall_read(),
		.instance = instance };

	service_verdict(service, &fact, instant_read());
}

static bool is_newcomer_up(void *data)
{
	const struct service *service = data;

	return service->instances[1].state == STATE_UP;
}

static void a_newcomer_has_to_pass_its_checks(void **state)
{
	struct service *service = fleet_begin(arena, CHECKED);
	pid_t old = service->instances[0].pid;

	(void)state;
	tell(service, 1, VERDICT_PASS);
	service_restart(service, "alice", NULL, instant_read());
	assert_true(arena_until(arena, is_newcomer_up, service));
	tell(service, 2, VERDICT_FAIL);
	arena_turn(arena, 50);
	assert_int_equal(service->job.result, JOB_RUNNING);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_FAILED);
	SAYS(remark_text(&service->job.reason), "check info fails: HTTP 503");
	assert_int_equal(service->instances[0].pid, old);
	assert_true(instance_is_ready(&service->instances[0]));
	assert_int_equal(service->exits[0].cause, CAUSE_CHECK);
	/* what is known of a process that is no more is forgotten with it */
	assert_int_equal(service->checks_count, 1);
	/* and one that passes them takes over */
	service_restart(service, "alice", NULL, instant_read());
	assert_true(arena_until(arena, is_newcomer_up, service));
	assert_int_equal(service->instances[0].pid, old);
	tell(service, 2, VERDICT_PASS);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[1].state, STATE_UP);
	assert_true(instance_is_free(&service->instances[0]));
	arena_end(arena, service);
}

static void a_newcomer_without_any_answer_is_no_proof(void **state)
{
	struct service *service = fleet_begin(arena, CHECKED);

	(void)state;
	service_restart(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_FAILED);
	SAYS(remark_text(&service->job.reason), "no check has passed for");
	assert_int_equal(service->instances[0].state, STATE_UP);
	arena_end(arena, service);
}

/* ---- stop-first ----------------------------------------------------------------- */

static bool takes_two_at_a_time(void *data)
{
	const struct service *service = data;

	assert_true(fleet_up(service) >= 3);
	return service->job.result != JOB_RUNNING;
}

static void batch_is_how_many_may_be_away(void **state)
{
	struct service *service = fleet_begin(arena, SHARED(5, SLEEPS, ",'batch':2"));

	(void)state;
	assert_int_equal(service->instances_count, 5);
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until(arena, takes_two_at_a_time, service));
	assert_int_equal(service->job.result, JOB_DONE);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(service->instances[i].generation, 2);
	arena_end(arena, service);
}

static void a_batch_beyond_the_instances_takes_them_all(void **state)
{
	struct service *service = fleet_begin(arena, SHARED(3, SLEEPS, ",'batch':256"));

	(void)state;
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(service->instances[i].generation, 2);
	arena_end(arena, service);
}

static void the_first_that_does_not_come_back_saves_the_rest(void **state)
{
	struct service *service = fleet_begin(arena, SHARED(4, SLEEPS, ""));

	(void)state;
	fleet_declare(service, SHARED(4, "exit 7", ",'kind':'service','watchdog':null"));
	fleet_declare(service,
		"{'service':'web','run':{'user':'nobody','instances':4,'command':"
		"['sh','-c','exit 7'],'ready':{'by':'notify'},'restart':{'delay':'10s',"
		"'delay_max':'10s','handover':'stop-first'}}}");
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_FAILED);
	SAYS(remark_text(&service->job.reason),
		"instance 1: (3 more not touched) exit 7");
	assert_int_equal(service->instances[0].state, STATE_WAITING);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(service->instances[i].state, STATE_UP);
		assert_int_equal(service->instances[i].generation, 1);
	}
	arena_end(arena, service);
}

#define DRAINS                                                                           \
	"{'service':'web','run':{'user':'nobody','instances':2,'command':['sleep',"      \
	"'1000'],'ready':{'by':'started'},'drain':{'settle':'1s'},'restart':"            \
	"{'handover':'stop-first'}},'listen':[{'name':'http','port':"                    \
	"'${10042 + instance}'}]}"

static bool is_draining(void *data)
{
	const struct service *service = data;

	return service->instances[0].draining;
}

static void it_is_not_ready_before_it_goes(void **state)
{
	struct service *service = fleet_begin(arena, DRAINS);
	pid_t old = service->instances[0].pid;

	(void)state;
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until(arena, is_draining, service));
	assert_int_equal(service->instances[0].state, STATE_UP);
	assert_false(instance_is_ready(&service->instances[0]));
	assert_true(instance_is_ready(&service->instances[1]));
	arena_turn(arena, 100);
	assert_int_equal(service->instances[0].pid, old);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_false(service->instances[0].draining);
	assert_int_not_equal(service->instances[0].pid, old);
	/* alone there is nobody to look at: it goes at once */
	arena_end(arena, service);
}

/* ---- words in between ----------------------------------------------------------- */

static void a_stop_ends_a_roll_and_the_newcomer(void **state)
{
	struct service *service = fleet_begin(arena, CHECKED);

	(void)state;
	service_restart(service, "alice", NULL, instant_read());
	assert_true(arena_until(arena, is_newcomer_up, service));
	service_stop(service, "bob", "lunch", instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.kind, JOB_STOP);
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(fleet_processes(service), 0);
	assert_string_equal(service->instances[0].why, "stopped by bob: lunch");
	service_start(service, "bob", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(fleet_up(service), 1);
	arena_end(arena, service);
}

static void a_restart_of_a_restart_begins_anew(void **state)
{
	struct service *service = fleet_begin(arena, FLEET(3, SLEEPS, ""));

	(void)state;
	for (int64_t pause_ms = 0; pause_ms < 100; pause_ms += 5) {
		service_restart(service, "alice", NULL, instant_read());
		arena_turn(arena, pause_ms);
	}
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(fleet_up(service), 3);
	assert_int_equal(fleet_processes(service), 3);
	arena_end(arena, service);
}

static void what_dies_while_its_successor_starts_is_not_missed(void **state)
{
	struct service *service = fleet_begin(arena, CHECKED);

	(void)state;
	service_restart(service, "alice", NULL, instant_read());
	assert_true(arena_until(arena, is_newcomer_up, service));
	kill(service->instances[0].pid, SIGKILL);
	arena_turn(arena, 20);
	tell(service, 2, VERDICT_PASS);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(fleet_processes(service), 1);
	assert_int_equal(service->instances[1].state, STATE_UP);
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_new_one_is_there_before_the_old_one_goes),
		cmocka_unit_test(four_are_replaced_one_after_the_other),
		cmocka_unit_test(one_that_does_not_get_ready_is_thrown_away),
		cmocka_unit_test(
			what_is_said_of_the_old_one_is_true_when_it_has_died_too),
		cmocka_unit_test(a_newcomer_has_to_pass_its_checks),
		cmocka_unit_test(a_newcomer_without_any_answer_is_no_proof),
		cmocka_unit_test(batch_is_how_many_may_be_away),
		cmocka_unit_test(a_batch_beyond_the_instances_takes_them_all),
		cmocka_unit_test(the_first_that_does_not_come_back_saves_the_rest),
		cmocka_unit_test(it_is_not_ready_before_it_goes),
		cmocka_unit_test(a_stop_ends_a_roll_and_the_newcomer),
		cmocka_unit_test(a_restart_of_a_restart_begins_anew),
		cmocka_unit_test(what_dies_while_its_successor_starts_is_not_missed),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
