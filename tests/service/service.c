/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service.c - services with real processes: what starts, stops, dies, is refused, and
 * what is said about it.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"

#include "tests/service/arena.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

#define SLEEPER                                                                          \
	"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"            \
	"'ready':{'by':'started'}},'logs':{'stdout':'none','stderr':'none'}}"

static void a_service_starts_and_stops(void **state)
{
	struct service *service = arena_begin(arena, SLEEPER);
	struct instance *instance = &service->instances[0];

	(void)state;
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(instance->state, STATE_UP);
	assert_true(instance->pid > 0);
	assert_int_equal(kill(instance->pid, 0), 0);
	service_stop(service, "bob", "lunch", instant_read());
	assert_int_equal(instance->state, STATE_STOPPING);
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(instance->state, STATE_DOWN);
	assert_string_equal(instance->why, "stopped by bob: lunch");
	assert_true(service_is_stopped(service));
	assert_int_equal(service->exits[0].cause, CAUSE_OPERATOR);
	assert_int_equal(service->exits[0].signal, SIGTERM);
	arena_end(arena, service);
}

static bool is_again(void *data)
{
	const struct service *service = data;

	return service->instances[0].restarts == 1 &&
	       service->instances[0].state == STATE_UP;
}

static void a_killed_service_comes_back(void **state)
{
	struct service *service = arena_begin(arena, SLEEPER);
	struct instance *instance = &service->instances[0];
	pid_t first;

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	first = instance->pid;
	kill(first, SIGKILL);
	assert_true(arena_until(arena, is_again, service));
	assert_int_not_equal(instance->pid, first);
	assert_int_equal(service->exits[0].cause, CAUSE_SIGNAL);
	assert_int_equal(service->exits[0].signal, SIGKILL);
	assert_int_equal(service->exits[0].pid, first);
	assert_int_equal(service->deaths_in_a_row, 1);
	assert_true(arena_saw(arena, "waiting: SIGKILL (not from svcd) after"));
	arena_end(arena, service);
}

static void a_signal_that_an_operator_sent_is_no_death(void **state)
{
	struct service *service = arena_begin(arena, SLEEPER);

	(void)state;
	assert_int_equal(service_kill(service, SIGKILL, NULL), -ESRCH); /* not yet */
	assert_true(arena_until_state(arena, service, STATE_UP));
	assert_int_equal(service_kill(service, 0, NULL), 0);
	assert_int_equal(service_kill(service, SIGKILL, NULL), 0);
	assert_true(arena_until(arena, is_again, service));
	assert_int_equal(service->exits[0].cause, CAUSE_OPERATOR);
	assert_string_equal(service->exits[0].reason, "SIGKILL (as an operator asked)");
	assert_int_equal(service->deaths_in_a_row, 0);
	arena_end(arena, service);
}

static void a_signals_author_is_not_who_asked_for_anything_else(void **state)
{
	struct service *service = arena_begin(arena, SLEEPER);

	(void)state;
	assert_true(arena_until_job(arena, service));
	service_restart(service, "bob", "new glibc", instant_read());
	assert_int_equal(service_kill(service, 0, "alice"), 0);
	assert_true(arena_until_job(arena, service));
	SAYS(service->exits[0].reason, "restarted by bob: new glibc");
	assert_string_equal(service->exits[0].by, "bob");
	assert_int_equal(service_kill(service, SIGINT, "alice"), 0);
	assert_true(arena_until(arena, is_again, service));
	assert_string_equal(service->exits[0].reason, "SIGINT (sent by alice)");
	assert_string_equal(service->exits[0].by, "alice");
	arena_end(arena, service);
}

static const struct {
	const char *what, *declaration;
	enum exit_cause cause;
	const char *reason;
} refused[] = {
	{ "a command that is not there",
		"{'service':'web','run':{'user':'nobody','command':['/no/such']}}",
		CAUSE_START,
		"exec /no/such: No such file or directory; install it, or correct "
		"run.command" },
	{ "a command that is not on the path",
		"{'service':'web','run':{'user':'nobody','command':['no-such-prog']}}",
		CAUSE_START,
		"exec no-such-prog: No such file or directory; install it, or correct "
		"run.command" },
	{ "a file that is no program",
		"{'service':'web','run':{'user':'nobody','command':['/etc/passwd']}}",
		CAUSE_START,
		"exec /etc/passwd: Permission denied; make it executable, or correct "
		"run.command" },
	{ "a user who does not exist",
		"{'service':'web','run':{'user':'nosuchuser','command':['true']}}",
		CAUSE_START, "user nosuchuser: no such user" },
	{ "a directory that is not there",
		"{'service':'web','run':{'user':'nobody','directory':'/no/such',"
		"'command':['true']}}",
		CAUSE_START,
		"chdir /no/such: No such file or directory; make it, or correct "
		"run.directory" },
	{ "a directory that the user may not enter",
		"{'service':'web','run':{'user':'nobody','directory':'/root',"
		"'command':['sleep','100']}}",
		CAUSE_START, "chdir /root: Permission denied" },
	{ "a before command that fails",
		"{'service':'web','run':{'user':'nobody','command':['sleep','100'],"
		"'before':[['sh','-c','echo no database; exit 3']]}}",
		CAUSE_BEFORE, "before[0] sh: exit 3: no database" },
	{ "an environment file that is not there",
		"{'service':'web','run':{'user':'nobody','command':['sleep','100'],"
		"'environment_file':'/no/such'}}",
		CAUSE_START,
		"run.environment_file /no/such: No such file or directory; put it there, "
		"or remove the key" },
};

static void what_cannot_start_says_why_and_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct service *service = arena_begin(arena, refused[i].declaration);
		struct instance *instance = &service->instances[0];

		print_message("%s\n", refused[i].what);
		assert_true(arena_until_job(arena, service));
		assert_int_equal(service->job.result, JOB_FAILED);
		assert_int_equal(instance->state, STATE_WAITING);
		assert_int_equal(service->exits[0].cause, refused[i].cause);
		SAYS(service->exits[0].reason, refused[i].reason);
		SAYS(instance->why, refused[i].reason);
		SAYS(instance->why, "again in");
		SAYS(remark_text(&service->job.reason), refused[i].reason);
		arena_end(arena, service);
	}
}

#define WITHOUT_PAUSE "'restart':{'delay':'0ms','delay_max':'1ms'}"

static void without_a_pause_a_killed_service_does_not_wait(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'started'}," WITHOUT_PAUSE "},"
		"'logs':{'stdout':'none','stderr':'none'}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	kill(service->instances[0].pid, SIGKILL);
	assert_true(arena_until(arena, is_again, service));
	assert_false(arena_saw(arena, "waiting"));
	assert_int_equal(service->deaths_in_a_row, 1);
	SAYS(service->exits[0].next, "restart in 0ms");
	arena_end(arena, service);
}

static bool has_died_twice(void *data)
{
	const struct service *service = data;

	return service->deaths_in_a_row > 1;
}

/* Else it would never come back to the loop. */
static void what_cannot_even_begin_waits_a_turn_without_a_pause(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','directory':'/not/there',"
		"'command':['sleep','1000'],'ready':{'by':'started'}," WITHOUT_PAUSE "},"
		"'logs':{'stdout':'none','stderr':'none'}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	assert_true(arena_until(arena, has_died_twice, service));
	arena_end(arena, service);
}

static bool is_dead(void *data)
{
	const pid_t *pid = data;
	_cleanup_free_ char *path = text_format("/proc/%d/stat", *pid), *text = NULL;

	/* whoever inherited it may take his time to reap it */
	return file_read(&text, NULL, AT_FDCWD, path, 4096) < 0 || strstr(text, ") Z ");
}

static void a_service_that_ignores_the_signal_is_killed_with_all_it_made(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','ready':{'by':'started'},"
		"'stop':{'timeout':'200ms'},'command':['sh','-c',"
		"'trap \\\"\\\" TERM; (setsid sleep 1000 & echo $!) & sleep 1000; sleep 1000']}}");
	char *output;
	pid_t grandchild;

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	output = arena_until_says(arena, service, "");
	grandchild = (pid_t)atoi(output);
	free(output);
	assert_true(grandchild > 1);
	assert_int_equal(kill(grandchild, 0), 0);
	service_stop(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->instances[0].state, STATE_DOWN);
	SAYS(service->exits[0].reason, "killed: it did not stop within ");
	assert_true(arena_until(arena, is_dead, &grandchild));
	arena_end(arena, service);
}

static void it_is_not_down_before_its_last_worker_is(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','ready':{'by':'started'},"
		"'command':['sh','-c','(trap \\\"sleep 0.3; echo bye; exit\\\" TERM; "
		"echo up; while :; do sleep 0.05; done) & sleep 1000']}}");
	char *output;

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	free(arena_until_says(arena, service, "up"));
	service_stop(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->instances[0].state, STATE_DOWN);
	output = arena_output(&service->instances[0], 0);
	SAYS(output, "bye");
	free(output);
	arena_end(arena, service);
}

static void a_daemon_that_forks_away_is_not_left_running(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','ready':{'by':'notify'},"
		"'command':['sh','-c','setsid sleep 1000 & exit 0']}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	SAYS(service->exits[0].reason, "exit 0, and left processes behind");
	arena_end(arena, service);
}

static void it_gives_up_when_told_to(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['false'],"
		"'ready':{'by':'notify'},'restart':{'delay':'1ms','give_up':"
		"{'after':3,'within':'1m'}}}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_FAILED));
	assert_int_equal(service->exits_count, 3);
	assert_int_equal(service->deaths_in_a_row, 3);
	SAYS(service_why(service), "gave up after 3 deaths");
	SAYS(service_why(service), "svcctl start web");
	/* an operator begins anew */
	service_start(service, NULL, NULL, instant_read());
	assert_true(arena_until_state(arena, service, STATE_FAILED));
	assert_int_equal(service->exits_count, 6);
	arena_end(arena, service);
}

static void a_oneshot_is_done(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','kind':'oneshot',"
		"'command':['true']}}");

	(void)state;
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_true(arena_until_state(arena, service, STATE_DONE));
	assert_int_equal(service->exits[0].code, 0);
	arena_end(arena, service);
}

static void a_restart_that_cannot_prepare_leaves_the_old_process(void **state)
{
	struct service *service = arena_begin(arena, SLEEPER);
	struct json_t *effective = json_new_object();
	pid_t pid;

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	pid = service->instances[0].pid;
	assert_int_equal(
		service_declare(service,
			arena_declaration(
				"{'service':'web','run':{'user':'nobody','command':"
				"['sleep','1000'],'ready':{'by':'started'},"
				"'before':[['false']]}}"),
			effective, instant_read()),
		0);
	service_restart(service, "alice", "new", instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_FAILED);
	SAYS(remark_text(&service->job.reason), "before[0] false: exit 1");
	assert_int_equal(service->instances[0].state, STATE_UP);
	assert_int_equal(service->instances[0].pid, pid);
	json_free(effective);
	arena_end(arena, service);
}

static bool is_never_empty(void *data)
{
	const struct service *service = data;
	unsigned up = service_ready_instances(service);

	assert_true(up >= 1);
	return service->job.result != JOB_RUNNING;
}

static void a_rolling_restart_takes_one_at_a_time(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','instances':3,'command':"
		"['sleep','1000'],'ready':{'by':'started'}}}");
	pid_t before[3];

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	for (unsigned i = 0; i < 3; i++)
		before[i] = service->instances[i].pid;
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until(arena, is_never_empty, service));
	assert_int_equal(service->job.result, JOB_DONE);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(service->instances[i].state, STATE_UP);
		assert_int_not_equal(service->instances[i].pid, before[i]);
	}
	arena_end(arena, service);
}

static void a_new_word_ends_the_former_job(void **state)
{
	struct service *service = arena_begin(arena, SLEEPER);

	(void)state;
	service_stop(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.kind, JOB_STOP);
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[0].state, STATE_DOWN);
	service_start(service, NULL, NULL, instant_read());
	service_stop(service, NULL, NULL, instant_read());
	service_start(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	assert_int_equal(service->instances[0].state, STATE_UP);
	arena_end(arena, service);
}

static void a_reload_sends_the_declared_signal(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','ready':{'by':'started'},"
		"'reload':{'signal':'HUP'},'command':['sh','-c',"
		"'trap \\\"echo reloaded\\\" HUP; echo up; while :; do sleep 0.05; done']}}");

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	free(arena_until_says(arena, service, "up"));
	service_reload(service, "alice", NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(service->job.result, JOB_DONE);
	free(arena_until_says(arena, service, "reloaded"));
	assert_int_equal(service->instances[0].state, STATE_UP);
	arena_end(arena, service);
}

static bool is_alone(void *data)
{
	const struct service *service = data;

	return service->instances_count == 1;
}

static void instances_follow_the_declaration(void **state)
{
	struct service *service = arena_begin(arena, SLEEPER);
	struct json_t *effective = json_new_object();

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_UP));
	assert_int_equal(
		service_declare(service,
			arena_declaration("{'service':'web','run':{'user':'nobody',"
					  "'instances':4,'command':['sleep','1000'],"
					  "'ready':{'by':'started'}}}"),
			effective, instant_read()),
		0);
	assert_int_equal(service->instances_count, 4);
	assert_true(arena_until_state(arena, service, STATE_UP));
	assert_int_equal(service_declare(service, arena_declaration(SLEEPER), effective,
				 instant_read()),
		0);
	assert_true(arena_until(arena, is_alone, service));
	assert_int_equal(service->instances[0].state, STATE_UP);
	json_free(effective);
	arena_end(arena, service);
}

static int move_into(const char *cgroup, pid_t pid)
{
	char path[600], number[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	snprintf(number, sizeof(number), "%d", pid);
	return file_put(AT_FDCWD, path, number);
}

static void what_nobody_here_started_is_not_doubled(void **state)
{
	struct service *service;
	char path[512];
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "%s/web/1.77", cgroups_base(arena->cgroups));
	assert_int_equal(directory_make(path, 0755), 0);
	assert_int_equal(move_into(path, pid), 0);
	service = arena_begin(arena, SLEEPER);
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	SAYS(service->instances[0].why,
		"cgroup web/1.77 has processes that svcd did not start");
	assert_int_equal(service->instances[0].pid, 0);
	assert_int_equal(cgroups_kill(arena->cgroups, "web/1.77"), 0);
	waitpid(pid, NULL, 0);
	assert_true(arena_until_state(arena, service, STATE_UP));
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_starts_and_stops),
		cmocka_unit_test(a_killed_service_comes_back),
		cmocka_unit_test(without_a_pause_a_killed_service_does_not_wait),
		cmocka_unit_test(what_cannot_even_begin_waits_a_turn_without_a_pause),
		cmocka_unit_test(a_signal_that_an_operator_sent_is_no_death),
		cmocka_unit_test(a_signals_author_is_not_who_asked_for_anything_else),
		cmocka_unit_test(what_cannot_start_says_why_and_waits),
		cmocka_unit_test(
			a_service_that_ignores_the_signal_is_killed_with_all_it_made),
		cmocka_unit_test(it_is_not_down_before_its_last_worker_is),
		cmocka_unit_test(a_daemon_that_forks_away_is_not_left_running),
		cmocka_unit_test(it_gives_up_when_told_to),
		cmocka_unit_test(a_oneshot_is_done),
		cmocka_unit_test(a_restart_that_cannot_prepare_leaves_the_old_process),
		cmocka_unit_test(a_rolling_restart_takes_one_at_a_time),
		cmocka_unit_test(a_new_word_ends_the_former_job),
		cmocka_unit_test(a_reload_sends_the_declared_signal),
		cmocka_unit_test(instances_follow_the_declaration),
		cmocka_unit_test(what_nobody_here_started_is_not_doubled),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
