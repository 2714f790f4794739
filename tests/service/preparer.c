/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * preparer.c - who asks in one turn is answered by one child; who is held up holds up
 * nobody else.
 */
#include "service/preparer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "service/prepare.h"
#include "tests/service/arena.h"
#include "tests/test.h"

enum { MANY = 200 };

static struct arena *arena; /* NOLINT: one for all tests */

struct asked {
	struct preparing *preparing;
	unsigned answers;
	char reason[REASON_BYTES];
	struct asked *gives_up; /* when it is answered */
};

static size_t answered; /* NOLINT */

static void on_done(void *owner, struct prepared *prepared, struct instant now)
{
	struct asked *asked = owner;

	(void)now;
	asked->preparing = preparing_free(asked->preparing);
	asked->answers++;
	answered++;
	loop_stop(arena->loop);
	strcpy(asked->reason, prepared->reason);
	if (asked->gives_up)
		asked->gives_up->preparing = preparing_free(asked->gives_up->preparing);
}

static void ask(struct asked *asked, const struct service *service)
{
	struct preparer_wish wish = {
		.service = service, .instance = 1, .done = on_done, .owner = asked
	};

	assert_int_equal(preparer_ask(&asked->preparing, arena->preparer, &wish), 0);
}

static bool enough(void *data)
{
	return answered >= *(const size_t *)data;
}

static void all_that_ask_are_answered_once(void **state)
{
	struct service *good = arena_service(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','100']}}");
	struct service *bad = arena_service(arena,
		"{'service':'bad','run':{'user':'nosuchuser','command':['true']}}");
	struct asked asked[MANY] = { 0 };
	size_t count = MANY;

	(void)state;
	answered = 0;
	for (size_t i = 0; i < MANY; i++)
		ask(&asked[i], i % 2 ? bad : good);
	assert_true(arena_until(arena, enough, &count));
	arena_turn(arena, 50);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(asked[i].answers, 1);
		if (i % 2)
			SAYS(asked[i].reason, "user nosuchuser: no such user");
		else
			assert_string_equal(asked[i].reason, "");
	}
	arena_end(arena, good);
	arena_end(arena, bad);
}

static void one_may_be_given_up_at_any_time(void **state)
{
	struct service *service = arena_service(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','100']}}");
	struct asked asked[4] = { 0 };
	size_t count = 2;

	(void)state;
	answered = 0;
	for (size_t i = 0; i < 4; i++)
		ask(&asked[i], service);
	asked[1].gives_up = &asked[2];                           /* of the same batch */
	asked[0].preparing = preparing_free(asked[0].preparing); /* in the queue */
	assert_true(arena_until(arena, enough, &count));
	arena_turn(arena, 50);
	assert_int_equal(asked[0].answers, 0);
	assert_int_equal(asked[1].answers, 1);
	assert_int_equal(asked[2].answers, 0);
	assert_int_equal(asked[3].answers, 1);
	arena_end(arena, service);
}

/* A file system whose server never says a word. Ends when what is returned is closed. */
static int mount_stalled(const char *path)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[64];

	assert_true(fd >= 0);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		fd);
	assert_int_equal(mount("stalled", path, "fuse", 0, options), 0);
	return fd;
}

static void a_disk_that_stalls_holds_up_one_only(void **state)
{
	static const char declaration[] =
		"{'service':'stuck','run':{'user':'nobody','environment_file':'%s',"
		"'command':['true']}}";
	_cleanup_free_ char *disk = text_format("%s/disk", arena->root);
	_cleanup_free_ char *path = text_format("%s/secrets.env", disk);
	_cleanup_free_ char *text = text_format(declaration, path);
	struct service *good = arena_service(arena,
		"{'service':'web','run':{'user':'nobody','command':['sleep','100']}}");
	struct service *stuck = arena_service(arena, text);
	struct asked asked[3] = { 0 };
	size_t count = 2;
	int server;

	(void)state;
	answered = 0;
	server = mount_stalled(disk);
	ask(&asked[0], good);
	ask(&asked[1], stuck);
	ask(&asked[2], good);
	assert_true(arena_until(arena, enough, &count));
	assert_int_equal(asked[0].answers + asked[2].answers, 2);
	assert_int_equal(asked[1].answers, 0);
	asked[1].preparing = preparing_free(asked[1].preparing);
	close(server);
	assert_int_equal(umount2(disk, MNT_DETACH), 0);
	arena_end(arena, good);
	arena_end(arena, stuck);
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
		cmocka_unit_test(all_that_ask_are_answered_once),
		cmocka_unit_test(one_may_be_given_up_at_any_time),
		cmocka_unit_test(a_disk_that_stalls_holds_up_one_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
