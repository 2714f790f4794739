/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.c - what real processes say by sd_notify(3), and what comes of it.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "service/process.h"
#include "tests/service/fleet.h"
#include "tests/service/script.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

static char *said(struct service *service)
{
	return arena_output(&service->instances[0], 0);
}

/* ---- whose words count ---------------------------------------------------------- */

static bool has_status(void *data)
{
	const struct service *service = data;

	return service->instances[0].status.text != NULL;
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	for (; text && (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

static void a_main_process_elsewhere_is_refused_and_that_is_said_once(void **state)
{
	char code[256];
	struct service *service;
	pid_t pid;

	(void)state;
	snprintf(code, sizeof(code),
		"say(\"READY=1\")\nfor i in range(50): say(\"MAINPID=%d\")\n"
		"say(\"MAINPID=1\", \"STATUS=said\")\nrest()\n",
		getpid());
	service = script_begin(arena, code, "");
	pid = service->instances[0].pid;
	assert_true(arena_until(arena, has_status, service));
	assert_int_equal(service->instances[0].pid, pid);
	assert_int_equal(count_of(arena->events.bytes,
				 "is no process of this instance: not believed"),
		1);
	arena_end(arena, service);
}

static void send_words(const char *path, const char *words)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(sendto(fd, words, strlen(words), 0, (struct sockaddr *)&address,
				 sizeof(address)),
		(ssize_t)strlen(words));
	close(fd);
}

static bool is_executed(void *data)
{
	const struct service *service = data;

	return service->instances[0].exec_done;
}

static void words_of_strangers_do_not_count(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'notify'},'watchdog':'1h'}}");
	const struct instance *instance = &service->instances[0];
	struct instant heard;

	(void)state;
	assert_true(arena_until(arena, is_executed, service));
	heard = instance->process->heard;
	for (int i = 0; i < 5; i++) /* as many as wait in a socket's queue */
		send_words(notify_path(instance->process->notify),
			"READY=1\nSTATUS=stranger\nWATCHDOG=1\nWATCHDOG=trigger\n"
			"MAINPID=1\nSTOPPING=1");
	arena_turn(arena, 100);
	assert_int_equal(instance->state, STATE_STARTING);
	assert_string_equal(remark_text(&instance->status), "");
	assert_false(instance->notified_ready);
	assert_int_equal(instance->process->heard.us, heard.us);
	arena_end(arena, service);
}

static void a_worker_may_speak_for_its_service(void **state)
{
	struct service *service = script_begin(arena,
		"os.fork() or (say(\"READY=1\", \"STATUS=from a worker\"), rest())\n"
		"rest()\n",
		"");

	(void)state;
	assert_string_equal(remark_text(&service->instances[0].status), "from a worker");
	arena_end(arena, service);
}

/* ---- watchdog ------------------------------------------------------------------- */

static void the_watchdog_is_in_the_environment_of_who_is_to_feed_it(void **state)
{
	struct service *service = script_begin(arena,
		"print(os.environ[\"WATCHDOG_USEC\"], "
		"int(os.environ[\"WATCHDOG_PID\"]) == os.getpid())\n"
		"say(\"READY=1\", \"WATCHDOG=1\")\nrest()\n",
		",'watchdog':'30s'");
	_cleanup_free_ char *output = said(service);

	(void)state;
	assert_string_equal(output, "30000000 True\n");
	arena_end(arena, service);
	service = script_begin(arena,
		"print(\"WATCHDOG_USEC\" in os.environ, "
		"\"WATCHDOG_PID\" in os.environ)\n"
		"say(\"READY=1\")\nrest()\n",
		"");
	free(output);
	output = said(service);
	assert_string_equal(output, "False False\n");
	arena_end(arena, service);
}

static bool has_died(void *data)
{
	const struct service *service = data;

	return service->exits_count > 0;
}

static const struct {
	const char *rule, *code, *more, *reason;
} watchdogs[] = {
	{ "it asks for its end itself",
		"say(\"READY=1\")\nsay(\"WATCHDOG=trigger\")\nrest()\n", "",
		"asked for its watchdog itself" },
	{ "it makes one where none was declared",
		"say(\"READY=1\", \"WATCHDOG_USEC=100000\")\nrest()\n", "",
		"no WATCHDOG=1 for 100ms" },
	{ "it makes it shorter", "say(\"READY=1\", \"WATCHDOG_USEC=100000\")\nrest()\n",
		",'watchdog':'1h'", "no WATCHDOG=1 for 100ms" },
};

static void a_watchdog_that_is_spoken_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(watchdogs); i++) {
		_cleanup_free_ char *declaration =
			script_declare(watchdogs[i].code, watchdogs[i].more, "");
		struct service *service = arena_begin(arena, declaration);

		print_message("%s\n", watchdogs[i].rule);
		assert_true(arena_until(arena, has_died, service));
		assert_int_equal(service->exits[0].cause, CAUSE_WATCHDOG);
		SAYS(service->exits[0].reason, watchdogs[i].reason);
		arena_end(arena, service);
	}
}

/* ---- descriptors ---------------------------------------------------------------- */

/* Gives a file with a line in it to be kept, or reads what it was given. */
#define KEEPER                                                                           \
	"import ctypes\n"                                                                \
	"if \"LISTEN_FDS\" in os.environ:\n"                                             \
	"    assert int(os.environ[\"LISTEN_PID\"]) == os.getpid()\n"                    \
	"    print(os.environ[\"LISTEN_FDS\"], os.environ[\"LISTEN_FDNAMES\"], "         \
	"os.pread(3, 99, 0).decode(), sep=\"|\")\n"                                      \
	"else:\n"                                                                        \
	"    fd = os.memfd_create(\"m\")\n"                                              \
	"    os.write(fd, b\"kept\")\n"                                                  \
	"    socket.send_fds(s, [b\"FDSTORE=1\\nFDNAME=cache\"], [fd])\n"                \
	"say(\"READY=1\")\nrest()\n"

static void what_it_gives_to_keep_comes_back_after_a_death(void **state)
{
	struct service *service = script_begin(arena, KEEPER, "");
	char *output;

	(void)state;
	kill(service->instances[0].pid, SIGKILL);
	assert_true(arena_until(arena, has_died, service));
	assert_true(arena_until_state(arena, service, STATE_UP));
	output = said(service);
	assert_string_equal(output, "1|cache|kept\n");
	free(output);
	/* an operator's stop forgets it */
	service_stop(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	service_start(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	output = said(service);
	assert_string_equal(output, "");
	free(output);
	arena_end(arena, service);
}

static void who_takes_over_in_another_slot_gets_it_as_well(void **state)
{
	_cleanup_free_ char *declaration =
		script_declare(KEEPER, ",'drain':{'settle':'10ms'}",
			",'listen':[{'name':'http','port':'${10042 + instance}'}]");
	struct service *service = fleet_begin(arena, declaration);
	char *output;

	(void)state;
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	output = arena_output(&service->instances[1], 0);
	assert_string_equal(output, "1|cache|kept\n");
	free(output);
	arena_end(arena, service);
}

static void more_than_is_kept_is_refused_once(void **state)
{
	struct service *service = script_begin(arena,
		"say(\"READY=1\")\n"
		"for i in range(60): "
		"socket.send_fds(s, [b\"FDSTORE=1\"], [os.memfd_create(\"m\")])\n"
		"say(\"STATUS=done\")\nrest()\n",
		"");

	(void)state;
	assert_true(arena_until(arena, has_status, service));
	assert_int_equal(fdstore_sweep(service->instances[0].process->kept), FDSTORE_MAX);
	assert_int_equal(
		count_of(arena->events.bytes, "FDSTORE=1: so many are not kept"), 1);
	arena_end(arena, service);
}

/* ---- stopping ------------------------------------------------------------------- */

static bool is_draining(void *data)
{
	const struct service *service = data;

	return service->instances[0].draining;
}

static void who_says_that_it_stops_is_relieved_all_the_same(void **state)
{
	_cleanup_free_ char *declaration =
		script_declare("say(\"READY=1\")\nsay(\"STOPPING=1\")\nrest()\n",
			",'drain':{'settle':'10ms'}",
			",'listen':[{'name':'http','port':'${10042 + instance}'}]");
	struct service *service = fleet_begin(arena, declaration);

	(void)state;
	assert_true(arena_until(arena, is_draining, service));
	assert_false(instance_is_ready(&service->instances[0]));
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_true(instance_is_free(&service->instances[0]));
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_main_process_elsewhere_is_refused_and_that_is_said_once),
		cmocka_unit_test(words_of_strangers_do_not_count),
		cmocka_unit_test(a_worker_may_speak_for_its_service),
		cmocka_unit_test(the_watchdog_is_in_the_environment_of_who_is_to_feed_it),
		cmocka_unit_test(a_watchdog_that_is_spoken_of),
		cmocka_unit_test(what_it_gives_to_keep_comes_back_after_a_death),
		cmocka_unit_test(who_takes_over_in_another_slot_gets_it_as_well),
		cmocka_unit_test(more_than_is_kept_is_refused_once),
		cmocka_unit_test(who_says_that_it_stops_is_relieved_all_the_same),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
