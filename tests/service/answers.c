/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * answers.c - when a real process is ready, alive, or neither.
 */
#include <dirent.h>
#include <signal.h>
#include <string.h>

#include "service/process.h"
#include "tests/service/script.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

#define PYTHON(code)                                                                     \
	"{'service':'web','run':{'user':'nobody','ready':{'by':'notify','timeout':"      \
	"'5s'},'command':['python3','-uc','" code "']}}"

static void readiness_and_status_come_by_notify(void **state)
{
	struct service *service = arena_begin(arena,
		PYTHON("import os, socket, time; "
		       "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
		       "s.connect(os.environ[\\\"NOTIFY_SOCKET\\\"]); "
		       "s.send(b\\\"STATUS=warming up\\\" + bytes([10]) + b\\\"READY=1\\\"); "
		       "time.sleep(1000)"));

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	assert_string_equal(remark_text(&service->instances[0].status), "warming up");
	assert_true(service->instances[0].notified_ready);
	arena_end(arena, service);
}

static void what_never_gets_ready_is_ended(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','ready':{'by':'listen',"
		"'timeout':'1s'},'command':['sleep','1000']},"
		"'listen':[{'name':'http','port':10042}]}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	assert_int_equal(service->exits[0].cause, CAUSE_TIMEOUT);
	SAYS(service->exits[0].reason, "not ready after ");
	SAYS(service->exits[0].reason, "nothing listens yet on port 10042 (http)");
	arena_end(arena, service);
}

#define LISTENER                                                                         \
	"{'service':'web','run':{'user':'nobody','command':['python3','-c',"             \
	"'import socket, time; s = socket.socket(); s.bind((\\\"127.0.0.1\\\", "         \
	"10042)); s.listen(); time.sleep(1000)']},"                                      \
	"'listen':[{'name':'http','port':10042}]}"

static void a_listener_is_ready_and_keeps_others_from_its_port(void **state)
{
	struct service *first = arena_begin(arena, LISTENER);
	struct service *second;

	(void)state;
	assert_true(arena_until_state(arena, first, STATE_UP));
	second = arena_begin(arena,
		"{'service':'other','run':{'user':'nobody','command':['sleep',"
		"'1000']},'listen':[{'name':'http','port':10042}]}");
	assert_true(arena_until_job(arena, second));
	assert_int_equal(second->instances[0].state, STATE_WAITING);
	SAYS(second->instances[0].why, "port 10042 is in use by pid ");
	SAYS(second->instances[0].why, "(python3)");
	assert_int_equal(second->instances[0].pid, 0);
	arena_end(arena, second);
	assert_int_equal(first->instances[0].state, STATE_UP);
	arena_end(arena, first);
}

static void a_silent_watchdog_ends_it(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'started'},'watchdog':'100ms'}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	assert_int_equal(service->exits[0].cause, CAUSE_WATCHDOG);
	assert_int_equal(service->exits[0].signal, SIGTERM);
	arena_end(arena, service);
}

static void a_silent_watchdog_aborts_where_a_core_may_be_written(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'started'},'watchdog':'100ms'},'limits':{'core':'1M'}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	assert_int_equal(service->exits[0].cause, CAUSE_WATCHDOG);
	assert_int_equal(service->exits[0].signal, SIGABRT);
	SAYS(service->exits[0].reason, "no WATCHDOG=1 for 100ms");
	arena_end(arena, service);
}

static bool is_main(void *data)
{
	const struct service *service = data;

	return service->instances[0].state == STATE_UP &&
	       strcmp(remark_text(&service->instances[0].status), "heir") == 0;
}

static void a_daemon_that_forks_may_name_its_heir(void **state)
{
	struct service *service = arena_begin(arena,
		PYTHON("import os, socket, time; "
		       "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
		       "s.connect(os.environ[\\\"NOTIFY_SOCKET\\\"]); "
		       "n = bytes([10]); p = os.fork(); "
		       "p and s.send(b\\\"MAINPID=%d\\\" % p + n + b\\\"READY=1\\\" + n + "
		       "b\\\"STATUS=heir\\\"); "
		       "p or time.sleep(1000); time.sleep(0.1)"));
	pid_t heir;

	(void)state;
	assert_true(arena_until(arena, is_main, service));
	arena_turn(arena, 300); /* the first process ends meanwhile */
	assert_int_equal(service->instances[0].state, STATE_UP);
	heir = service->instances[0].pid;
	assert_int_equal(kill(heir, 0), 0);
	kill(heir, SIGKILL);
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	/* it was nobody's child: how it ended is not known, and not made up */
	assert_int_equal(service->exits[0].cause, CAUSE_UNKNOWN);
	assert_int_equal(service->exits[0].code, -1);
	arena_end(arena, service);
}

static size_t count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static bool has_swapped(void *data)
{
	const struct service *service = data;

	return strcmp(remark_text(&service->instances[0].status), "swapped") == 0;
}

static bool has_died(void *data)
{
	const struct service *service = data;

	return service->exits_count > 0;
}

static void a_main_process_that_changes_and_changes_back_is_watched_once(void **state)
{
	struct service *service = script_begin(arena,
		"p = os.fork()\n"
		"p or rest()\n"
		"def swap():\n"
		"    for i in range(100):\n"
		"        say(\"MAINPID=%d\" % p)\n"
		"        say(\"MAINPID=%d\" % os.getpid())\n"
		"    say(\"STATUS=swapped\")\n"
		"on(10, swap)\n"
		"on(12, lambda: sys.exit(7))\n"
		"say(\"READY=1\")\n"
		"rest()\n",
		"");
	struct instance *instance = &service->instances[0];
	size_t before = count_fds();
	pid_t pid = instance->pid;

	(void)state;
	kill(pid, SIGUSR1);
	assert_true(arena_until(arena, has_swapped, service));
	assert_int_equal(instance->pid, pid);
	assert_in_range(count_fds(), before - 2, before + 2);
	kill(pid, SIGUSR2);
	assert_true(arena_until(arena, has_died, service));
	/* nobody else reaped it: how it ended is known */
	assert_int_equal(service->exits[0].cause, CAUSE_EXIT);
	assert_int_equal(service->exits[0].code, 7);
	arena_end(arena, service);
}

static struct check_fact fact_of(char *name, enum verdict verdict)
{
	return (struct check_fact){
		.name = name, .verdict = verdict, .reason = "HTTP 500", .instance = 1
	};
}

#define CHECKED                                                                          \
	"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"            \
	"'ready':{'by':'check'},'restart':{'delay':'10ms'}},"                            \
	"'listen':[{'name':'http','port':10042}],'health':{'checks':["                   \
	"{'name':'a','tcp':'http'},{'name':'b','tcp':'http','effect':'live',"            \
	"'live_after':'1s'},{'name':'c','tcp':'http','effect':'warn'}]}}"

static bool is_executed(void *data)
{
	const struct service *service = data;

	return service->instances[0].exec_done;
}

static void checks_make_it_ready_and_a_live_one_ends_it(void **state)
{
	struct service *service = arena_begin(arena, CHECKED);
	struct instance *instance = &service->instances[0];
	char a[] = "a", b[] = "b", c[] = "c", unknown[] = "x";
	struct check_fact fact;

	(void)state;
	assert_true(arena_until(arena, is_executed, service));
	fact = fact_of(a, VERDICT_PASS);
	service_verdict(service, &fact, instant_read());
	assert_int_equal(instance->state, STATE_STARTING);
	fact = fact_of(c, VERDICT_FAIL); /* only warns */
	service_verdict(service, &fact, instant_read());
	fact = fact_of(unknown, VERDICT_FAIL); /* of another declaration */
	service_verdict(service, &fact, instant_read());
	assert_int_equal(service->checks_count, 2);
	fact = fact_of(b, VERDICT_PASS);
	service_verdict(service, &fact, instant_read());
	assert_int_equal(instance->state, STATE_UP);
	assert_int_equal(instance->verdict, VERDICT_PASS);
	/* one that may only take it out of traffic leaves the process alone */
	fact = fact_of(a, VERDICT_FAIL);
	service_verdict(service, &fact, instant_read());
	assert_int_equal(instance->verdict, VERDICT_FAIL);
	arena_turn(arena, 200);
	assert_int_equal(instance->state, STATE_UP);
	/* a recovery in time saves it */
	fact = fact_of(b, VERDICT_FAIL);
	service_verdict(service, &fact, instant_read());
	arena_turn(arena, 50);
	fact = fact_of(b, VERDICT_PASS);
	service_verdict(service, &fact, instant_read());
	arena_turn(arena, 1100);
	assert_int_equal(instance->state, STATE_UP);
	fact = fact_of(b, VERDICT_FAIL);
	service_verdict(service, &fact, instant_read());
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	assert_int_equal(service->exits[0].cause, CAUSE_CHECK);
	SAYS(service->exits[0].reason, "check b on port 10042 fails for 1s: HTTP 500");
	/* the next process begins without a verdict */
	assert_true(arena_until(arena, is_executed, service));
	assert_int_equal(service->checks[0].verdict, VERDICT_UNKNOWN);
	arena_end(arena, service);
	arena->host.own_restarts_from = (struct instant){ 0 };
}

#define TWICE_CHECKED                                                                    \
	"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"            \
	"'ready':{'by':'started'},'restart':{'delay':'10ms'}},'health':{'checks':["      \
	"{'name':'ill','exec':['true'],'effect':'live','live_after':'1s'},"              \
	"{'name':'well','exec':['true'],'effect':'live','live_after':'1s'}]}}"

static void one_live_check_that_passes_does_not_save_another(void **state)
{
	struct service *service = arena_begin(arena, TWICE_CHECKED);
	char ill[] = "ill", well[] = "well";
	struct check_fact fact = fact_of(ill, VERDICT_FAIL);

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	service_verdict(service, &fact, instant_read());
	arena_turn(arena, 100);
	fact = fact_of(well, VERDICT_PASS);
	service_verdict(service, &fact, instant_read());
	assert_int_equal(service->exits_count, 0);
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	SAYS(service->exits[0].reason, "check ill fails for 1s: HTTP 500");
	/* it did not help, and another service of the host has to wait its turn */
	assert_int_equal(service->instances[0].process->liveness.in_a_row, 1);
	assert_true(arena->host.own_restarts_from.us > instant_read().us);
	arena_end(arena, service);
	arena->host.own_restarts_from = (struct instant){ 0 };
}

static void a_startup_check_that_only_warns_holds_readiness_back(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'check'}},'health':{'checks':["
		"{'name':'boot','exec':['true'],'startup':true,'effect':'warn'}]}}");
	char boot[] = "boot";
	struct check_fact fact = fact_of(boot, VERDICT_WARN);

	(void)state;
	assert_true(arena_until(arena, is_executed, service));
	service_verdict(service, &fact, instant_read());
	assert_int_equal(service->instances[0].state, STATE_STARTING);
	fact = fact_of(boot, VERDICT_PASS);
	service_verdict(service, &fact, instant_read());
	assert_int_equal(service->instances[0].state, STATE_UP);
	arena_end(arena, service);
}

static void a_watchdog_that_is_fed_is_quiet(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','watchdog':'2s','ready':{'by':"
		"'started'},'command':['python3','-uc','import os, socket, time; "
		"s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
		"s.connect(os.environ[\\\"NOTIFY_SOCKET\\\"]); "
		"print(os.environ[\\\"WATCHDOG_USEC\\\"]); "
		"[(s.send(b\\\"WATCHDOG=1\\\"), time.sleep(0.1)) for i in range(30)]; "
		"time.sleep(1000)']}}");
	unsigned changes;
	char *output;

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	arena_turn(arena, 100); /* its job is done, too */
	changes = arena->changes;
	arena_turn(arena, 2900);                   /* longer than it may be silent */
	assert_int_equal(arena->changes, changes); /* and nothing is to be remembered */
	output = arena_output(&service->instances[0], 0);
	assert_string_equal(output, "2000000\n");
	free(output);
	assert_int_equal(service->instances[0].state, STATE_UP);
	assert_int_equal(service->exits_count, 0);
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	assert_int_equal(service->exits[0].cause, CAUSE_WATCHDOG);
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readiness_and_status_come_by_notify),
		cmocka_unit_test(what_never_gets_ready_is_ended),
		cmocka_unit_test(a_listener_is_ready_and_keeps_others_from_its_port),
		cmocka_unit_test(a_silent_watchdog_ends_it),
		cmocka_unit_test(a_silent_watchdog_aborts_where_a_core_may_be_written),
		cmocka_unit_test(a_watchdog_that_is_fed_is_quiet),
		cmocka_unit_test(a_daemon_that_forks_may_name_its_heir),
		cmocka_unit_test(
			a_main_process_that_changes_and_changes_back_is_watched_once),
		cmocka_unit_test(checks_make_it_ready_and_a_live_one_ends_it),
		cmocka_unit_test(one_live_check_that_passes_does_not_save_another),
		cmocka_unit_test(a_startup_check_that_only_warns_holds_readiness_back),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
