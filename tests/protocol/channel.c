/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two ends of a channel on one loop, and hostile bytes on a bare socket.
*/
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/loop.h"

#include "protocol/protocol.h"
#include "tests/test.h"

/* What one end has seen. */
struct end {
	struct loop *loop;
	struct channel *channel;
	size_t messages, fds, stop_after, writable;
	enum message_kind kind;
	char text[64];
	int64_t first_number, last_number;
	char closed[256];
	ino_t inode;
	bool free_in_message, take_fds;
	int taken;
};

static void on_message(void *owner, enum message_kind kind, struct json_t *body,
	struct fds *fds, struct instant now)
{
	struct end *end = owner;
	struct stat info;

	(void)now;
	end->kind = kind;
	end->messages++;
	end->fds += fds->count;
	end->last_number = json_get_int(body, "n", -1);
	snprintf(end->text, sizeof(end->text), "%s", json_get_text(body, "text", ""));
	if (fds->count > 0 && fstat(fds->items[0], &info) == 0)
		end->inode = info.st_ino;
	if (fds->count > 0 && end->take_fds)
		end->taken = TAKE_FD(fds->items[0]);
	if (end->free_in_message)
		end->channel = channel_free(end->channel);
	if (end->messages == end->stop_after)
		loop_stop(end->loop);
}

static void on_writable(void *owner, struct instant now)
{
	struct end *end = owner;

	(void)now;
	end->writable++;
}

static void on_closed(void *owner, const char *reason, struct instant now)
{
	struct end *end = owner;

	(void)now;
	snprintf(end->closed, sizeof(end->closed), "%s", reason);
	end->channel = channel_free(end->channel);
	loop_stop(end->loop);
}

static const struct channel_user user = { on_message, on_writable, on_closed };

struct pair {
	struct loop *loop;
	struct end a, b;
	int bare; /* the other end of a's pair when b is not a channel */
};

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void pair_init(struct pair *pair, bool bare)
{
	int fds[2];

	*pair = (struct pair){ .bare = -1 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(loop_new(&pair->loop), 0);
	pair->a.loop = pair->b.loop = pair->loop;
	assert_int_equal(
		channel_new(&pair->a.channel, pair->loop, fds[0], &user, &pair->a), 0);
	if (bare)
		pair->bare = fds[1];
	else
		assert_int_equal(channel_new(&pair->b.channel, pair->loop, fds[1], &user,
					 &pair->b),
			0);
}

static void pair_done(struct pair *pair)
{
	channel_free(pair->a.channel);
	channel_free(pair->b.channel);
	if (pair->bare >= 0)
		close(pair->bare);
	loop_free(pair->loop);
}

static struct json_t *body_with(const char *text, int64_t number)
{
	struct json_t *body = json_new_object();

	json_set_text(body, "text", text);
	json_set_int(body, "n", number);
	return body;
}

static void a_message_arrives_with_its_kind_and_body(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, false);
	pair.b.stop_after = 1;
	assert_int_equal(channel_send(pair.a.channel, MESSAGE_VERDICT,
				 body_with("well", 7), NULL, 0),
		0);
	assert_int_equal(channel_waiting(pair.a.channel), 0);
	loop_run(pair.loop);
	assert_int_equal(pair.b.kind, MESSAGE_VERDICT);
	assert_string_equal(pair.b.text, "well");
	assert_int_equal(pair.b.last_number, 7);
	pair_done(&pair);
}

static void fds_arrive_and_those_not_taken_are_closed(void **state)
{
	int before = count_fds(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct pair pair;
	struct stat info;

	(void)state;
	assert_int_equal(fstat(null, &info), 0);
	pair_init(&pair, false);
	pair.b.stop_after = 2;
	for (int i = 0; i < 2; i++)
		assert_int_equal(channel_send(pair.a.channel, MESSAGE_PIPE,
					 body_with("", i), (int[]){ null, null }, 2),
			0);
	loop_run(pair.loop);
	assert_int_equal(pair.b.fds, 4);
	assert_int_equal(pair.b.inode, info.st_ino);
	pair_done(&pair);
	close(null);
	assert_int_equal(count_fds(), before);
}

static void a_taken_fd_stays_open_and_is_close_on_exec(void **state)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct pair pair;

	(void)state;
	pair_init(&pair, false);
	pair.b.stop_after = 1;
	pair.b.take_fds = true;
	channel_send(pair.a.channel, MESSAGE_PIPE, body_with("", 0), &null, 1);
	loop_run(pair.loop);
	assert_int_equal(fcntl(pair.b.taken, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(pair.b.taken);
	close(null);
	pair_done(&pair);
}

static void a_long_body_travels_beside_the_message(void **state)
{
	int before = count_fds(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	enum { SIZE = 3 * 1024 * 1024 };
	char *text = malloc(SIZE + 1);
	struct pair pair;

	(void)state;
	memset(text, 'x', SIZE);
	text[SIZE] = '\0';
	pair_init(&pair, false);
	pair.b.stop_after = 1;
	assert_int_equal(channel_send(pair.a.channel, MESSAGE_SERVICE, body_with(text, 5),
				 &null, 1),
		0);
	loop_run(pair.loop);
	assert_int_equal(pair.b.last_number, 5);
	assert_int_equal(pair.b.fds, 1); /* the memfd is not the user's business */
	free(text);
	close(null);
	pair_done(&pair);
	assert_int_equal(count_fds(), before);
}

static void a_body_over_the_limit_is_refused_at_the_sender(void **state)
{
	char *text = malloc(CHANNEL_MAX_BYTES + 1);
	struct pair pair;

	(void)state;
	memset(text, 'x', CHANNEL_MAX_BYTES);
	text[CHANNEL_MAX_BYTES] = '\0';
	pair_init(&pair, false);
	assert_int_equal(channel_send(pair.a.channel, MESSAGE_SERVICE, body_with(text, 5),
				 NULL, 0),
		-E2BIG);
	free(text);
	pair_done(&pair);
}

static void what_the_socket_does_not_take_waits_and_keeps_its_order(void **state)
{
	enum { COUNT = 2000 };
	int before = count_fds(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct pair pair;

	(void)state;
	pair_init(&pair, false);
	pair.b.stop_after = COUNT;
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(channel_send(pair.a.channel, MESSAGE_STATE,
					 body_with("", i), &null, i % 10 == 0),
			0);
	assert_true(channel_waiting(pair.a.channel) > 0);
	loop_run(pair.loop);
	assert_int_equal(pair.b.messages, COUNT);
	assert_int_equal(pair.b.last_number, COUNT - 1);
	assert_int_equal(channel_waiting(pair.a.channel), 0);
	assert_int_equal(pair.a.writable, 1);
	close(null);
	pair_done(&pair);
	assert_int_equal(count_fds(), before);
}

static void the_other_end_is_told_when_one_closes(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, false);
	pair.b.channel = channel_free(pair.b.channel);
	loop_run(pair.loop);
	assert_string_equal(pair.a.closed, "the peer closed its end");
	pair_done(&pair);
}

static void sending_to_a_closed_end_is_an_error_and_no_signal(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, true);
	close(TAKE_FD(pair.bare));
	assert_int_equal(
		channel_send(pair.a.channel, MESSAGE_STOP, body_with("", 0), NULL, 0),
		-EPIPE);
	pair_done(&pair);
}

static void freeing_the_channel_in_its_callback_is_allowed(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, false);
	pair.b.free_in_message = true;
	pair.b.stop_after = 1;
	for (int i = 0; i < 3; i++)
		channel_send(pair.a.channel, MESSAGE_STOP, body_with("", i), NULL, 0);
	loop_run(pair.loop);
	assert_int_equal(pair.b.messages, 1);
	pair_done(&pair);
}

static void an_unknown_kind_is_passed_over(void **state)
{
	static const char *const frames[] = { "{\"kind\":\"newer\"}",
		"{\"kind\":\"ack\",\"n\":3}" };
	struct pair pair;

	(void)state;
	pair_init(&pair, true);
	pair.a.stop_after = 1;
	for (size_t i = 0; i < ARRAY_LEN(frames); i++)
		assert_true(send(pair.bare, frames[i], strlen(frames[i]), 0) > 0);
	loop_run(pair.loop);
	assert_int_equal(pair.a.kind, MESSAGE_ACK);
	assert_int_equal(pair.a.messages, 1);
	pair_done(&pair);
}

static void broken_frames_end_the_channel(void **state)
{
	static const struct {
		const char *frame, *reason;
	} cases[] = {
		{ "nonsense", "JSON line 1" },
		{ "[]", "message without a kind" },
		{ "{}", "message without a kind" },
		{ "{\"kind\":7}", "message without a kind" },
		{ "{\"kind\":\"ack\",\"kind\":\"bye\"}", "JSON line 1" },
		{ "@", "body announced, but no fd came" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pair pair;

		pair_init(&pair, true);
		assert_true(
			send(pair.bare, cases[i].frame, strlen(cases[i].frame), 0) > 0);
		loop_run(pair.loop);
		assert_int_equal(pair.a.messages, 0);
		assert_memory_equal(
			pair.a.closed, cases[i].reason, strlen(cases[i].reason));
		pair_done(&pair);
	}
}

static void a_datagram_over_the_inline_limit_ends_the_channel(void **state)
{
	char *frame = calloc(1, CHANNEL_INLINE_BYTES + 1);
	struct pair pair;

	(void)state;
	pair_init(&pair, true);
	assert_true(send(pair.bare, frame, CHANNEL_INLINE_BYTES + 1, 0) > 0);
	loop_run(pair.loop);
	assert_string_equal(pair.a.closed, "message too long");
	free(frame);
	pair_done(&pair);
}

static void send_with_fds(int socket, const char *bytes, const int *fds, size_t count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
	} control = { 0 };
	_cleanup_free_ char *copy = strdup(bytes);
	struct iovec vector = { copy, strlen(copy) };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(sizeof(int) * count) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * count),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
	assert_true(sendmsg(socket, &message, 0) > 0);
}

static void more_fds_than_allowed_end_the_channel_and_none_leaks(void **state)
{
	int before = count_fds(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	static const size_t counts[] = { CHANNEL_MAX_FDS + 1, CHANNEL_MAX_FDS + 2, 16 };
	int fds[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = null;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct pair pair;

		pair_init(&pair, true);
		send_with_fds(pair.bare, "{\"kind\":\"pipe\"}", fds, counts[i]);
		loop_run(pair.loop);
		assert_int_equal(pair.a.messages, 0);
		assert_true(*pair.a.closed);
		pair_done(&pair);
	}
	close(null);
	assert_int_equal(count_fds(), before);
}

static void fds_lost_for_want_of_room_end_the_channel_and_none_leaks(void **state)
{
	int before = count_fds(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit, tight;
	struct pair pair;
	int last;

	(void)state;
	pair_init(&pair, true);
	send_with_fds(pair.bare, "{\"kind\":\"pipe\"}", (int[]){ null, null, null }, 3);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	last = dup(null);
	tight = limit;
	tight.rlim_cur = (rlim_t)last + 1; /* room for one of the three */
	close(last);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	loop_run(pair.loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_string_equal(pair.a.closed, "Too many open files");
	assert_int_equal(pair.a.messages, 0);
	pair_done(&pair);
	close(null);
	assert_int_equal(count_fds(), before);
}

static void a_body_that_could_still_change_is_refused(void **state)
{
	static const char body[] = "{\"kind\":\"ack\"}";
	int before = count_fds(), memfd, plain = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct pair pair;

	(void)state;
	memfd = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(fd_write_all(memfd, body, strlen(body)), 0);
	for (int i = 0; i < 2; i++) {
		pair_init(&pair, true);
		send_with_fds(pair.bare, "@", i ? &plain : &memfd, 1);
		loop_run(pair.loop);
		assert_string_equal(pair.a.closed, "body that is not sealed");
		pair_done(&pair);
	}
	close(memfd);
	close(plain);
	assert_int_equal(count_fds(), before);
}

static void a_sealed_body_over_the_limit_is_refused(void **state)
{
	int memfd = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct pair pair;

	(void)state;
	assert_int_equal(ftruncate(memfd, CHANNEL_MAX_BYTES + 1), 0);
	assert_int_equal(
		fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	pair_init(&pair, true);
	send_with_fds(pair.bare, "@", &memfd, 1);
	loop_run(pair.loop);
	assert_memory_equal(pair.a.closed, "body of 8388609 bytes", 21);
	close(memfd);
	pair_done(&pair);
}

static void listeners_are_found_by_name_from_fd_four_on(void **state)
{
	int fds[4] = { 0 };

	(void)state;
	setenv("SVCD_FDNAMES", "health.sock:http:http:agent", 1);
	assert_int_equal(engine_listeners("http", fds, ARRAY_LEN(fds)), 2);
	assert_int_equal(fds[0], 5);
	assert_int_equal(fds[1], 6);
	assert_int_equal(engine_listeners("http", fds, 1), 1);
	assert_int_equal(engine_listeners("health.sock", fds, 4), 1);
	assert_int_equal(fds[0], 4);
	assert_int_equal(engine_listeners("htt", fds, 4), 0);
	setenv("SVCD_FDNAMES", "", 1);
	assert_int_equal(engine_listeners("http", fds, 4), 0);
	unsetenv("SVCD_FDNAMES");
	assert_int_equal(engine_listeners("http", fds, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_with_its_kind_and_body),
		cmocka_unit_test(fds_arrive_and_those_not_taken_are_closed),
		cmocka_unit_test(a_taken_fd_stays_open_and_is_close_on_exec),
		cmocka_unit_test(a_long_body_travels_beside_the_message),
		cmocka_unit_test(a_body_over_the_limit_is_refused_at_the_sender),
		cmocka_unit_test(what_the_socket_does_not_take_waits_and_keeps_its_order),
		cmocka_unit_test(the_other_end_is_told_when_one_closes),
		cmocka_unit_test(sending_to_a_closed_end_is_an_error_and_no_signal),
		cmocka_unit_test(freeing_the_channel_in_its_callback_is_allowed),
		cmocka_unit_test(an_unknown_kind_is_passed_over),
		cmocka_unit_test(broken_frames_end_the_channel),
		cmocka_unit_test(a_datagram_over_the_inline_limit_ends_the_channel),
		cmocka_unit_test(more_fds_than_allowed_end_the_channel_and_none_leaks),
		cmocka_unit_test(
			fds_lost_for_want_of_room_end_the_channel_and_none_leaks),
		cmocka_unit_test(a_body_that_could_still_change_is_refused),
		cmocka_unit_test(a_sealed_body_over_the_limit_is_refused),
		cmocka_unit_test(listeners_are_found_by_name_from_fd_four_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
