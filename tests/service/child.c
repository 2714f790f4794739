/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child.c - what a real process finds around itself, and what it leaves behind in us.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"

#include "tests/service/arena.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

static void a_child_has_what_was_declared_and_nothing_else(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','kind':'oneshot','umask':'0027',"
		"'nice':5,'environment':{'A':'${instance}'},'command':['sh','-c','"
		"id -un; umask; nice; ulimit -n; pwd; env | sort; ls /proc/self/fd | wc -l; "
		"grep -E \\\"NoNewPrivs|CapEff|CapBnd\\\" /proc/self/status; readlink /proc/self/fd/0']},"
		"'limits':{'open_files':321}}");
	char *output;

	(void)state;
	setenv("SECRET_OF_SVCD", "leaked", 1);
	assert_true(arena_until_state(arena, service, STATE_DONE));
	output = arena_output(&service->instances[0], 0);
	SAYS(output, "nobody\n0027\n5\n321\n/\n");
	SAYS(output, "\nA=1\n");
	SAYS(output, "\nLANG=C.UTF-8\n");
	SAYS(output, "\nSVCD_SERVICE=web\n");
	SAYS(output, "\nNOTIFY_SOCKET=");
	SAYS(output, "\n4\n"); /* 0, 1, 2, and ls's own */
	SAYS(output, "CapEff:\t0000000000000000");
	SAYS(output, "CapBnd:\t0000000000000000");
	SAYS(output, "NoNewPrivs:\t1");
	SAYS(output, "/dev/null");
	assert_null(strstr(output, "leaked"));
	free(output);
	arena_end(arena, service);
}

static void capabilities_that_are_kept_are_ambient(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','kind':'oneshot',"
		"'command':['grep','Cap','/proc/self/status']},"
		"'security':{'capabilities':['CAP_NET_BIND_SERVICE']}}");
	char *output;

	(void)state;
	assert_true(arena_until_state(arena, service, STATE_DONE));
	output = arena_output(&service->instances[0], 0);
	SAYS(output, "CapEff:\t0000000000000400");
	SAYS(output, "CapBnd:\t0000000000000400");
	SAYS(output, "CapAmb:\t0000000000000400");
	free(output);
	arena_end(arena, service);
}

static void files_are_rendered_before_the_start(void **state)
{
	char declaration[1024], path[128];
	struct service *service;
	struct stat first, again;
	char *content = NULL;

	(void)state;
	snprintf(path, sizeof(path), "%s/etc/web/config.1", arena->root);
	snprintf(declaration, sizeof(declaration),
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'started'}},'files':[{'path':'%s/etc/web/config.${instance}',"
		"'content':'worker ${instance}\\n','mode':'0640'}]}",
		arena->root);
	service = arena_begin(arena, declaration);
	assert_true(arena_until_state(arena, service, STATE_UP));
	assert_int_equal(file_read(&content, NULL, -100, path, 4096), 0);
	assert_string_equal(content, "worker 1\n");
	free(content);
	assert_int_equal(stat(path, &first), 0);
	assert_int_equal(first.st_mode & 07777, 0640);
	assert_int_equal(first.st_uid, 0);
	assert_int_not_equal(first.st_gid, 0);
	service_restart(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_int_equal(stat(path, &again), 0);
	assert_int_equal(
		first.st_ino, again.st_ino); /* what is the same is not touched */
	arena_end(arena, service);
}

static unsigned open_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static bool has_restarted_often(void *data)
{
	const struct service *service = data;

	return service->instances[0].restarts >= 100;
}

static bool has_restarted_some_times(void *data)
{
	const struct service *service = data;

	return service->instances[0].restarts >= 5;
}

static void a_hundred_restarts_leave_no_descriptor_behind(void **state)
{
	struct service *service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody','command':['true'],"
		"'ready':{'by':'started'},'restart':{'delay':'1ms','delay_max':'1ms'}}}");
	unsigned before;

	(void)state;
	assert_true(arena_until(arena, has_restarted_some_times, service));
	before = open_fds();
	assert_true(arena_until(arena, has_restarted_often, service));
	service_stop(service, NULL, NULL, instant_read());
	assert_true(arena_until_job(arena, service));
	assert_true(open_fds() <= before);
	arena_end(arena, service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_has_what_was_declared_and_nothing_else),
		cmocka_unit_test(capabilities_that_are_kept_are_ambient),
		cmocka_unit_test(files_are_rendered_before_the_start),
		cmocka_unit_test(a_hundred_restarts_leave_no_descriptor_behind),
	};
	int failed;

	arena = arena_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_close(arena);
	return failed;
}
