/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What strangers send cannot hold us up. Each test is ended by an alarm when it does.
 */
#include "base/stranger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/test.h"

enum { PATIENCE_S = 20, LINGER_S = 3600 };

/* A TCP socket whose close waits an hour: its peer reads nothing. */
static int lingering_socket(int *ret_peer)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = LINGER_S };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	static char bytes[65536];

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	*ret_peer = accept(listener, NULL, NULL);
	assert_true(*ret_peer >= 0);
	close(listener);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (send(fd, bytes, sizeof(bytes), 0) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	return fd;
}

/* One byte and `fd`, which is not ours any more. */
static void give(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec byte = { (char[]){ 'x' }, 1 };
	struct msghdr message = { .msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &fd, sizeof(int));
	assert_int_equal(sendmsg(socket, &message, 0), 1);
	close(fd);
}

struct stage {
	int ours, theirs, peer;
};

static struct stage set(int type)
{
	struct stage stage;
	int pair[2];

	alarm(PATIENCE_S);
	assert_int_equal(socketpair(AF_UNIX, type, 0, pair), 0);
	stage.ours = pair[0];
	stage.theirs = pair[1];
	give(stage.theirs, lingering_socket(&stage.peer));
	return stage;
}

static void end(struct stage stage)
{
	close(stage.theirs);
	close(stage.peer);
	alarm(0);
}

static void a_socket_that_lingers_is_received_closed_and_counted(void **state)
{
	struct stage stage = set(SOCK_STREAM);
	char bytes[16];
	size_t fds = 0;

	(void)state;
	assert_int_equal(stranger_receive(stage.ours, bytes, sizeof(bytes), &fds), 1);
	assert_int_equal(fds, 1);
	assert_int_equal(
		stranger_receive(stage.ours, bytes, sizeof(bytes), &fds), -EAGAIN);
	close(stage.ours);
	end(stage);
}

static void what_was_never_received_does_not_hold_up_a_hang_up(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct stage stage = set(types[i]);

		stranger_hang_up(stage.ours);
		assert_int_equal(send(stage.theirs, "x", 1, MSG_NOSIGNAL), -1);
		end(stage);
	}
}

static void a_hundred_of_them_are_no_more_than_one(void **state)
{
	struct stage stages[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stages); i++)
		stages[i] = set(SOCK_STREAM);
	for (size_t i = 0; i < ARRAY_LEN(stages); i++)
		stranger_hang_up(stages[i].ours);
	for (size_t i = 0; i < ARRAY_LEN(stages); i++)
		end(stages[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_that_lingers_is_received_closed_and_counted),
		cmocka_unit_test(what_was_never_received_does_not_hold_up_a_hang_up),
		cmocka_unit_test(a_hundred_of_them_are_no_more_than_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
