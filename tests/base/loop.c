/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * loop.c - timers, tasks and signals of one loop, and what may be freed from within.
 */
#include "base/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

struct seen {
	struct loop *loop;
	struct timer *timer;
	struct task *task;
	int count, fd;
	struct instant at;
};

static void stop_at(void *owner, struct instant now)
{
	struct seen *seen = owner;

	seen->count++;
	seen->at = now;
	loop_stop(seen->loop);
}

static void test_a_timer_fires_once_and_not_early(void **state)
{
	struct seen seen = { 0 };
	struct timer *timer = NULL;
	struct instant due;

	(void)state;
	assert_int_equal(loop_new(&seen.loop), 0);
	assert_int_equal(timer_new(&timer, seen.loop, stop_at, &seen), 0);
	due = instant_add_ms(instant_read(), 5);
	timer_arm(timer, due);
	assert_true(timer_is_armed(timer));
	loop_run(seen.loop);
	assert_int_equal(seen.count, 1);
	assert_true(instant_reached(instant_read(), due));
	assert_false(timer_is_armed(timer));
	timer_free(timer);
	loop_free(seen.loop);
}

static void free_itself(void *owner, struct instant now)
{
	struct seen *seen = owner;

	(void)now;
	seen->timer = timer_free(seen->timer);
	loop_stop(seen->loop);
}

static void test_a_timer_may_free_itself(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(loop_new(&seen.loop), 0);
	assert_int_equal(timer_new(&seen.timer, seen.loop, free_itself, &seen), 0);
	timer_arm(seen.timer, instant_read());
	loop_run(seen.loop);
	assert_null(seen.timer);
	loop_free(seen.loop);
}

static void on_readable(void *owner, unsigned events, struct instant now)
{
	struct seen *seen = owner;
	char byte;

	(void)now;
	assert_int_equal(events, WATCH_READ);
	assert_int_equal(read(seen->fd, &byte, 1), 1);
	seen->count++;
	task_schedule(seen->task);
	task_schedule(seen->task);
}

static void test_a_task_runs_once_however_often_it_was_scheduled(void **state)
{
	struct seen seen = { 0 };
	struct watch *watch = NULL;
	int pipe_fds[2];

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(loop_new(&seen.loop), 0);
	seen.fd = pipe_fds[0];
	assert_int_equal(
		watch_new(&watch, seen.loop, pipe_fds[0], WATCH_READ, on_readable, &seen),
		0);
	assert_int_equal(task_new(&seen.task, seen.loop, stop_at, &seen), 0);
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	loop_run(seen.loop);
	assert_int_equal(seen.count, 2);
	task_schedule(seen.task);
	task_free(seen.task);
	watch_free(watch);
	loop_free(seen.loop);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void on_hup(void *owner, int number, struct instant now)
{
	struct seen *seen = owner;

	(void)now;
	seen->count = number;
	loop_stop(seen->loop);
}

static void test_a_signal_is_an_event(void **state)
{
	struct seen seen = { 0 };
	struct signal_watch *watch = NULL;

	(void)state;
	assert_int_equal(loop_new(&seen.loop), 0);
	assert_int_equal(signal_watch_new(&watch, seen.loop, SIGHUP, on_hup, &seen), 0);
	raise(SIGHUP);
	loop_run(seen.loop);
	assert_int_equal(seen.count, SIGHUP);
	signal_watch_free(watch);
	loop_free(seen.loop);
}

/* ---- a turn that does not end --------------------------------------------------- */

enum { GUARD_MS = 1000 };

static void hang(void *owner, struct instant now)
{
	(void)owner;
	(void)now;
	for (;;)
		pause();
}

/* Longer than a turn may take, without a wake-up between. */
static void sleep_long(struct seen *seen)
{
	assert_int_equal(timer_new(&seen->timer, seen->loop, stop_at, seen), 0);
	timer_arm(seen->timer, instant_add_ms(loop_now(seen->loop), GUARD_MS * 3 / 2));
	loop_run(seen->loop);
}

static void hang_in_a_timer(struct seen *seen)
{
	assert_int_equal(timer_new(&seen->timer, seen->loop, hang, seen), 0);
	timer_arm(seen->timer, loop_now(seen->loop));
	loop_run(seen->loop);
}

static void hang_in_a_task(struct seen *seen)
{
	assert_int_equal(task_new(&seen->task, seen->loop, hang, seen), 0);
	task_schedule(seen->task);
	loop_run(seen->loop);
}

static void hang_before_it_runs(struct seen *seen)
{
	hang(seen, loop_now(seen->loop));
}

static pid_t live(void (*life)(struct seen *seen))
{
	const struct rlimit no_core = { 0 };
	struct seen seen = { 0 };
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL);
	if (loop_new(&seen.loop) < 0 ||
		loop_guard(seen.loop, GUARD_MS * (int64_t)US_PER_MS) < 0)
		_exit(EXIT_FAILURE);
	life(&seen);
	_exit(EXIT_SUCCESS);
}

static void test_who_sleeps_is_not_woken_by_its_guard_and_who_hangs_is_ended(void **state)
{
	static const struct {
		void (*life)(struct seen *seen);
		int signal; /* that ends it; 0: none */
	} cases[] = { { sleep_long, 0 }, { hang_in_a_timer, SIGABRT },
		{ hang_in_a_task, SIGABRT }, { hang_before_it_runs, SIGABRT } };
	pid_t pids[ARRAY_LEN(cases)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		pids[i] = live(cases[i].life);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, cases[i].signal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_timer_fires_once_and_not_early),
		cmocka_unit_test(test_a_timer_may_free_itself),
		cmocka_unit_test(test_a_task_runs_once_however_often_it_was_scheduled),
		cmocka_unit_test(test_a_signal_is_an_event),
		cmocka_unit_test(
			test_who_sleeps_is_not_woken_by_its_guard_and_who_hangs_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
