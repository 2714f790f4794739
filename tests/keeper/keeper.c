/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper.c - one supervisor after the other, whoever dies, and the exits of orphans.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/keeper/scene.h"

/* ---- a life after the other ------------------------------------------------------ */

static void a_supervisor_killed_by_sigkill_is_followed_by_one_that_has_its_fds(
	void **state)
{
	do_it(*state, "keep thing");
	do_it(*state, "keep other");
	do_it(*state, "say FDSTOREREMOVE=1|FDNAME=other");
	supervisor_dies(*state);
	ask(*state, "read thing", "thing");
	ask(*state, "has other", "no");
	ask(*state, "has control.sock", "yes");
	ask(*state, "has health.sock", "yes");
	ask(*state, "has log.sock", "yes");
	ask(*state, "has orphans", "no");
}

static void its_last_words_are_heard_also_when_it_is_dead(void **state)
{
	struct scene *scene = *state;

	/* the keeper sleeps while the supervisor speaks and dies */
	kill(scene->keeper, SIGSTOP);
	do_it(scene, "keep last");
	order(scene, "signal 9");
	waitid(P_PID, (id_t)scene->supervisor, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	kill(scene->keeper, SIGCONT);
	expect_up(scene);
	ask(scene, "read last", "last");
}

static void sigterm_and_sigint_reach_the_supervisor_as_what_they_are(void **state)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		char want[32];
		int status;

		assert_int_equal(kill(scene->keeper, numbers[i]), 0);
		snprintf(want, sizeof(want), "signal %d", numbers[i]);
		expect(scene, want);
		status = end_of(scene);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		begin(scene);
		expect_up(scene);
	}
}

/* A supervisor that dies while it stops everything has not: the next one is told. */
static void who_dies_while_all_is_stopped_is_followed_by_one_that_goes_on(void **state)
{
	struct scene *scene = *state;

	kill(scene->supervisor, SIGSTOP);
	kill(scene->keeper, SIGINT);
	kill(scene->supervisor, SIGKILL);
	expect_up(scene);
	order(scene, "say READY=1");
	expect_soon(scene, "signal 2");
	assert_int_equal(end_of(scene), 0);
}

/* Says itself when it was born: how late that is heard does not matter. A shell is born
 * within a moment, on a busy machine too: who lives for a second is not followed by a
 * pause. */
static const char short_lived[] = "#!/bin/sh\n"
				  "read up idle </proc/uptime\n"
				  "echo \"up $$ $up\" >$TEST_ANSWERS\n"
				  "kill -9 $$\n";

static double next_birth(const struct scene *scene)
{
	char line[LINE_BYTES];
	double at;

	answer(scene, line);
	assert_int_equal(sscanf(line, "up %*d %lf", &at), 1);
	return at;
}

static void who_dies_at_once_waits_ever_longer(void **state)
{
	static const double pauses[] = { 0.1, 0.2, 0.4 };
	const double step = 0.01; /* of that clock */
	struct scene *scene = *state;
	double before;

	supervisor_is_a_script(scene, short_lived);
	order(scene, "signal 9");
	before = next_birth(scene);
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		double at = next_birth(scene);

		assert_true(at - before >= pauses[i] - step);
		before = at;
	}
	assert_int_equal(kill(scene->keeper, SIGTERM), 0);
}

static void a_supervisor_ends_with_its_keeper_also_when_it_is_stopped(void **state)
{
	static const int halted[] = { 0, SIGSTOP };
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LEN(halted); i++) {
		siginfo_t info = { 0 };

		kill(scene->supervisor, halted[i]);
		kill(scene->keeper, SIGKILL);
		end_of(scene);
		expect(scene, "alone");
		/* it is ours since its parent is gone */
		assert_int_equal(
			waitid(P_PID, (id_t)scene->supervisor, &info, WEXITED), 0);
		assert_int_equal(info.si_status, EXIT_ALONE);
		begin(scene);
		expect_up(scene);
	}
}

static void one_that_does_not_hear_its_end_is_ended_by_the_next_keeper(void **state)
{
	struct scene *scene = *state;
	siginfo_t info = { 0 };
	pid_t first = scene->supervisor;

	do_it(scene, "deaf");
	kill(scene->keeper, SIGKILL);
	end_of(scene);
	begin(scene);
	expect_up(scene);
	assert_int_equal(waitid(P_PID, (id_t)first, &info, WEXITED | WNOHANG), 0);
	assert_int_equal(info.si_pid, first);
	assert_int_equal(info.si_code, CLD_KILLED);
	assert_int_equal(info.si_status, SIGKILL);
}

static void a_supervisor_that_does_not_speak_is_replaced_also_when_it_is_stopped(
	void **state)
{
	struct scene *scene = *state;
	pid_t first = scene->supervisor;

	expect_up(scene);
	assert_int_not_equal(scene->supervisor, first);
	kill(scene->supervisor, SIGSTOP);
	expect_up(scene);
}

/* ---- the place --------------------------------------------------------------------- */

static void a_second_keeper_in_the_same_place_is_refused_and_touches_nothing(void **state)
{
	static const char *const names[] = { "control.sock", "keeper.sock", "svcd.lock" };
	static const int halted[] = { 0, SIGSTOP };
	struct scene *scene = *state;
	char pid[32], program[] = "svcd", *argv[] = { program, NULL };

	snprintf(pid, sizeof(pid), "pid %d", scene->keeper);
	for (size_t i = 0; i < ARRAY_LEN(halted); i++) {
		struct error err = { 0 };
		ino_t before[ARRAY_LEN(names)];

		kill(scene->keeper, halted[i]);
		for (size_t at = 0; at < ARRAY_LEN(names); at++)
			before[at] = inode(scene, names[at]);
		assert_int_equal(keeper_run(scene->root, argv, &err), -EBUSY);
		assert_non_null(strstr(err.text, pid));
		assert_non_null(strstr(err.text, "--root"));
		for (size_t at = 0; at < ARRAY_LEN(names); at++)
			assert_int_equal(inode(scene, names[at]), before[at]);
		kill(scene->keeper, SIGCONT);
	}
	do_it(scene, "keep thing");
}

static void a_root_too_long_for_a_socket_is_said_so(void **state)
{
	struct scene *scene = *state;
	char root[160], program[] = "svcd", *argv[] = { program, NULL };
	struct error err = { 0 };

	snprintf(root, sizeof(root), "%s/%0*d", scene->root, 90, 0);
	assert_int_equal(keeper_run(root, argv, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "shorter --root"));
}

static void what_a_stranger_says_is_not_heard(void **state)
{
	struct scene *scene = *state;
	char path[128];
	int fd = memfd_create("strange", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "%s/run/svcd/keeper.sock", scene->root);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_true(
		sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=strange", &fd, 1) > 0);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	do_it(scene, "keep thing");
	supervisor_dies(scene);
	ask(scene, "has thing", "yes");
	ask(scene, "has strange", "no");
}

static void a_keeper_without_room_for_fds_goes_on(void **state)
{
	struct scene *scene = *state;
	struct rlimit few, many;

	assert_int_equal(prlimit(scene->keeper, RLIMIT_NOFILE, NULL, &many), 0);
	few = (struct rlimit){ 24, many.rlim_max };
	assert_int_equal(prlimit(scene->keeper, RLIMIT_NOFILE, &few, NULL), 0);
	for (int i = 0; i < MANY; i++) {
		char text[32];

		snprintf(text, sizeof(text), "keep thing%d", i);
		do_it(scene, text);
	}
	wait_until_all_is_heard(scene);
	assert_int_equal(prlimit(scene->keeper, RLIMIT_NOFILE, &many, NULL), 0);
	do_it(scene, "keep last");
	supervisor_dies(scene);
	ask(scene, "has thing0", "yes");
	ask(scene, "has thing99", "no");
	ask(scene, "has last", "yes");
}

/* ---- orphans ----------------------------------------------------------------------- */

static void the_exit_of_an_orphan_is_told_to_this_supervisor_and_to_the_next(void **state)
{
	struct scene *scene = *state;
	char exit[LINE_BYTES];

	an_orphan(scene, exit, 7);
	supervisor_dies(scene);
	order(scene, "read orphans");
	expect(scene, exit);
	expect(scene, ""); /* the file's own newline, and the answer's */
	expect(scene, "done");
}

static void what_two_supervisors_have_taken_in_is_forgotten(void **state)
{
	struct scene *scene = *state;
	char exit[LINE_BYTES];

	an_orphan(scene, exit, 7);
	for (int i = 0; i < 2; i++) {
		supervisor_dies(scene);
		ask(scene, "has orphans", "yes");
		do_it(scene, "say READY=1");
	}
	supervisor_dies(scene);
	ask(scene, "has orphans", "no");
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		RUNS(a_supervisor_killed_by_sigkill_is_followed_by_one_that_has_its_fds),
		RUNS(its_last_words_are_heard_also_when_it_is_dead),
		RUNS(sigterm_and_sigint_reach_the_supervisor_as_what_they_are),
		RUNS(who_dies_while_all_is_stopped_is_followed_by_one_that_goes_on),
		RUNS(who_dies_at_once_waits_ever_longer),
		RUNS(a_supervisor_ends_with_its_keeper_also_when_it_is_stopped),
		RUNS(one_that_does_not_hear_its_end_is_ended_by_the_next_keeper),
		WATCHED(a_supervisor_that_does_not_speak_is_replaced_also_when_it_is_stopped),
		RUNS(a_second_keeper_in_the_same_place_is_refused_and_touches_nothing),
		RUNS(a_root_too_long_for_a_socket_is_said_so),
		RUNS(what_a_stranger_says_is_not_heard),
		RUNS(a_keeper_without_room_for_fds_goes_on),
		RUNS(the_exit_of_an_orphan_is_told_to_this_supervisor_and_to_the_next),
		RUNS(what_two_supervisors_have_taken_in_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, run);
}
