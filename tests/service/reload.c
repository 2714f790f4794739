/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reload.c - what is known after a reload of a real process.
 */
#include <signal.h>
#include <string.h>

#include "service/process.h"
#include "tests/service/fleet.h"
#include "tests/service/script.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

enum { READY_MS = 2000 }; /* what a reload may take */

#define RELOADS ",'reload':{'signal':'HUP'}"
static const struct {
	const char *rule, *code;
	enum job_result want;
	const char *reason;
} reloads[] = {
	{ "who says both has proven it",
		"on(1, lambda: (say(\"RELOADING=1\", monotonic()), time.sleep(0.1), "
		"say(\"READY=1\")))\n"
		"say(\"READY=1\")\nrest()\n",
		JOB_DONE, "it said RELOADING=1, then READY=1" },
	{ "without a time it is believed, too",
		"on(1, lambda: (say(\"RELOADING=1\"), say(\"READY=1\")))\n"
		"say(\"READY=1\")\nrest()\n",
		JOB_DONE, "it said RELOADING=1, then READY=1" },
	{ "one that never ends has failed",
		"on(1, lambda: say(\"RELOADING=1\", monotonic()))\n"
		"say(\"READY=1\")\nrest()\n",
		JOB_FAILED, "it said RELOADING=1, and not READY=1 within " },
	{ "one that asks for time gets it",
		"on(1, lambda: (say(\"RELOADING=1\", monotonic(), "
		"\"EXTEND_TIMEOUT_USEC=8000000\"), time.sleep(2.2), say(\"READY=1\")))\n"
		"say(\"READY=1\")\nrest()\n",
		JOB_DONE, "it said RELOADING=1, then READY=1" },
	{ "a reload from before the signal proves nothing",
		"on(1, lambda: (say(\"RELOADING=1\", \"MONOTONIC_USEC=1\"), "
		"say(\"READY=1\")))\n"
		"say(\"READY=1\")\nrest()\n",
		JOB_DONE, "signal sent; it is still up, nothing more can be known" },
	{ "READY=1 alone proves nothing",
		"on(1, lambda: say(\"READY=1\"))\nsay(\"READY=1\")\nrest()\n", JOB_DONE,
		"signal sent; it is still up, nothing more can be known" },
	{ "who dies of it has failed", "say(\"READY=1\")\nrest()\n", JOB_FAILED,
		"it ended while it reloaded: SIGHUP" },
	{ "who ends between the words has failed",
		"on(1, lambda: (say(\"RELOADING=1\"), os._exit(3)))\n"
		"say(\"READY=1\")\nrest()\n",
		JOB_FAILED, "it ended while it reloaded: exit 3" },
};

static void a_reload_is_proven_or_it_is_said_what_is_not_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reloads); i++) {
		struct service *service = script_begin(arena, reloads[i].code, RELOADS);

		print_message("%s\n", reloads[i].rule);
		service->declaration->run.ready.timeout_ms = READY_MS;
		service_reload(service, "alice", NULL, instant_read());
		assert_true(arena_until_job(arena, service));
		SAYS(remark_text(&service->job.reason), reloads[i].reason);
		assert_int_equal(service->job.result, reloads[i].want);
		arena_end(arena, service);
	}
}

static bool is_executed(void *data)
{
	const struct service *service = data;

	return service->instances[0].exec_done &&
	       strcmp(remark_text(&service->instances[0].status), "begins") == 0;
}

static bool has_read_again(void *data)
{
	const struct service *service = data;

	return strcmp(remark_text(&service->instances[0].status), "read again") == 0;
}

/* It began with a file as it was: it may have read it already. */
static void a_reload_of_what_starts_comes_when_it_is_up(void **state)
{
	_cleanup_free_ char *declaration = script_declare(
		"on(1, lambda: say(\"STATUS=read again\"))\n"
		"say(\"STATUS=begins\")\ntime.sleep(0.5)\nsay(\"READY=1\")\nrest()\n",
		RELOADS, "");
	struct service *service = arena_begin(arena, declaration);

	(void)state;
	assert_true(arena_until(arena, is_executed, service));
	fleet_declare(service, declaration);
	service_reload(service, "alice", "declaration changed", instant_read());
	/* who waits for the start goes on to wait */
	assert_int_equal(service->job.kind, JOB_START);
	assert_int_equal(service->job.result, JOB_RUNNING);
	assert_int_equal(service->instances[0].state, STATE_STARTING);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_true(arena_until(arena, has_read_again, service));
	/* and when nobody asked for the start */
	kill(service->instances[0].pid, SIGKILL);
	assert_true(arena_until(arena, is_executed, service));
	fleet_declare(service, declaration);
	service_reload(service, "alice", "declaration changed", instant_read());
	assert_int_equal(service->job.kind, JOB_RELOAD);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[0].state, STATE_UP);
	assert_true(has_read_again(service));
	arena_end(arena, service);
}

static void what_starts_with_what_is_declared_cannot_be_reloaded_yet(void **state)
{
	_cleanup_free_ char *declaration =
		script_declare("say(\"STATUS=begins\")\nrest()\n", RELOADS, "");
	struct service *service = arena_begin(arena, declaration);

	(void)state;
	assert_true(arena_until(arena, is_executed, service));
	service_reload(service, "alice", NULL, instant_read());
	assert_int_equal(service->job.result, JOB_FAILED);
	assert_string_equal(remark_text(&service->job.reason), "it is not up: start it");
	arena_end(arena, service);
}

static void a_start_is_no_reload(void **state)
{
	struct service *service = script_begin(arena,
		"on(1, lambda: say(\"RELOADING=1\"))\nsay(\"READY=1\")\nrest()\n",
		RELOADS);

	(void)state;
	service->declaration->run.ready.timeout_ms = READY_MS;
	service_reload(service, "alice", NULL, instant_read());
	service_start(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.kind, JOB_START);
	assert_int_equal(service->job.result, JOB_DONE);
	/* what was asked before is not answered by what comes now */
	arena_turn(arena, 2500);
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[0].state, STATE_UP);
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reload_is_proven_or_it_is_said_what_is_not_known),
		cmocka_unit_test(a_reload_of_what_starts_comes_when_it_is_up),
		cmocka_unit_test(
			what_starts_with_what_is_declared_cannot_be_reloaded_yet),
		cmocka_unit_test(a_start_is_no_reload),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
