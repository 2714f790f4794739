/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * failpoint.c - what is told for a name, whatever this build was configured with.
 */
#undef SVCD_FAILPOINTS
#define SVCD_FAILPOINTS
#include "base/failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include "tests/temporary.h"
#include "tests/test.h"

static const struct {
	const char *words;
	int result;
	size_t count;
} readings[] = {
	{ "", 0, 0 },
	{ "a=kill", 0, 1 },
	{ "a=kill:3,b.c=stop,d=errno:EMFILE,e=errno:EAGAIN:2", 0, 4 },
	{ "a=kill\nb=stop:1\n", 0, 2 },
	{ "gate.stopping.gone: again=kill", 0, 1 },
	{ "a", -EINVAL, 0 },
	{ "a=", -EINVAL, 0 },
	{ "=kill", -EINVAL, 0 },
	{ "a=die", -EINVAL, 0 },
	{ "a=kill:0", -EINVAL, 0 },
	{ "a=kill:-1", -EINVAL, 0 },
	{ "a=kill:2x", -EINVAL, 0 },
	{ "a=kill:99999999999999999999", -EINVAL, 0 },
	{ "a=errno", -EINVAL, 0 },
	{ "a=errno:EWHAT", -EINVAL, 0 },
	{ "a=errno:EMFILE:", -EINVAL, 0 },
	{ "a=kill,b=kill,c=kill,d=kill,e=kill,f=kill,g=kill,h=kill,i=kill", -E2BIG, 0 },
	{ "0123456789012345678901234567890123456789012345678901234567890123=kill",
		-EINVAL, 0 },
};

static void words_are_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
		struct failpoints told;
		int r = failpoints_read(&told, readings[i].words);

		if (r != readings[i].result)
			fail_msg("%s: %d", readings[i].words, r);
		if (r == 0)
			assert_int_equal(told.count, readings[i].count);
	}
}

static void too_many_bytes_are_refused(void **state)
{
	char words[FAILPOINTS_TEXT_BYTES + 1];
	struct failpoints told;

	(void)state;
	memset(words, ',', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	assert_int_equal(failpoints_read(&told, words), -E2BIG);
}

static void a_count_is_the_time_at_which_it_kills(void **state)
{
	struct failpoints told;
	int error = 0;

	(void)state;
	assert_int_equal(failpoints_read(&told, "a=kill:2,b=stop"), 0);
	assert_int_equal(failpoints_hit(&told, "a", &error), FAULT_NONE);
	assert_int_equal(failpoints_hit(&told, "c", &error), FAULT_NONE);
	assert_int_equal(failpoints_hit(&told, "b", &error), FAULT_STOP);
	assert_int_equal(failpoints_hit(&told, "a", &error), FAULT_KILL);
	assert_int_equal(failpoints_hit(&told, "a", &error), FAULT_NONE);
	assert_int_equal(failpoints_hit(&told, "b", &error), FAULT_NONE);
	assert_int_equal(error, 0);
}

static void an_error_is_given_as_often_as_told_or_always(void **state)
{
	struct failpoints told;
	int error = 0;

	(void)state;
	assert_int_equal(failpoints_read(&told, "a=errno:EMFILE:2,b=errno:ENOMEM"), 0);
	for (unsigned i = 0; i < 5; i++) {
		enum fault expected = i < 2 ? FAULT_ERROR : FAULT_NONE;

		error = 0;
		assert_int_equal(failpoints_hit(&told, "a", &error), expected);
		assert_int_equal(error, i < 2 ? EMFILE : 0);
		assert_int_equal(failpoints_hit(&told, "b", &error), FAULT_ERROR);
		assert_int_equal(error, ENOMEM);
	}
}

static void what_has_acted_is_not_printed_again(void **state)
{
	struct failpoints told;
	_cleanup_free_ char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);
	int error;

	(void)state;
	assert_int_equal(
		failpoints_read(&told, "a=kill,b=stop:3,c=errno:EIO,d=errno:EIO:2"), 0);
	for (const char *name = "abcd"; *name; name++)
		(void)failpoints_hit(&told, (const char[]){ *name, '\0' }, &error);
	failpoints_print(&told, out);
	fclose(out);
	assert_string_equal(printed, "b=stop:2\nc=errno:EIO\nd=errno:EIO:1\n");
}

/* ---- processes --------------------------------------------------------------------- */

static void put(const char *path, const char *words)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(words, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void look_at_a_and_b(void)
{
	FAILPOINT("test.a");
	FAILPOINT_WORDS("test", "b");
	_exit(0);
}

/* The wait status of a process that passes both. */
static int pass_points(const char *told)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("SVCD_FAILPOINTS", told, 1);
		look_at_a_and_b();
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	return status;
}

static void a_process_dies_halts_or_goes_on_as_told(void **state)
{
	int status;

	(void)state;
	assert_int_equal(pass_points(""), 0);
	assert_int_equal(pass_points("test.a=kill:2"), 0);
	status = pass_points("test.a=kill");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	status = pass_points("test.b=stop");
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}

static void what_a_file_told_happens_in_one_life_only(void **state)
{
	char path[TEMPORARY_BYTES];
	_cleanup_close_ int fd = temporary_file(path);
	struct stat left;

	(void)state;
	put(path, "test.a=kill\ntest.b=kill\n");
	assert_true(WIFSIGNALED(pass_points(path)));
	assert_true(WIFSIGNALED(pass_points(path)));
	assert_int_equal(pass_points(path), 0);
	assert_int_equal(stat(path, &left), 0);
	assert_int_equal(left.st_size, 0);
	assert_int_equal(unlink(path), 0);
	/* one that is not there yet tells nothing */
	assert_int_equal(pass_points(path), 0);
}

static void a_running_process_is_told_by_the_file(void **state)
{
	char path[TEMPORARY_BYTES];
	_cleanup_close_ int fd = temporary_file(path);

	(void)state;
	setenv("SVCD_FAILPOINTS", path, 1);
	assert_int_equal(FAILPOINT_ERROR("test.call"), 0);
	put(path, "test.call=errno:EMFILE:2");
	errno = 0;
	assert_int_equal(FAILPOINT_CALL("test.call", 7), -1);
	assert_int_equal(errno, EMFILE);
	assert_int_equal(FAILPOINT_ERROR("test.call"), -EMFILE);
	assert_int_equal(FAILPOINT_CALL("test.call", 7), 7);
	put(path, "test.other=errno:EIO");
	assert_int_equal(FAILPOINT_CALL("test.call", 7), 7);
	put(path, "test.call=errno:EIO:1");
	assert_int_equal(FAILPOINT_ERROR("test.call"), -EIO);
	assert_int_equal(unlink(path), 0);
}

static void every_name_is_in_the_table(void **state)
{
	_cleanup_free_ char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	(void)state;
	assert_true(failpoint_print_names(out));
	fclose(out);
	assert_non_null(strstr(printed, "test.a\n"));
	assert_non_null(strstr(printed, "test.call\n"));
	assert_null(strstr(printed, "\n\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_read_or_refused),
		cmocka_unit_test(too_many_bytes_are_refused),
		cmocka_unit_test(a_count_is_the_time_at_which_it_kills),
		cmocka_unit_test(an_error_is_given_as_often_as_told_or_always),
		cmocka_unit_test(what_has_acted_is_not_printed_again),
		cmocka_unit_test(a_process_dies_halts_or_goes_on_as_told),
		cmocka_unit_test(what_a_file_told_happens_in_one_life_only),
		cmocka_unit_test(every_name_is_in_the_table),
		/* last: this process is told */
		cmocka_unit_test(a_running_process_is_told_by_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
