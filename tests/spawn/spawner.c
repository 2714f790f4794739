/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spawner.c - real processes by way of the spawner: whose they are, what they are given,
 * and what happens when the spawner dies.
 */
#include "spawn/spawner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"

#include "spawn/spawn.h"
#include "tests/test.h"

enum { LONG_BYTES = 100 * 1024 }; /* one string of an environment may have 128 KiB */

static struct spawner *spawner; /* NOLINT: one for all tests */

static int set_up(void **state)
{
	struct error err = { 0 };

	(void)state;
	return spawner_new(&spawner, &err);
}

static int tear_down(void **state)
{
	(void)state;
	spawner = spawner_free(spawner);
	return 0;
}

/* Runs `words` (they end with NULL), its stdout into `output` (may be NULL, 64 bytes).
 * The exit status; -1 when a step failed, with `reason` filled. */
static int run_spec(
	struct spawn_spec spec, const char *const *words, char *output, char *reason)
{
	struct strings argv = { 0 };
	struct spawned child;
	struct error err = { 0 };
	struct pollfd report = { .events = POLLIN };
	siginfo_t info = { 0 };
	int ends[2], r;

	for (; *words; words++)
		assert_int_equal(strings_add(&argv, *words), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spec.spawner = spawner;
	spec.argv = &argv;
	spec.fds[0].fd = ends[1];
	spec.fds[0].target = STDOUT_FILENO;
	spec.fds_count = 1;
	assert_int_equal(spawn(&child, &spec, &err), 0);
	close(ends[1]);
	report.fd = child.report_fd;
	assert_int_equal(poll(&report, 1, 10000), 1);
	r = spawn_report_read(child.report_fd, reason, REASON_BYTES);
	if (output) {
		ssize_t got = read(ends[0], output, 63);

		output[MAX(got, 0)] = '\0';
	}
	assert_int_equal(waitid(P_PIDFD, (id_t)child.pidfd, &info, WEXITED), 0);
	assert_int_equal(info.si_pid, child.pid);
	close(ends[0]);
	close(child.pidfd);
	close(child.report_fd);
	strings_done(&argv);
	return r < 0 ? -1 : info.si_status;
}

static int run(const char *const *words, const char *const *environment, char *output,
	char *reason)
{
	struct spawn_spec spec = spawn_plain("test");

	spec.environment = environment;
	return run_spec(spec, words, output, reason);
}

static void its_children_are_ours(void **state)
{
	char output[64], reason[REASON_BYTES], expected[64];

	(void)state;
	snprintf(expected, sizeof(expected), "%d\n", getpid());
	assert_int_equal(run((const char *const[]){ "/bin/sh", "-c", "echo $PPID", NULL },
				 NULL, output, reason),
		0);
	assert_string_equal(output, expected);
}

static void a_step_that_fails_is_told(void **state)
{
	char reason[REASON_BYTES] = "";

	(void)state;
	assert_int_equal(
		run((const char *const[]){ "/nowhere/at/all", NULL }, NULL, NULL, reason),
		-1);
	assert_string_equal(reason, "exec /nowhere/at/all: No such file or directory");
}

/* As any user, and root: whoever changes to a user keeps what is named, and no more. */
static void nothing_but_what_is_kept_can_be_gained(void **state)
{
	static char name[] = "CAP_NET_BIND_SERVICE";
	static char *names[] = { name };
	struct strings one = { names, 1 };
	static const char *const bounds[] = { "/bin/sh", "-c",
		"sed -n 's/CapBnd:.//p' /proc/self/status", NULL };
	struct identity nobody = { .known = true, .uid = 65534, .gid = 65534 },
			root = { .known = true };
	const struct {
		const struct identity *identity;
		const struct strings *kept;
		const char *bounds;
	} cases[] = {
		{ &nobody, NULL, "0000000000000000\n" },
		{ &nobody, &one, "0000000000000400\n" },
		{ &root, NULL, "0000000000000000\n" },
		{ &nobody, NULL, "0000000000000000\n" },
	};

	(void)state;
	if (geteuid() != 0)
		fail_msg("needs root to change to a user");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct spawn_spec spec = spawn_plain("test");
		char output[64], reason[REASON_BYTES];

		spec.identity = cases[i].identity;
		spec.capabilities = cases[i].kept;
		assert_int_equal(run_spec(spec, bounds, output, reason), 0);
		assert_string_equal(output, cases[i].bounds);
	}
}

static void a_long_environment_arrives(void **state)
{
	_cleanup_free_ char *large = malloc(LONG_BYTES + 1);
	const char *environment[] = { "A=1", large, NULL };
	char output[64], reason[REASON_BYTES];

	(void)state;
	memset(large, 'x', LONG_BYTES);
	large[LONG_BYTES] = '\0';
	large[1] = '=';
	assert_int_equal(
		run((const char *const[]){ "/bin/sh", "-c", "echo $A ${#x}", NULL },
			environment, output, reason),
		0);
	assert_string_equal(output, "1 102398\n");
}

static void it_has_no_descriptor_of_ours(void **state)
{
	int extra = open("/dev/null", O_RDONLY); /* not close-on-exec */
	char output[64], reason[REASON_BYTES];

	(void)state;
	assert_int_equal(run((const char *const[]){ "/bin/sh", "-c",
				     "ls /proc/self/fd | tr '\\n' ' '", NULL },
				 NULL, output, reason),
		0);
	/* 3 is the directory that ls reads */
	assert_string_equal(output, "0 1 2 3 ");
	close(extra);
}

/* All children that we have at that moment are its. */
static void kill_spawner(void)
{
	char path[64], *at;
	_cleanup_free_ char *text = NULL;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	assert_int_equal(file_read(&text, NULL, AT_FDCWD, path, 4096), 0);
	for (at = text; (pid = (pid_t)strtol(at, &at, 10)) > 0;)
		assert_int_equal(kill(pid, SIGKILL), 0);
}

static void one_that_was_killed_is_replaced(void **state)
{
	struct strings argv = { 0 };
	struct spawn_spec spec = {
		.spawner = spawner, .name = "web", .argv = &argv, .cgroup_fd = -1
	};
	struct spawned child;
	struct error err = { 0 };
	char reason[REASON_BYTES];

	(void)state;
	assert_int_equal(strings_add(&argv, "/bin/true"), 0);
	kill_spawner();
	assert_true(spawn(&child, &spec, &err) < 0);
	assert_non_null(strstr(err.text, "web: the spawner does not answer"));
	assert_int_equal(
		run((const char *const[]){ "/bin/true", NULL }, NULL, NULL, reason), 0);
	strings_done(&argv);
}

static void one_that_hears_nobody_any_more_ends(void **state)
{
	(void)state;
	spawner = spawner_free(spawner);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_children_are_ours),
		cmocka_unit_test(a_step_that_fails_is_told),
		cmocka_unit_test(nothing_but_what_is_kept_can_be_gained),
		cmocka_unit_test(a_long_environment_arrives),
		cmocka_unit_test(it_has_no_descriptor_of_ours),
		cmocka_unit_test(one_that_was_killed_is_replaced),
		cmocka_unit_test(one_that_hears_nobody_any_more_ends),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
