/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The varlink server, with raw bytes as clients.
 */
#include <string.h>

#include "tests/protocol/fixture.h"

static int client_new(const struct fixture *self)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", self->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* What a client has got so far; stops the loop when `frames` came, or the end. */
struct listening {
	struct loop *loop;
	int fd;
	struct text got;
	size_t frames;
	bool ended;
};

static size_t count_frames(const struct text *text)
{
	size_t count = 0;

	for (size_t i = 0; i < text->size; i++)
		count += text->bytes[i] == '\0';
	return count;
}

static void on_readable(void *owner, unsigned events, struct instant now)
{
	struct listening *self = owner;
	char bytes[65536];
	ssize_t got = read(self->fd, bytes, sizeof(bytes));

	(void)events;
	(void)now;
	if (got > 0)
		text_add_bytes(&self->got, bytes, (size_t)got);
	else
		self->ended = got == 0 || errno != EAGAIN;
	if (self->ended || count_frames(&self->got) >= self->frames)
		loop_stop(self->loop);
}

/* Runs the loop until `frames` messages came or the server hung up. */
static struct listening hear(struct fixture *fixture, int fd, size_t frames)
{
	struct listening self = { .loop = fixture->loop, .fd = fd, .frames = frames };
	struct watch *watch;

	assert_int_equal(
		watch_new(&watch, fixture->loop, fd, WATCH_READ, on_readable, &self), 0);
	run(fixture);
	watch_free(watch);
	return self;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text) + 1), (int)strlen(text) + 1);
}

static void expect_answers(struct fixture *fixture, int fd, const char *const *answers)
{
	size_t count = 0;
	struct listening heard;
	const char *at;

	while (answers[count])
		count++;
	heard = hear(fixture, fd, count);
	at = heard.got.bytes;
	assert_int_equal(count_frames(&heard.got), count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(at, answers[i]);
		at += strlen(at) + 1;
	}
	text_done(&heard.got);
}
#define ANSWERS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void a_call_is_answered_and_the_peer_is_known(void **state)
{
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	say(fd, "{\"method\":\"io.svcd.Echo\",\"parameters\":{\"a\":1}}");
	expect_answers(&fixture, fd, ANSWERS("{\"parameters\":{\"a\":1}}"));
	assert_int_equal(fixture.peer.uid, getuid());
	assert_int_equal(fixture.peer.pid, getpid());
	assert_int_equal(fixture.peer.groups_count, getgroups(0, NULL));
	close(fd);
	fixture_done(&fixture);
}

static void pipelined_calls_are_answered_in_order(void **state)
{
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	fixture.stop_when_kept = true;
	say(fd, "{\"method\":\"io.svcd.Wait\"}");
	say(fd, "{\"method\":\"io.svcd.Echo\",\"parameters\":{\"second\":true}}");
	run(&fixture);
	assert_int_equal(fixture.ran, 0);
	varlink_reply(fixture.kept[0], NULL, false);
	expect_answers(&fixture, fd,
		ANSWERS("{\"parameters\":{}}", "{\"parameters\":{\"second\":true}}"));
	close(fd);
	fixture_done(&fixture);
}

static void a_held_server_answers_what_can_wait_when_it_is_released(void **state)
{
	static const struct varlink_method at_once[] = { { "io.svcd.Echo", NULL },
		{ NULL, NULL } };
	struct fixture fixture;
	int waiting, other;

	(void)state;
	fixture_init(&fixture);
	varlink_server_hold(fixture.server, at_once);
	waiting = client_new(&fixture);
	other = client_new(&fixture);
	say(waiting, "{\"method\":\"io.svcd.Count\",\"parameters\":{\"to\":1}}");
	say(waiting, "{\"method\":\"io.svcd.Echo\",\"parameters\":{\"second\":true}}");
	for (int i = 0; i < 2; i++) { /* who waits keeps nobody, and is not lost */
		say(other, "{\"method\":\"io.svcd.Echo\"}");
		expect_answers(&fixture, other, ANSWERS("{\"parameters\":{}}"));
	}
	assert_int_equal(fixture.ran, 2);
	varlink_server_release(fixture.server);
	expect_answers(&fixture, waiting,
		ANSWERS("{\"parameters\":{\"n\":1}}",
			"{\"parameters\":{\"second\":true}}"));
	close(waiting);
	close(other);
	fixture_done(&fixture);
}

static void many_pipelined_calls_are_all_answered(void **state)
{
	enum { COUNT = 500 };
	static const char one[] = "{\"method\":\"io.svcd.Echo\"}";
	struct text calls = { 0 };
	struct fixture fixture;
	struct listening heard;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	for (int i = 0; i < COUNT; i++)
		text_add_bytes(&calls, one, sizeof(one));
	assert_int_equal(write(fd, calls.bytes, calls.size), (int)calls.size);
	text_done(&calls);
	heard = hear(&fixture, fd, COUNT);
	assert_int_equal(count_frames(&heard.got), COUNT);
	text_done(&heard.got);
	close(fd);
	fixture_done(&fixture);
}

static void only_who_asked_for_more_gets_progress(void **state)
{
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	say(fd, "{\"method\":\"io.svcd.Count\",\"more\":true}");
	expect_answers(&fixture, fd,
		ANSWERS("{\"parameters\":{\"n\":1},\"continues\":true}",
			"{\"parameters\":{\"n\":2},\"continues\":true}",
			"{\"parameters\":{\"n\":3}}"));
	say(fd, "{\"method\":\"io.svcd.Count\"}");
	expect_answers(&fixture, fd, ANSWERS("{\"parameters\":{\"n\":3}}"));
	close(fd);
	fixture_done(&fixture);
}

static void oneway_calls_run_and_are_not_answered(void **state)
{
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	say(fd, "{\"method\":\"io.svcd.Echo\",\"oneway\":true}");
	say(fd, "{\"method\":\"io.svcd.Echo\",\"parameters\":{\"b\":2}}");
	expect_answers(&fixture, fd, ANSWERS("{\"parameters\":{\"b\":2}}"));
	assert_int_equal(fixture.ran, 2);
	close(fd);
	fixture_done(&fixture);
}

static void what_is_unknown_is_named(void **state)
{
	static const struct {
		const char *call, *answer;
	} cases[] = {
		{ "{\"method\":\"io.svcd.Ecko\"}",
			"{\"parameters\":{\"method\":\"io.svcd.Ecko\"},"
			"\"error\":\"org.varlink.service.MethodNotFound\"}" },
		{ "{\"method\":\"org.varlink.service.Nothing\"}",
			"{\"parameters\":{\"method\":\"org.varlink.service.Nothing\"},"
			"\"error\":\"org.varlink.service.MethodNotFound\"}" },
		{ "{\"method\":\"com.example.Echo\"}",
			"{\"parameters\":{\"interface\":\"com.example\"},"
			"\"error\":\"org.varlink.service.InterfaceNotFound\"}" },
		{ "{\"method\":\"Echo\"}",
			"{\"parameters\":{\"interface\":\"\"},"
			"\"error\":\"org.varlink.service.InterfaceNotFound\"}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}",
			"{\"parameters\":{\"parameter\":\"interface\"},"
			"\"error\":\"org.varlink.service.InvalidParameter\"}" },
		{ "{\"method\":\"io.svcd.Refuse\"}",
			"{\"parameters\":{\"name\":\"mathiod\",\"suggestion\":\"mathoid\"},"
			"\"error\":\"io.svcd.NotFound\"}" },
	};
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(fd, cases[i].call);
		expect_answers(&fixture, fd, ANSWERS(cases[i].answer));
	}
	close(fd);
	fixture_done(&fixture);
}

static void the_server_describes_itself(void **state)
{
	struct fixture fixture;
	struct listening heard;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	say(fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
	heard = hear(&fixture, fd, 1);
	assert_non_null(strstr(
		heard.got.bytes, "\"interfaces\":[\"org.varlink.service\",\"io.svcd\"]"));
	text_done(&heard.got);
	say(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		"\"parameters\":{\"interface\":\"io.svcd\"}}");
	heard = hear(&fixture, fd, 1);
	assert_non_null(strstr(heard.got.bytes, "\\ninterface io.svcd\\n"));
	text_done(&heard.got);
	close(fd);
	fixture_done(&fixture);
}

static void garbage_closes_the_connection(void **state)
{
	static const char *const cases[] = { "", "GET / HTTP/1.1", "[]", "{}",
		"{\"method\":1}", "{\"method\":\"io.svcd.Echo\",\"parameters\":[]}",
		"{\"method\":\"io.svcd.Echo\"}}" };
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = client_new(&fixture);
		struct listening heard;

		say(fd, cases[i]);
		heard = hear(&fixture, fd, 1);
		assert_true(heard.ended);
		assert_int_equal(heard.got.size, 0);
		close(fd);
	}
	fixture_done(&fixture);
}

/* Sends `size` bytes without a NUL as the server takes them. */
struct pusher {
	struct loop *loop;
	int fd;
	size_t left;
};

static void on_pushable(void *owner, unsigned events, struct instant now)
{
	struct pusher *self = owner;
	char spaces[4096];
	ssize_t put;

	(void)events;
	(void)now;
	memset(spaces, ' ', sizeof(spaces));
	put = send(self->fd, spaces, MIN(self->left, sizeof(spaces)), MSG_NOSIGNAL);
	if (put < 0 && errno != EAGAIN)
		loop_stop(self->loop); /* the server hung up */
	else if (put > 0 && (self->left -= (size_t)put) == 0)
		loop_stop(self->loop);
}

static void a_message_over_the_limit_closes_the_connection(void **state)
{
	struct fixture fixture;
	struct pusher pusher;
	struct watch *watch;

	(void)state;
	fixture_init(&fixture);
	pusher = (struct pusher){ fixture.loop, client_new(&fixture), 4U << 20 };
	watch_new(&watch, fixture.loop, pusher.fd, WATCH_WRITE, on_pushable, &pusher);
	run(&fixture);
	watch_free(watch);
	assert_true(pusher.left > 0);
	close(pusher.fd);
	fixture_done(&fixture);
}

/* A client whose call is kept unanswered. */
static int waiting_client(struct fixture *fixture, const char *call)
{
	int fd = client_new(fixture);

	fixture->stop_when_kept = fixture->stop_when_gone = true;
	say(fd, call);
	run(fixture);
	assert_int_equal(fixture->kept_count, 1);
	return fd;
}
#define WAIT      "{\"method\":\"io.svcd.Wait\"}"
#define WAIT_MORE "{\"method\":\"io.svcd.Wait\",\"more\":true}"

static void a_client_that_hangs_up_ends_its_waiting_call(void **state)
{
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = waiting_client(&fixture, WAIT_MORE);
	assert_false(varlink_is_gone(fixture.kept[0]));
	close(fd);
	run(&fixture);
	assert_int_equal(fixture.gone, 1);
	fixture_done(&fixture);
}

/* Whoever answers must not find his call ended by what he says. */
static void that_a_client_hung_up_is_told_from_the_loop_only(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	close(waiting_client(&fixture, WAIT_MORE));
	varlink_reply(fixture.kept[0], NULL, true);
	assert_int_equal(fixture.gone, 0);
	assert_true(varlink_is_gone(fixture.kept[0]));
	run(&fixture);
	assert_int_equal(fixture.gone, 1);
	fixture_done(&fixture);
}

static void a_last_answer_to_who_hung_up_ends_the_call_once(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	close(waiting_client(&fixture, WAIT));
	varlink_reply(fixture.kept[0], NULL, false);
	fixture_done(&fixture);
	assert_int_equal(fixture.gone, 0);
}

static void a_half_closed_client_still_gets_its_answer(void **state)
{
	struct fixture fixture;
	struct listening heard;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	say(fd, "{\"method\":\"io.svcd.Echo\"}");
	shutdown(fd, SHUT_WR);
	heard = hear(&fixture, fd, 2); /* one answer, then the end */
	assert_true(heard.ended);
	assert_string_equal(heard.got.bytes, "{\"parameters\":{}}");
	text_done(&heard.got);
	close(fd);
	fixture_done(&fixture);
}

static void a_server_that_ends_tells_waiting_calls(void **state)
{
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = waiting_client(&fixture, WAIT);
	fixture_done(&fixture);
	assert_int_equal(fixture.gone, 1);
	close(fd);
}

static void one_long_answer_arrives_whole(void **state)
{
	struct fixture fixture;
	struct listening heard;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	say(fd, "{\"method\":\"io.svcd.Flood\",\"parameters\":{\"bytes\":9000000}}");
	heard = hear(&fixture, fd, 1);
	assert_int_equal(
		heard.got.size, 9000000 + strlen("{\"parameters\":{\"text\":\"\"}}") + 1);
	text_done(&heard.got);
	close(fd);
	fixture_done(&fixture);
}

static void a_client_that_does_not_read_is_dropped(void **state)
{
	struct fixture fixture;
	struct listening heard;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	say(fd, "{\"method\":\"io.svcd.Flood\",\"more\":true,"
		"\"parameters\":{\"bytes\":1000000,\"times\":100}}");
	heard = hear(&fixture, fd, 100);
	assert_true(heard.ended);
	assert_true(count_frames(&heard.got) < 10);
	text_done(&heard.got);
	close(fd);
	fixture_done(&fixture);
}

static void a_full_table_makes_room_by_dropping_the_longest_idle(void **state)
{
	struct fixture fixture;
	struct listening heard;
	int fds[VARLINK_MAX_CLIENTS + 8];

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client_new(&fixture);
	say(fds[ARRAY_LEN(fds) - 1], "{\"method\":\"io.svcd.Echo\"}");
	expect_answers(&fixture, fds[ARRAY_LEN(fds) - 1], ANSWERS("{\"parameters\":{}}"));
	heard = hear(&fixture, fds[0], 1);
	assert_true(heard.ended);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_answered_and_the_peer_is_known),
		cmocka_unit_test(pipelined_calls_are_answered_in_order),
		cmocka_unit_test(a_held_server_answers_what_can_wait_when_it_is_released),
		cmocka_unit_test(many_pipelined_calls_are_all_answered),
		cmocka_unit_test(only_who_asked_for_more_gets_progress),
		cmocka_unit_test(oneway_calls_run_and_are_not_answered),
		cmocka_unit_test(what_is_unknown_is_named),
		cmocka_unit_test(the_server_describes_itself),
		cmocka_unit_test(garbage_closes_the_connection),
		cmocka_unit_test(a_message_over_the_limit_closes_the_connection),
		cmocka_unit_test(a_client_that_hangs_up_ends_its_waiting_call),
		cmocka_unit_test(that_a_client_hung_up_is_told_from_the_loop_only),
		cmocka_unit_test(a_last_answer_to_who_hung_up_ends_the_call_once),
		cmocka_unit_test(a_half_closed_client_still_gets_its_answer),
		cmocka_unit_test(a_server_that_ends_tells_waiting_calls),
		cmocka_unit_test(one_long_answer_arrives_whole),
		cmocka_unit_test(a_client_that_does_not_read_is_dropped),
		cmocka_unit_test(a_full_table_makes_room_by_dropping_the_longest_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
