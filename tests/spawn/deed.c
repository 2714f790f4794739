/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * deed.c - side jobs with real children: what they print, how they end, and that nothing
 * of them stays.
 */
#include "spawn/deed.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/file.h"

#include "tests/service/arena.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

enum { PLENTY_MS = 60000 };

struct outcome {
	struct deed *deed;
	unsigned calls;
	bool ok, timed_out;
	int code, signal;
	char reason[256];
	char *output;
	size_t size;
};

static void on_done(void *owner, const struct deed_result *result, struct instant now)
{
	struct outcome *outcome = owner;

	(void)now;
	outcome->calls++;
	outcome->ok = result->ok;
	outcome->timed_out = result->timed_out;
	outcome->code = result->code;
	outcome->signal = result->signal;
	strcpy(outcome->reason, result->reason);
	outcome->size = result->output_size;
	outcome->output = strndup(result->output, result->output_size);
	outcome->deed = deed_free(outcome->deed);
	loop_stop(arena->loop);
}

static bool is_over(void *data)
{
	const struct outcome *outcome = data;

	return outcome->calls > 0;
}

static void start(struct outcome *outcome, struct spawn_spec *spec, int64_t timeout_ms)
{
	struct deed_plan plan = { .spec = spec,
		.service = "web",
		.timeout_ms = timeout_ms,
		.done = on_done,
		.owner = outcome };

	spec->name = "deed";
	spec->umask = spec->nice = spec->open_files = spec->core_bytes = spec->oom_score =
		UNSET;
	assert_int_equal(
		deed_start(&outcome->deed, arena->loop, arena->cgroups, &plan), 0);
}

/* Starts a command line; the words end with NULL. */
static void start_words(
	struct outcome *outcome, const char *const *words, int64_t timeout_ms)
{
	struct strings argv = { 0 };
	struct spawn_spec spec = { .argv = &argv };

	for (; *words; words++)
		assert_int_equal(strings_add(&argv, *words), 0);
	start(outcome, &spec, timeout_ms);
	strings_done(&argv);
}

static void run_script(struct outcome *outcome, const char *script, int64_t timeout_ms)
{
	start_words(outcome, (const char *const[]){ "/bin/sh", "-c", script, NULL },
		timeout_ms);
	assert_true(arena_until(arena, is_over, outcome));
}

static const struct {
	const char *rule, *script;
	bool ok;
	int code, signal;
	const char *reason, *output;
} scripts[] = {
	{ "success has its output", "echo out; echo err >&2", true, 0, 0, "",
		"out\nerr\n" },
	{ "silence is an empty output", "exit 0", true, 0, 0, "", "" },
	{ "a failure has its last line", "echo one; echo two; echo; exit 7", false, 7, 0,
		"deed: exit 7: two", "one\ntwo\n\n" },
	{ "a failure may be silent", "exit 1", false, 1, 0, "deed: exit 1", "" },
	{ "a signal is named", "kill -SEGV $$", false, -1, SIGSEGV, "deed: SIGSEGV", "" },
	{ "what it prints cannot draw on a terminal", "printf '\\033[2Jhaha\\n'; exit 1",
		false, 1, 0, "deed: exit 1: \\x1b[2Jhaha", "\033[2Jhaha\n" },
	{ "its children do not hold it up", "sleep 1000 & echo done", true, 0, 0, "",
		"done\n" },
};

static void a_deed_ends_in_one_result(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct outcome outcome = { 0 };

		print_message("%s\n", scripts[i].rule);
		run_script(&outcome, scripts[i].script, PLENTY_MS);
		assert_int_equal(outcome.calls, 1);
		assert_int_equal(outcome.ok, scripts[i].ok);
		assert_int_equal(outcome.code, scripts[i].code);
		assert_int_equal(outcome.signal, scripts[i].signal);
		assert_string_equal(outcome.reason, scripts[i].reason);
		assert_string_equal(outcome.output, scripts[i].output);
		free(outcome.output);
	}
}

static void one_that_hangs_is_killed(void **state)
{
	struct outcome outcome = { 0 };

	(void)state;
	run_script(
		&outcome, "trap '' TERM INT; echo stuck; sleep 1000; sleep 1000", 1000);
	assert_false(outcome.ok);
	assert_true(outcome.timed_out);
	assert_string_equal(outcome.reason, "deed: not done after 1000 ms: stuck");
	free(outcome.output);
}

static void one_that_prints_without_end_is_killed(void **state)
{
	struct outcome outcome = { 0 };

	(void)state;
	run_script(&outcome, "exec cat /dev/zero", 20000);
	assert_false(outcome.ok);
	assert_true(outcome.size <= DEED_OUTPUT_MAX_BYTES);
	assert_non_null(strstr(outcome.reason, "printed more than 65536 KiB"));
	free(outcome.output);
}

static void one_that_cannot_begin_says_so_from_the_loop(void **state)
{
	struct outcome outcome = { 0 };

	(void)state;
	start_words(
		&outcome, (const char *const[]){ "/no/such/program", NULL }, PLENTY_MS);
	assert_int_equal(outcome.calls, 0);
	assert_true(arena_until(arena, is_over, &outcome));
	assert_string_equal(
		outcome.reason, "deed: exec /no/such/program: No such file or directory");
	free(outcome.output);
}

static int tell(void *data, int output_fd)
{
	dprintf(output_fd, "%s from %d, user %d", (const char *)data, getppid() > 0,
		(int)getuid());
	return 3;
}

static void one_without_a_cgroup_also_says_so(void **state)
{
	struct spawn_spec spec = { .name = "deed", .function = tell };
	struct outcome outcome = { 0 };
	struct deed_plan plan = { .spec = &spec,
		.service = "no/such/place",
		.done = on_done,
		.owner = &outcome };

	(void)state;
	assert_int_equal(
		deed_start(&outcome.deed, arena->loop, arena->cgroups, &plan), 0);
	assert_int_equal(outcome.calls, 0);
	assert_true(arena_until(arena, is_over, &outcome));
	assert_false(outcome.ok);
	assert_non_null(strstr(outcome.reason, "No such file or directory"));
	free(outcome.output);
}

static void a_function_runs_in_the_child(void **state)
{
	char hello[] = "hello";
	struct spawn_spec spec = { .function = tell, .data = hello };
	struct outcome outcome = { 0 };

	(void)state;
	start(&outcome, &spec, PLENTY_MS);
	assert_true(arena_until(arena, is_over, &outcome));
	assert_int_equal(outcome.code, 3);
	assert_string_equal(outcome.output, "hello from 1, user 0");
	free(outcome.output);
}

static int count_fds(void *data, int output_fd)
{
	int count = 0;

	(void)data;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	dprintf(output_fd, "%d", count);
	return 0;
}

static void a_function_has_no_descriptor_of_ours(void **state)
{
	struct spawn_spec spec = { .function = count_fds };
	struct outcome outcome = { 0 };

	(void)state;
	start(&outcome, &spec, PLENTY_MS);
	assert_true(arena_until(arena, is_over, &outcome));
	assert_string_equal(outcome.output, "4"); /* 0, 1, 2 and its output */
	free(outcome.output);
}

static bool is_empty(void *data)
{
	struct strings leaves = { 0 };
	bool empty;

	(void)data;
	assert_int_equal(cgroups_populated(arena->cgroups, "web", &leaves), 0);
	empty = leaves.count == 0;
	strings_done(&leaves);
	return empty;
}

static void one_that_is_given_up_dies_unheard(void **state)
{
	struct outcome outcome = { 0 };

	(void)state;
	start_words(&outcome, (const char *const[]){ "sleep", "1000", NULL }, PLENTY_MS);
	arena_turn(arena, 50);
	outcome.deed = deed_free(outcome.deed);
	assert_true(arena_until(arena, is_empty, NULL));
	assert_int_equal(outcome.calls, 0);
	arena_turn(arena, 50);
	/* no zombie is left of it; the spawner lives */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
}

/* ---- lines ---- */

struct lines {
	struct outcome outcome; /* first: the owner of both */
	struct text told;       /* with a bar behind each */
	size_t wanted;
};

static bool on_line(void *owner, const char *line, size_t size, struct instant now)
{
	struct lines *lines = owner;

	(void)now;
	if (lines->wanted == 0)
		return false;
	lines->wanted--;
	text_add_bytes(&lines->told, line, size);
	text_add(&lines->told, "|");
	return true;
}

static const struct {
	const char *rule, *script;
	size_t wanted;
	const char *told, *output;
} line_cases[] = {
	{ "each line is told", "echo one; echo two", 9, "one|two|", "" },
	{ "an empty one is a line", "echo; echo two", 9, "|two|", "" },
	{ "what has no end is output", "echo one; printf rest", 9, "one|", "rest" },
	{ "a line may come in pieces", "printf o; sleep .05; printf 'ne\ntwo\n'", 9,
		"one|two|", "" },
	{ "from the first that is not taken on, all is output",
		"echo one; echo two; echo three", 1, "one|", "two\nthree\n" },
};

static void lines_are_told_one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(line_cases); i++) {
		struct lines lines = { .wanted = line_cases[i].wanted };
		struct strings argv = { 0 };
		struct spawn_spec spec = spawn_plain("deed");
		struct deed_plan plan = { .spec = &spec,
			.timeout_ms = PLENTY_MS,
			.done = on_done,
			.line = on_line,
			.owner = &lines };

		assert_int_equal(strings_add(&argv, "/bin/sh"), 0);
		assert_int_equal(strings_add(&argv, "-c"), 0);
		assert_int_equal(strings_add(&argv, line_cases[i].script), 0);
		spec.argv = &argv;
		assert_int_equal(deed_start(&lines.outcome.deed, arena->loop,
					 arena->cgroups, &plan),
			0);
		assert_true(arena_until(arena, is_over, &lines.outcome));
		if (strcmp(lines.told.bytes, line_cases[i].told) != 0 ||
			strcmp(lines.outcome.output, line_cases[i].output) != 0)
			fail_msg("%s: told %s, output %s", line_cases[i].rule,
				lines.told.bytes, lines.outcome.output);
		text_done(&lines.told);
		free(lines.outcome.output);
		strings_done(&argv);
	}
}

static bool is_reaped(void *data)
{
	return kill(*(const pid_t *)data, 0) < 0;
}

/* It has left its cgroup, so that what kills the cgroup does not reach it. */
static void one_that_does_not_die_is_given_up(void **state)
{
	_cleanup_free_ char *refuge =
		text_format("%s/refuge", cgroups_base(arena->cgroups));
	_cleanup_free_ char *script = text_format(
		"mkdir -p %s; echo $$ >%s/cgroup.procs; echo $$; exec sleep 1000", refuge,
		refuge);
	struct outcome outcome = { 0 };
	pid_t pid;

	(void)state;
	run_script(&outcome, script, 1000);
	assert_true(outcome.timed_out && !outcome.ok);
	assert_int_equal(outcome.calls, 1);
	SAYS(outcome.reason, "not done after 1000 ms, and does not die when killed");
	pid = (pid_t)strtol(outcome.output, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_true(arena_until(arena, is_reaped, &pid));
	(void)rmdir(refuge);
	free(outcome.output);
}

static void a_bomb_dies_with_its_cgroup(void **state)
{
	struct outcome outcome = { 0 };

	(void)state;
	run_script(&outcome,
		"b() { trap '' TERM HUP INT; [ $1 = 0 ] || { setsid sh -c 'sleep 1000' & "
		"b $(($1 - 1)) & b $(($1 - 1)) & wait; }; }; b 6",
		500);
	assert_true(outcome.timed_out);
	free(outcome.output);
	assert_true(arena_until(arena, is_empty, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deed_ends_in_one_result),
		cmocka_unit_test(one_that_hangs_is_killed),
		cmocka_unit_test(one_that_prints_without_end_is_killed),
		cmocka_unit_test(one_that_cannot_begin_says_so_from_the_loop),
		cmocka_unit_test(one_without_a_cgroup_also_says_so),
		cmocka_unit_test(a_function_runs_in_the_child),
		cmocka_unit_test(a_function_has_no_descriptor_of_ours),
		cmocka_unit_test(one_that_is_given_up_dies_unheard),
		cmocka_unit_test(a_bomb_dies_with_its_cgroup),
		cmocka_unit_test(lines_are_told_one_by_one),
		cmocka_unit_test(one_that_does_not_die_is_given_up),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
