/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * renewal.c - a keeper that executes itself anew, and what systemd is told by it.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/keeper/scene.h"

/* ---- executing anew ---------------------------------------------------------------- */

static void executed_anew_it_is_the_same_process_and_has_all_it_had(void **state)
{
	struct scene *scene = *state;
	char exit[LINE_BYTES];
	ino_t control = inode(scene, "control.sock"),
	      notify = inode(scene, "keeper.sock");

	an_orphan(scene, exit, 9);
	for (int i = 0; i < 3; i++) {
		do_it(scene, "keep thing");
		order(scene, "say X_SVCD_REEXEC=1");
		expect_soon(scene, "signal 15");
		expect_up(scene);
		ask(scene, "read thing", "thing");
		ask(scene, "has lock", "no");
		ask(scene, "has notify", "no");
		ask(scene, "has orphans", "yes");
	}
	assert_int_equal(inode(scene, "control.sock"), control);
	assert_int_equal(inode(scene, "keeper.sock"), notify);
	assert_int_equal(kill(scene->keeper, SIGTERM), 0);
	expect(scene, "signal 15");
	assert_int_equal(end_of(scene), 0);
}

static void a_program_that_cannot_run_does_not_take_its_place(void **state)
{
	struct scene *scene = *state;
	char line[LINE_BYTES];
	pid_t before = scene->supervisor;

	make("TEST_BROKEN");
	do_it(scene, "say X_SVCD_REEXEC=1");
	answer(scene, line);
	assert_int_equal(strncmp(line, "keeper: reexec /", 16), 0);
	assert_non_null(strstr(line, "--version ends with exit 3"));
	assert_int_equal(unlink(scene->program), 0);
	do_it(scene, "say X_SVCD_REEXEC=1");
	answer(scene, line);
	assert_non_null(strstr(line, "--version ends with exit 127"));
	do_it(scene, "keep thing");
	assert_int_equal(scene->supervisor, before);
}

/* ---- what systemd is told -------------------------------------------------------- */

static void heard(const struct scene *scene, char text[static LINE_BYTES], int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { text, LINE_BYTES - 1 };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct pollfd polled = { .fd = scene->outer, .events = POLLIN };
	struct cmsghdr *first;
	ssize_t size;

	if (poll(&polled, 1, ANSWER_MS) != 1)
		fail_msg("the outer store is told nothing");
	size = recvmsg(scene->outer, &message, MSG_CMSG_CLOEXEC);
	assert_true(size > 0);
	text[size] = '\0';
	first = CMSG_FIRSTHDR(&message);
	*fd = -1;
	if (first)
		memcpy(fd, CMSG_DATA(first), sizeof(*fd));
}

static void expect_word(const struct scene *scene, const char *want, bool with_fd)
{
	char text[LINE_BYTES];
	int fd;

	do {
		heard(scene, text, &fd);
		if (fd >= 0)
			close(fd);
	} while (strcmp(text, "WATCHDOG=1") == 0 && strcmp(want, "WATCHDOG=1") != 0);
	assert_string_equal(text, want);
	assert_int_equal(fd >= 0, with_fd);
}

static void expect_listeners(const struct scene *scene)
{
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=control.sock", true);
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=health.sock", true);
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=log.sock", true);
}

static void systemd_is_given_every_fd_and_every_word_but_ours(void **state)
{
	struct scene *scene = *state;

	expect_listeners(scene);
	do_it(scene, "keep thing");
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=thing", true);
	do_it(scene, "keep thing");
	expect_word(scene, "FDSTOREREMOVE=1\nFDNAME=thing", false);
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=thing", true);
	do_it(scene, "say FDSTOREREMOVE=1|FDNAME=thing");
	expect_word(scene, "FDSTOREREMOVE=1\nFDNAME=thing", false);
	do_it(scene, "say X_SVCD_NEW=1|READY=1|STATUS=well|NEW=word");
	expect_word(scene, "READY=1\nSTATUS=well\nNEW=word", false);
	assert_int_equal(kill(scene->keeper, SIGTERM), 0);
	expect_word(scene, "STOPPING=1", false);
	expect(scene, "signal 15");
}

/* Its queue is full long before: what has no room is owed, in the order that counts. */
static void a_systemd_that_is_slow_holds_up_nobody_and_misses_nothing(void **state)
{
	struct scene *scene = *state;
	size_t named[MANY] = { 0 };
	bool ready = false;
	char text[LINE_BYTES];

	for (int i = 0; i < 6 * MANY; i++) {
		snprintf(text, sizeof(text), "keep thing%d", i % MANY);
		do_it(scene, text);
	}
	do_it(scene, "say READY=1");
	for (size_t whole = 0; whole < MANY || !ready;) {
		int fd, number;

		heard(scene, text, &fd);
		ready |= strstr(text, "READY=1") != NULL;
		if (sscanf(text, "FDSTOREREMOVE=1\nFDNAME=thing%d", &number) == 1) {
			whole -= named[number];
			named[number] = 0;
		}
		if (sscanf(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=thing%d", &number) == 1) {
			assert_true(fd >= 0);
			assert_int_equal(named[number], 0);
			named[number] = 1;
			whole++;
		}
		if (fd >= 0)
			close(fd);
	}
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		RUNS(executed_anew_it_is_the_same_process_and_has_all_it_had),
		RUNS(a_program_that_cannot_run_does_not_take_its_place),
		BELOW(systemd_is_given_every_fd_and_every_word_but_ours),
		BELOW(a_systemd_that_is_slow_holds_up_nobody_and_misses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return scene_main(argc, argv, run);
}
