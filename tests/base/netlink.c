/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Netlink answers as made bytes, and real sockets of this process seen through sock_diag.
 */
#include "base/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/test.h"

enum { QUESTION = 7, OTHER_QUESTION = 6, SOME_ANSWER = NLMSG_MIN_TYPE + 3, STOP = -77 };

struct answer_bytes {
	_Alignas(struct nlmsghdr) char bytes[256];
	size_t size;
};

static void add_number(struct answer_bytes *answer, struct nlmsghdr header, int number)
{
	header.nlmsg_len = NLMSG_LENGTH(sizeof(number));
	memcpy(answer->bytes + answer->size, &header, sizeof(header));
	memcpy(answer->bytes + answer->size + NLMSG_HDRLEN, &number, sizeof(number));
	answer->size += NLMSG_SPACE(sizeof(number));
}

static void add_error(struct answer_bytes *answer, int code)
{
	struct nlmsghdr header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
		.nlmsg_type = NLMSG_ERROR,
		.nlmsg_seq = QUESTION };
	struct nlmsgerr error = { .error = code };

	memcpy(answer->bytes + answer->size, &header, sizeof(header));
	memcpy(answer->bytes + answer->size + NLMSG_HDRLEN, &error, sizeof(error));
	answer->size += NLMSG_SPACE(sizeof(error));
}

static int count_answer(const struct nlmsghdr *message, void *data)
{
	int *count = data;

	assert_int_equal(message->nlmsg_type, SOME_ANSWER);
	return ++*count == 3 ? STOP : 0;
}

static int read_answers(const struct answer_bytes *answer, int *count)
{
	*count = 0;
	return netlink_read(answer->bytes, answer->size, QUESTION, count_answer, count);
}

#define ANSWER  ((struct nlmsghdr){ .nlmsg_type = SOME_ANSWER, .nlmsg_seq = QUESTION })
#define THE_END ((struct nlmsghdr){ .nlmsg_type = NLMSG_DONE, .nlmsg_seq = QUESTION })

static void answers_are_handed_on_until_the_end(void **state)
{
	struct answer_bytes answer = { 0 };
	int count;

	(void)state;
	add_number(&answer, ANSWER, 1);
	add_number(&answer, ANSWER, 2);
	assert_int_equal(read_answers(&answer, &count), 1);
	assert_int_equal(count, 2);
	add_number(&answer, THE_END, 0);
	assert_int_equal(read_answers(&answer, &count), 0);
	assert_int_equal(count, 2);
}

static void the_reader_can_stop_in_the_middle(void **state)
{
	struct answer_bytes answer = { 0 };
	int count;

	(void)state;
	for (int i = 0; i < 5; i++)
		add_number(&answer, ANSWER, i);
	assert_int_equal(read_answers(&answer, &count), STOP);
	assert_int_equal(count, 3);
}

static void an_answer_to_an_older_question_is_left_out(void **state)
{
	struct answer_bytes answer = { 0 };
	struct nlmsghdr old = ANSWER, old_end = THE_END;
	int count;

	(void)state;
	old.nlmsg_seq = old_end.nlmsg_seq = OTHER_QUESTION;
	add_number(&answer, old, 1);
	add_number(&answer, old_end, 0);
	add_number(&answer, ANSWER, 1);
	assert_int_equal(read_answers(&answer, &count), 1);
	assert_int_equal(count, 1);
}

static void errors_and_interrupted_dumps_are_told(void **state)
{
	struct nlmsghdr interrupted = ANSWER;
	struct answer_bytes refused = { 0 }, agreed = { 0 }, late = { 0 }, broken = { 0 },
			    torn = { 0 };
	int count;

	(void)state;
	interrupted.nlmsg_flags = NLM_F_DUMP_INTR;
	add_error(&refused, -EPERM);
	add_error(&agreed, 0);
	add_number(&late, THE_END, -ENOENT);
	add_error(&broken, 5);
	add_number(&torn, interrupted, 1);
	assert_int_equal(read_answers(&refused, &count), -EPERM);
	assert_int_equal(read_answers(&agreed, &count), 0);
	assert_int_equal(read_answers(&late, &count), -ENOENT);
	assert_int_equal(read_answers(&broken, &count), -EBADMSG);
	assert_int_equal(read_answers(&torn, &count), -EINTR);
	assert_int_equal(count, 0);
}

static void a_message_longer_than_the_datagram_is_not_believed(void **state)
{
	struct answer_bytes answer = { 0 };
	struct nlmsghdr header;
	int count;

	(void)state;
	add_number(&answer, ANSWER, 1);
	for (uint32_t size = 0; size < 64; size++) {
		memcpy(&header, answer.bytes, sizeof(header));
		header.nlmsg_len = size;
		memcpy(answer.bytes, &header, sizeof(header));
		assert_int_equal(read_answers(&answer, &count), 1);
		assert_int_equal(count, size >= NLMSG_HDRLEN && size <= answer.size);
	}
	header.nlmsg_len = UINT32_MAX - 3; /* as an int it is negative, and so "fits" */
	memcpy(answer.bytes, &header, sizeof(header));
	assert_int_equal(read_answers(&answer, &count), 1);
	assert_int_equal(count, 0);
}

/* ---- real sockets ----------------------------------------------------------------- */

struct listener {
	int fd;
	uint16_t port;
};

static struct listener listen_on(int family)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr *address =
		family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t size = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, address, size) < 0 || listen(fd, 9) < 0 ||
		getsockname(fd, address, &size) < 0)
		return (struct listener){ fd, 0 };
	return (struct listener){ fd,
		ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port) };
}

struct seen {
	struct socket_seen last;
	int count;
};

static int see(const struct socket_seen *socket, void *data)
{
	struct seen *seen = data;

	seen->last = *socket;
	seen->count++;
	return 0;
}

static int see_one(const struct socket_seen *socket, void *data)
{
	see(socket, data);
	return STOP;
}

static void a_listener_is_found_by_its_port(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		struct listener listener = listen_on(families[i]);
		struct seen seen = { 0 };

		if (listener.port == 0 && families[i] == AF_INET6) {
			print_message("this host has no IPv6 loopback address\n");
			close(listener.fd);
			continue;
		}
		assert_int_not_equal(listener.port, 0);
		assert_int_equal(sockets_walk(IPPROTO_TCP, 1 << TCP_LISTEN, listener.port,
					 see, &seen),
			0);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.last.family, families[i]);
		assert_int_equal(seen.last.state, TCP_LISTEN);
		assert_int_equal(seen.last.local_port, listener.port);
		assert_int_equal(seen.last.send_queue, 9);
		assert_int_equal(seen.last.uid, getuid());
		assert_int_not_equal(seen.last.inode, 0);

		close(listener.fd);
		seen.count = 0;
		assert_int_equal(sockets_walk(IPPROTO_TCP, 1 << TCP_LISTEN, listener.port,
					 see, &seen),
			0);
		assert_int_equal(seen.count, 0);
	}
}

static void only_the_states_that_were_asked_for_are_seen(void **state)
{
	struct listener listener = listen_on(AF_INET);
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(sockets_walk(IPPROTO_TCP, 1 << TCP_ESTABLISHED, listener.port,
				 see, &seen),
		0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(sockets_walk(IPPROTO_UDP, ~0U, listener.port, see, &seen), 0);
	assert_int_equal(seen.count, 0);
	close(listener.fd);
}

static void a_walk_can_be_ended(void **state)
{
	struct listener one = listen_on(AF_INET), two = listen_on(AF_INET);
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(
		sockets_walk(IPPROTO_TCP, 1 << TCP_LISTEN, 0, see_one, &seen), STOP);
	assert_int_equal(seen.count, 1);
	close(one.fd);
	close(two.fd);
}

/* ---- a socket --------------------------------------------------------------------- */

struct links_request {
	struct nlmsghdr header;
	struct ifinfomsg link;
};

static struct links_request all_links(void)
{
	return (struct links_request){ .header = {
					       .nlmsg_len = sizeof(struct links_request),
					       .nlmsg_type = RTM_GETLINK,
					       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
				       } };
}

static int stop_at_once(const struct nlmsghdr *message, void *data)
{
	(void)message;
	(void)data;
	return STOP;
}

static int count_links(const struct nlmsghdr *message, void *data)
{
	int *count = data;

	assert_int_equal(message->nlmsg_type, RTM_NEWLINK);
	++*count;
	return 0;
}

static void a_socket_can_ask_again_after_it_left_a_dump(void **state)
{
	_cleanup_(netlink_closep) struct netlink *netlink = NULL;
	struct links_request request = all_links();
	int links = 0;

	(void)state;
	assert_int_equal(netlink_open(&netlink, NETLINK_ROUTE, 0), 0);
	assert_int_not_equal(netlink_port(netlink), 0);
	assert_int_equal(netlink_ask(netlink, &request.header, stop_at_once, NULL), STOP);
	assert_int_equal(netlink_ask(netlink, &request.header, count_links, &links), 0);
	assert_true(links >= 1);
}

static void nothing_to_receive_is_said_at_once(void **state)
{
	_cleanup_(netlink_closep) struct netlink *netlink = NULL;
	char buffer[64];

	(void)state;
	assert_int_equal(netlink_open(&netlink, NETLINK_ROUTE, 0), 0);
	assert_int_equal(
		netlink_receive(netlink, buffer, sizeof(buffer), false), -EAGAIN);
}

static void an_answer_that_does_not_fit_is_an_error(void **state)
{
	_cleanup_(netlink_closep) struct netlink *netlink = NULL;
	struct links_request request = all_links();
	char buffer[16];

	(void)state;
	assert_int_equal(netlink_open(&netlink, NETLINK_ROUTE, 0), 0);
	assert_int_equal(netlink_send(netlink, &request, request.header.nlmsg_len), 0);
	assert_int_equal(
		netlink_receive(netlink, buffer, sizeof(buffer), true), -EMSGSIZE);
}

static void a_bus_that_does_not_exist_is_an_error(void **state)
{
	struct netlink *netlink = NULL;

	(void)state;
	assert_int_equal(netlink_open(&netlink, 99, 0), -EPROTONOSUPPORT);
	assert_null(netlink);
	assert_null(netlink_close(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_handed_on_until_the_end),
		cmocka_unit_test(the_reader_can_stop_in_the_middle),
		cmocka_unit_test(an_answer_to_an_older_question_is_left_out),
		cmocka_unit_test(errors_and_interrupted_dumps_are_told),
		cmocka_unit_test(a_message_longer_than_the_datagram_is_not_believed),
		cmocka_unit_test(a_listener_is_found_by_its_port),
		cmocka_unit_test(only_the_states_that_were_asked_for_are_seen),
		cmocka_unit_test(a_walk_can_be_ended),
		cmocka_unit_test(a_socket_can_ask_again_after_it_left_a_dump),
		cmocka_unit_test(nothing_to_receive_is_said_at_once),
		cmocka_unit_test(an_answer_that_does_not_fit_is_an_error),
		cmocka_unit_test(a_bus_that_does_not_exist_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
