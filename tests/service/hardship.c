/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * hardship.c - real processes that die at the worst moments, will not go, or are told
 * one thing while they do another. Whatever happens: as many run as are wanted, none
 * twice, and the job has an end.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/file.h"

#include "service/process.h"
#include "tests/service/fleet.h"
#include "tests/service/script.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

static bool has_settled(void *data)
{
	const struct service *service = data;
	unsigned wanted = (unsigned)service->declaration->run.instances;

	return fleet_up(service) == wanted && fleet_processes(service) == wanted;
}

/* ---- killed in every state ------------------------------------------------------ */

static void restart(struct service *service)
{
	service_restart(service, "alice", NULL, instant_read());
}

static void stop_and_start(struct service *service)
{
	service_stop(service, "alice", NULL, instant_read());
	service_start(service, "alice", NULL, instant_read());
}

static void reload(struct service *service)
{
	service_reload(service, "alice", NULL, instant_read());
}

static void nothing(struct service *service)
{
	(void)service;
}

static void (*const words[])(
	struct service *service) = { nothing, restart, stop_and_start, reload };

static void kill_all(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++)
		if (service->instances[i].pid > 1)
			kill(service->instances[i].pid, SIGKILL);
}

/* At growing distances after a word, so that every state is met. */
static void a_kill_in_any_state_is_survived(void **state)
{
	static const char *const declarations[] = {
		FLEET(2, "trap : HUP; exec sleep 1000", ",'reload':{'signal':'HUP'}"),
		SHARED(2, "trap : HUP; exec sleep 1000", ",'reload':{'signal':'HUP'}")
	};

	(void)state;
	for (size_t which = 0; which < ARRAY_LEN(declarations); which++) {
		struct service *service = fleet_begin(arena, declarations[which]);

		for (int round = 0; round < 32; round++) {
			words[(size_t)round % ARRAY_LEN(words)](service);
			for (int turn = 0; turn < round / 4; turn++)
				arena_turn(arena, 7);
			kill_all(service);
			assert_true(arena_until(arena, has_settled, service));
		}
		arena_end(arena, service);
	}
}

static bool has_died_twice(void *data)
{
	const struct service *service = data;

	return service->exits_ever >= 2;
}

static bool has_died_thirty_times(void *data)
{
	const struct service *service = data;

	return service->exits_ever >= 30;
}

static void one_that_dies_between_clone_and_ready_is_tried_again(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','ready':{'by':'listen'},"
		"'restart':{'delay':'1ms','delay_max':'1ms'},'command':['sh','-c',"
		"'exit 9']},'listen':[{'name':'http','port':10042}]}");

	(void)state;
	assert_true(arena_until(arena, has_died_thirty_times, service));
	assert_int_equal(service->exits[0].cause, CAUSE_EXIT);
	assert_int_equal(service->exits[0].code, 9);
	arena_end(arena, service);
}

/* Else who waits for its job waits for ever, and the host forks without a pause. */
static void without_a_delay_one_that_never_gets_ready_ends_the_job(void **state)
{
	static const struct {
		const char *rule, *command, *timeout, *why;
	} cases[] = {
		{ "it dies before", "exit 9", "1m", "exit 9" },
		{ "it is not ready in time", "exec sleep 1000", "200ms",
			"not ready after" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *declaration = text_format(
			"{'service':'web','run':{'user':'nobody','restart':{'delay':'0s'},"
			"'ready':{'by':'listen','timeout':'%s'},'command':['sh','-c',"
			"'%s']},'listen':[{'name':'http','port':10042}]}",
			cases[i].timeout, cases[i].command);
		struct service *service = arena_begin(arena, declaration);

		print_message("%s\n", cases[i].rule);
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->job.result, JOB_FAILED);
		SAYS(remark_text(&service->job.reason), cases[i].why);
		assert_int_equal(service->exits_ever, 1);
		arena_turn(arena, 1000);
		assert_in_range(service->exits_ever, 1, 12); /* it doubles from 1ms */
		assert_true(arena_until(arena, has_died_twice, service));
		service_restart(service, "alice", NULL, instant_read());
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->job.result, JOB_FAILED);
		arena_end(arena, service);
	}
}

/* ---- who will not go ------------------------------------------------------------ */

static bool is_stopped(const pid_t *pid)
{
	_cleanup_free_ char *path = text_format("/proc/%d/stat", *pid), *text = NULL;

	return file_read(&text, NULL, AT_FDCWD, path, 4096) == 0 && strstr(text, ") T ");
}

static void one_that_is_stopped_by_a_signal_is_killed_when_told_to_stop(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'started'},'stop':{'timeout':'200ms'}}}");

	(void)state;
	assert_true(arena_until_job(arena, service));
	kill(service->instances[0].pid, SIGSTOP);
	while (!is_stopped(&service->instances[0].pid))
		arena_turn(arena, 5);
	service_stop(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->exits[0].signal, SIGKILL);
	SAYS(service->exits[0].reason, "killed: it did not stop within ");
	arena_end(arena, service);
}

static void what_forks_twice_and_leaves_its_session_is_stopped_with_the_rest(void **state)
{
	struct service *service = script_begin(arena,
		"def away():\n"
		"    if os.fork() == 0:\n"
		"        os.setsid()\n"
		"        if os.fork() == 0:\n"
		"            signal.signal(15, signal.SIG_IGN)\n"
		"            while True: time.sleep(9)\n"
		"        os._exit(0)\n"
		"[away() for i in range(20)]\n"
		"say(\"READY=1\")\nrest()\n",
		",'stop':{'timeout':'300ms'}");

	(void)state;
	service_restart(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	service_stop(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(fleet_processes(service), 0);
	assert_true(service_is_stopped(service));
	arena_end(arena, service);
}

/* Some new ones come while the old ones are told to end. */
static void what_forks_while_it_is_stopped_is_gone_afterwards(void **state)
{
	struct service *service = script_begin(arena,
		"def more():\n"
		"    for i in range(30):\n"
		"        if os.fork() == 0:\n"
		"            signal.signal(15, signal.SIG_IGN)\n"
		"            while True: time.sleep(9)\n"
		"        time.sleep(0.02)\n"
		"on(15, more)\n"
		"say(\"READY=1\")\nrest()\n",
		",'stop':{'timeout':'300ms'}");

	(void)state;
	service_stop(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_true(service_is_stopped(service));
	arena_end(arena, service);
}

/* ---- one word while another is obeyed ------------------------------------------- */

#define PREPARES                                                                         \
	"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],'ready':"    \
	"{'by':'started'},'restart':{'handover':'stop-first'},'reload':{'signal':"       \
	"'CONT'},'before':[['sleep','1']]}}"

static void a_word_in_between_calls_a_restart_off(void **state)
{
	static const struct {
		const char *rule;
		void (*say)(struct service *service);
	} cases[] = { { "a reload", reload },
		{ "a start, which is nothing to do", NULL } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct service *service = fleet_begin(arena, PREPARES);
		pid_t pid = service->instances[0].pid;

		print_message("%s\n", cases[i].rule);
		restart(service);
		arena_turn(arena, 50);
		if (cases[i].say)
			cases[i].say(service);
		else
			service_start(service, "alice", NULL, instant_read());
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->job.result, JOB_DONE);
		arena_turn(arena, 1500); /* what was called off does not come */
		assert_int_equal(service->instances[0].pid, pid);
		assert_int_equal(service->exits_count, 0);
		arena_end(arena, service);
	}
}

#define DRAINS                                                                           \
	"{'service':'web','run':{'user':'nobody','instances':2,'command':['sleep',"      \
	"'1000'],'ready':{'by':'started'},'drain':{'settle':'1s'},'reload':"             \
	"{'signal':'CONT'},'restart':{'handover':'stop-first'}},"                        \
	"'listen':[{'name':'http','port':'${10042 + instance}'}]}"

static bool is_draining(void *data)
{
	const struct service *service = data;

	return service->instances[0].draining;
}

static void a_word_in_between_ends_the_draining(void **state)
{
	struct service *service = fleet_begin(arena, DRAINS);
	pid_t pid = service->instances[0].pid;

	(void)state;
	restart(service);
	assert_true(arena_until(arena, is_draining, service));
	reload(service);
	assert_true(instance_is_ready(&service->instances[0]));
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.kind, JOB_RELOAD);
	assert_int_equal(service->job.result, JOB_DONE);
	arena_turn(arena, 1500);
	assert_int_equal(service->instances[0].pid, pid);
	arena_end(arena, service);
}

static void a_stop_that_waits_for_others_can_be_taken_back(void **state)
{
	static const struct decision decision = { CAUSE_OPERATOR, "alice", NULL };
	struct service *service = fleet_begin(arena, SHARED(2, SLEEPS, ""));
	pid_t pid = service->instances[0].pid;

	(void)state;
	service_stop_later(service, &decision, instant_read());
	arena_turn(arena, 50);
	assert_int_equal(service->job.result, JOB_RUNNING);
	assert_int_equal(service->instances[0].state, STATE_UP);
	service_start(service, "alice", NULL, instant_read());
	service_let_go(service, instant_read()); /* nothing is held any more */
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[0].pid, pid);
	arena_end(arena, service);
}

static void a_start_that_waits_outlives_a_reload_and_a_declaration(void **state)
{
	struct service *service = arena_service(arena, SHARED(1, SLEEPS, ""));

	(void)state;
	service_start_later(service, "svcd", "declared", instant_read());
	reload(service);
	assert_int_equal(service->job.result, JOB_FAILED);
	fleet_declare(service, SHARED(2, SLEEPS, ""));
	arena_turn(arena, 50);
	assert_int_equal(fleet_processes(service), 0);
	service_let_go(service, instant_read());
	assert_true(arena_until(arena, has_settled, service));
	arena_end(arena, service);
}

/* ---- one-shots ------------------------------------------------------------------ */

static void a_one_shot_runs_what_comes_before_it_each_time(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','kind':'oneshot',"
		"'before':[['echo','first'],['echo','second']],"
		"'command':['echo','itself']}}");
	char *output;

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_DONE));
	restart(service);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[0].state, STATE_DONE);
	assert_int_equal(service->instances[0].generation, 2);
	output = arena_output(&service->instances[0], 0);
	SAYS(output, "itself\n");
	free(output);
	arena_end(arena, service);
}

static void a_one_shot_whose_before_fails_is_not_run(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','kind':'oneshot',"
		"'restart':{'policy':'never'},'before':[['false']],"
		"'command':['echo','itself']}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_FAILED));
	assert_int_equal(service->job.result, JOB_FAILED);
	assert_int_equal(service->exits[0].cause, CAUSE_BEFORE);
	assert_int_equal(service->instances[0].generation, 0);
	arena_end(arena, service);
}

/* ---- many ----------------------------------------------------------------------- */

static void sixty_four_with_ports_of_their_own_roll_and_are_killed_meanwhile(void **state)
{
	struct service *service = fleet_begin(arena, FLEET(64, SLEEPS, ""));

	(void)state;
	restart(service);
	arena_turn(arena, 500);
	for (unsigned i = 0; i < service->instances_count; i += 3)
		if (service->instances[i].pid > 1)
			kill(service->instances[i].pid, SIGKILL);
	assert_true(arena_until(arena, has_settled, service));
	service_stop(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(fleet_processes(service), 0);
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_in_any_state_is_survived),
		cmocka_unit_test(one_that_dies_between_clone_and_ready_is_tried_again),
		cmocka_unit_test(without_a_delay_one_that_never_gets_ready_ends_the_job),
		cmocka_unit_test(
			one_that_is_stopped_by_a_signal_is_killed_when_told_to_stop),
		cmocka_unit_test(
			what_forks_twice_and_leaves_its_session_is_stopped_with_the_rest),
		cmocka_unit_test(what_forks_while_it_is_stopped_is_gone_afterwards),
		cmocka_unit_test(a_word_in_between_calls_a_restart_off),
		cmocka_unit_test(a_word_in_between_ends_the_draining),
		cmocka_unit_test(a_stop_that_waits_for_others_can_be_taken_back),
		cmocka_unit_test(a_start_that_waits_outlives_a_reload_and_a_declaration),
		cmocka_unit_test(a_one_shot_runs_what_comes_before_it_each_time),
		cmocka_unit_test(a_one_shot_whose_before_fails_is_not_run),
		cmocka_unit_test(
			sixty_four_with_ports_of_their_own_roll_and_are_killed_meanwhile),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
