/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * secrets.c - where a secret of a service goes when a real process is started, and where
 * it does not.
 */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"

#include "tests/service/arena.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

static void put_secrets(const char *text, mode_t mode)
{
	_cleanup_free_ char *directory = text_format("%s/etc/svcd/secrets", arena->root);
	_cleanup_free_ char *path = text_format("%s/web.yaml", directory);

	assert_int_equal(directory_make(directory, 0700), 0);
	assert_int_equal(file_write(path, text, strlen(text), mode), 0);
}

static void a_secret_reaches_the_process_and_its_file_only(void **state)
{
	_cleanup_free_ char *path = text_format("%s/web.conf", arena->root);
	_cleanup_free_ char *declaration = text_format(
		"{'service':'web','run':{'user':'nobody',"
		"'environment':{'PASSWORD':'x-${secret.DB}','PLAIN':'y'},"
		"'command':['sh','-c','echo $PASSWORD $PLAIN; sleep 100']},"
		"'files':[{'path':'%s','content':'key = ${secret.DB}','mode':'0640'}]}",
		path);
	_cleanup_free_ char *content = NULL;
	struct service *service;
	char *output;

	(void)state;
	put_secrets("DB: hunter2\n", 0600);
	service = arena_begin(arena, declaration);
	output = arena_until_says(arena, service, "");
	assert_string_equal(output, "x-hunter2 y\n");
	free(output);
	assert_int_equal(file_read(&content, NULL, AT_FDCWD, path, 4096), 0);
	assert_string_equal(content, "key = hunter2");
	assert_null(strstr(service->effective, "hunter2"));
	assert_null(arena->events.bytes ? strstr(arena->events.bytes, "hunter2") : NULL);
	arena_end(arena, service);
}

static void secrets_that_others_may_read_are_refused(void **state)
{
	struct service *service;

	(void)state;
	put_secrets("DB: hunter2\n", 0644);
	service = arena_begin(arena,
		"{'service':'web','run':{'user':'nobody',"
		"'environment':{'PASSWORD':'${secret.DB}'},'command':['sleep','100']}}");
	assert_true(arena_until_state(arena, service, STATE_WAITING));
	SAYS(service->exits[0].reason, "secrets/web.yaml");
	assert_null(strstr(service->exits[0].reason, "hunter2"));
	arena_end(arena, service);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_reaches_the_process_and_its_file_only),
		cmocka_unit_test(secrets_that_others_may_read_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
