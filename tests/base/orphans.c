/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * orphans.c - a ring of exits, and its lines.
 */
#include "base/orphans.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/test.h"

static const struct {
	const char *rule, *line;
	bool good;
	struct orphan want;
} lines[] = {
	{ "an exit", "17 4711 1 3", true, { 17, 4711, CLD_EXITED, 3 } },
	{ "a signal", "17 9223372036854775807 2 9", true,
		{ 17, INT64_MAX, CLD_KILLED, 9 } },
	{ "a word of a later version", "reexec", false, { 0 } },
	{ "three numbers", "17 1 3", false, { 0 } },
	{ "five numbers", "17 4711 1 3 4", false, { 0 } },
	{ "no process", "0 4711 1 3", false, { 0 } },
	{ "less than none", "-1 4711 1 3", false, { 0 } },
	{ "nothing", "", false, { 0 } },
	{ "more than a number holds", "17 9223372036854775808 1 3", false, { 0 } },
	{ "a start before the boot", "17 -1 1 3", false, { 0 } },
	{ "two spaces", "17  4711 1 3", false, { 0 } },
};

static void a_line_is_four_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct orphan got = { 0 };

		if (orphan_read(&got, lines[i].line) != lines[i].good)
			fail_msg("%s", lines[i].rule);
		if (lines[i].good && (got.pid != lines[i].want.pid ||
					     got.start != lines[i].want.start ||
					     got.code != lines[i].want.code ||
					     got.status != lines[i].want.status))
			fail_msg("%s: other numbers", lines[i].rule);
	}
}

static void the_longest_line_is_written_and_read_again(void **state)
{
	const struct orphan longest = { INT32_MAX, INT64_MAX, INT32_MIN, INT32_MIN };
	char line[ORPHAN_LINE_BYTES];
	struct orphan got = { 0 };
	size_t size = orphan_write(line, &longest);

	(void)state;
	assert_int_equal(size, strlen(line));
	assert_int_equal(line[size - 1], '\n');
	line[size - 1] = '\0';
	assert_true(orphan_read(&got, line));
	assert_int_equal(got.pid, longest.pid);
	assert_true(got.start == longest.start);
	assert_int_equal(got.status, longest.status);
}

static struct orphan numbered(int number)
{
	return (struct orphan){ number, (uint64_t)number, CLD_EXITED, 0 };
}

static void the_ring_keeps_the_latest(void **state)
{
	_cleanup_(orphans_done) struct orphans orphans = { 0 };
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (int i = 1; i <= ORPHANS_KEPT + 2; i++) {
		struct orphan orphan = numbered(i);

		assert_int_equal(orphans_add(&orphans, &orphan), 0);
	}
	assert_null(orphans_find(&orphans, 2, 2));
	assert_non_null(orphans_find(&orphans, 3, 3));
	assert_non_null(orphans_find(&orphans, ORPHANS_KEPT + 2, ORPHANS_KEPT + 2));
	text = orphans_text(&orphans, 0);
	assert_memory_equal(text, "3 3 1 0\n4 4 1 0\n", 16);
}

static void another_process_of_the_same_number_is_another(void **state)
{
	_cleanup_(orphans_done) struct orphans orphans = { 0 };
	const struct orphan first = { 7, 100, CLD_EXITED, 1 },
			    second = { 7, 200, CLD_EXITED, 2 };

	(void)state;
	assert_int_equal(orphans_add(&orphans, &first), 0);
	assert_int_equal(orphans_add(&orphans, &second), 0);
	assert_int_equal(orphans_find(&orphans, 7, 100)->status, 1);
	assert_int_equal(orphans_find(&orphans, 7, 200)->status, 2);
	assert_null(orphans_find(&orphans, 7, 300));
}

static void what_was_heard_is_forgotten(void **state)
{
	_cleanup_(orphans_done) struct orphans orphans = { 0 };
	_cleanup_free_ char *rest = NULL, *later = NULL, *none = NULL;

	(void)state;
	for (int i = 1; i <= 3; i++) {
		struct orphan orphan = numbered(i);

		assert_int_equal(orphans_add(&orphans, &orphan), 0);
	}
	later = orphans_text(&orphans, 1);
	assert_string_equal(later, "2 2 1 0\n3 3 1 0\n");
	orphans_forget(&orphans, 2);
	rest = orphans_text(&orphans, 0);
	assert_string_equal(rest, "3 3 1 0\n");
	assert_null(orphans_find(&orphans, 1, 1));
	orphans_forget(&orphans, 99);
	none = orphans_text(&orphans, 0);
	assert_string_equal(none, "");
}

static void the_start_of_a_zombie_with_a_wild_name_can_be_read(void **state)
{
	uint64_t mine = 0, its = 0;
	siginfo_t info = { 0 };
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NAME, ") S 1 2 3 (");
		_exit(0);
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_start(pid, &its), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
	assert_int_equal(process_start(getpid(), &mine), 0);
	assert_true(its >= mine && its < mine + 60 * (uint64_t)sysconf(_SC_CLK_TCK));
	assert_int_equal(process_start(pid, &its), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_four_numbers),
		cmocka_unit_test(the_longest_line_is_written_and_read_again),
		cmocka_unit_test(the_ring_keeps_the_latest),
		cmocka_unit_test(another_process_of_the_same_number_is_another),
		cmocka_unit_test(what_was_heard_is_forgotten),
		cmocka_unit_test(the_start_of_a_zombie_with_a_wild_name_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
