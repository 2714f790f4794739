/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.c - what the keeper is given, as a keeper sees it that may be slow.
 */
#include "supervisor/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/temporary.h"
#include "tests/test.h"

enum { MANY = 4096, NAME_BYTES = 200, TEXT_BYTES = 512 };

struct scene {
	char folder[TEMPORARY_BYTES];
	int keeper; /* where it hears */
	int thing;  /* an fd to give */
	struct store *store;
};

static int set_up(void **state)
{
	static struct scene scene;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct error err = { 0 };

	temporary_folder(scene.folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/keeper", scene.folder);
	scene.keeper = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(
		bind(scene.keeper, (struct sockaddr *)&address, sizeof(address)), 0);
	scene.thing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	assert_int_equal(store_new(&scene.store, &err), 0);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	store_free(scene->store);
	close(scene->keeper);
	close(scene->thing);
	return temporary_remove(scene->folder);
}

/* Fds that come along are dropped. "" when nothing is there. */
static void hear(const struct scene *scene, char text[static TEXT_BYTES])
{
	ssize_t size = recv(scene->keeper, text, TEXT_BYTES - 1, 0);

	text[size > 0 ? size : 0] = '\0';
}

static void an_fd_that_is_lent_is_the_caller_s_and_its_name_is_known(void **state)
{
	struct scene *scene = *state;
	char name[STORE_NAME_BYTES], text[TEXT_BYTES];

	store_instance_name(name, "web", 2, STORE_PID);
	assert_string_equal(name, "web.2/pid");
	assert_int_equal(store_lend(scene->store, name, scene->thing), 0);
	hear(scene, text);
	assert_string_equal(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=web.2/pid");
	assert_int_equal(store_fd(scene->store, name), -1);
	assert_string_equal(store_name(scene->store, "web.", 0), name);
	assert_null(store_name(scene->store, "web.", 1));
	store_drop(scene->store, name);
	hear(scene, text);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=web.2/pid");
	assert_null(store_name(scene->store, "web.", 0));
	assert_true(fcntl(scene->thing, F_GETFD) >= 0);
	store_drop(scene->store, name);
	hear(scene, text);
	assert_string_equal(text, ""); /* nobody has it */
}

static void what_is_put_can_be_taken_once(void **state)
{
	struct scene *scene = *state;
	int fd;

	assert_int_equal(store_put(scene->store, "a", scene->thing), 0);
	fd = store_fd(scene->store, "a");
	assert_true(fd >= 0 && fd != scene->thing);
	assert_int_equal(store_take(scene->store, "a"), fd);
	assert_int_equal(store_take(scene->store, "a"), -1);
	assert_string_equal(store_name(scene->store, "", 0), "a");
	close(fd);
}

static void a_keeper_that_does_not_hear_costs_the_wait_once(void **state)
{
	struct scene *scene = *state;
	char name[STORE_NAME_BYTES], text[TEXT_BYTES];
	int count = 0, r = 0;

	while (r == 0 && count < MANY) {
		snprintf(name, sizeof(name), "n%d", count++);
		r = store_lend(scene->store, name, scene->thing);
	}
	assert_int_equal(r, -ETIMEDOUT);
	assert_null(store_name(scene->store, name, 0));
	for (int i = 0; i < MANY; i++) /* an hour and more, if it waited */
		assert_int_equal(
			store_lend(scene->store, "more", scene->thing), -ETIMEDOUT);
	store_say(scene->store, "WATCHDOG=1"); /* lost, and nobody waits */
	do
		hear(scene, text);
	while (text[0]);
	assert_int_equal(store_lend(scene->store, "again", scene->thing), 0);
}

static void names_that_the_keeper_could_not_hand_over_are_refused(void **state)
{
	struct scene *scene = *state;
	char name[STORE_NAME_BYTES], text[TEXT_BYTES];
	int count = 0, r = 0;

	for (; r == 0 && count < MANY; count++) {
		snprintf(name, sizeof(name), "%0*d", NAME_BYTES, count);
		r = store_lend(scene->store, name, scene->thing);
		hear(scene, text);
	}
	assert_int_equal(r, -ENOSPC);
	assert_in_range(count, FD_NAMES_MAX_BYTES / (NAME_BYTES + 1),
		FD_NAMES_MAX_BYTES / (NAME_BYTES + 1) + 1);
	assert_int_equal(store_lend(scene->store, "a b", scene->thing), -EINVAL);
}

#define GIVES(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GIVES(an_fd_that_is_lent_is_the_caller_s_and_its_name_is_known),
		GIVES(what_is_put_can_be_taken_once),
		GIVES(a_keeper_that_does_not_hear_costs_the_wait_once),
		GIVES(names_that_the_keeper_could_not_hand_over_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
