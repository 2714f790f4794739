/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The varlink server with raw bytes as clients, and the blocking client against it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/loop.h"

#include "protocol/protocol.h"
#include "tests/test.h"

enum { LIMIT_MS = 5000 };

/* A server on a socket in /tmp, and what its methods saw. */
struct fixture {
	struct loop *loop;
	struct varlink_server *server;
	struct timer *limit;
	char path[64];
	struct varlink_call *kept[2]; /* by method Wait; ended by the test */
	size_t kept_count, gone, drained, ran;
	struct varlink_peer peer;
	bool stop_when_kept, stop_when_gone;
};

static void method_echo(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct fixture *self = owner;

	(void)now;
	self->ran++;
	self->peer = *varlink_peer(call);
	varlink_reply(call, json_share(parameters), false);
}

static void method_count(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	int64_t to = json_get_int(parameters, "to", 3);

	(void)owner;
	(void)now;
	for (int64_t i = 1; i <= to; i++) {
		struct json_t *number = json_new_object();

		json_set_int(number, "n", i);
		varlink_reply(call, number, i < to);
	}
}

static void on_gone(void *data, struct varlink_call *call)
{
	struct fixture *self = data;

	self->gone++;
	varlink_error(call, VARLINK_FAILED, NULL);
	self->kept_count = 0;
	if (self->stop_when_gone)
		loop_stop(self->loop);
}

static void method_wait(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct fixture *self = owner;

	(void)parameters;
	(void)now;
	varlink_on_gone(call, on_gone, self);
	self->kept[self->kept_count++] = call;
	if (self->stop_when_kept)
		loop_stop(self->loop);
}

/* Answers with `bytes` bytes, `times` times: a client that does not read feels it. */
static void method_flood(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	int64_t size = json_get_int(parameters, "bytes", 1), times;
	char *text = malloc((size_t)size + 1);

	(void)owner;
	(void)now;
	memset(text, 'x', (size_t)size);
	text[size] = '\0';
	times = json_get_int(parameters, "times", 1);
	for (int64_t i = 1; i <= times; i++) {
		struct json_t *answer = json_new_object();

		json_set_text(answer, "text", text);
		varlink_reply(call, answer, i < times);
	}
	free(text);
}

static void method_refuse(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	struct json_t *answer = json_new_object();

	(void)owner;
	(void)parameters;
	(void)now;
	json_set_text(answer, "name", "mathiod");
	json_set_text(answer, "suggestion", "mathoid");
	varlink_error(call, VARLINK_NOT_FOUND, answer);
}

static const struct varlink_method methods[] = {
	{ "io.svcd.Echo", method_echo },
	{ "io.svcd.Count", method_count },
	{ "io.svcd.Wait", method_wait },
	{ "io.svcd.Flood", method_flood },
	{ "io.svcd.Refuse", method_refuse },
	{ NULL, NULL },
};

static void on_limit(void *owner, struct instant now)
{
	(void)owner;
	(void)now;
	fail_msg("the answer did not come within %d ms", LIMIT_MS);
}

static void fixture_init(struct fixture *self)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*self = (struct fixture){ 0 };
	snprintf(self->path, sizeof(self->path), "/tmp/svcd-test-%d.sock", (int)getpid());
	unlink(self->path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", self->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 512), 0);
	assert_int_equal(loop_new(&self->loop), 0);
	assert_int_equal(timer_new(&self->limit, self->loop, on_limit, self), 0);
	assert_int_equal(varlink_server_new(&self->server, self->loop, fd, methods,
				 varlink_io_svcd, self),
		0);
}

static void fixture_done(struct fixture *self)
{
	varlink_server_free(self->server);
	timer_free(self->limit);
	loop_free(self->loop);
	unlink(self->path);
}

static void run(struct fixture *self)
{
	timer_arm(self->limit, instant_add_ms(instant_read(), LIMIT_MS));
	loop_run(self->loop);
	timer_arm(self->limit, NEVER);
}

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

static void a_client_that_hangs_up_ends_its_waiting_call(void **state)
{
	struct fixture fixture;
	int fd;

	(void)state;
	fixture_init(&fixture);
	fd = client_new(&fixture);
	fixture.stop_when_kept = fixture.stop_when_gone = true;
	say(fd, "{\"method\":\"io.svcd.Wait\",\"more\":true}");
	run(&fixture);
	assert_int_equal(fixture.kept_count, 1);
	assert_false(varlink_is_gone(fixture.kept[0]));
	close(fd);
	run(&fixture);
	assert_int_equal(fixture.gone, 1);
	fixture_done(&fixture);
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
	fd = client_new(&fixture);
	fixture.stop_when_kept = true;
	say(fd, "{\"method\":\"io.svcd.Wait\"}");
	run(&fixture);
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

/* ---- the blocking client --------------------------------------------------------- */

struct asking {
	const struct fixture *fixture;
	const char *path; /* NULL: the fixture's */
	const char *method;
	bool more;
	int stop_at, result;
	int64_t timeout_ms, sum;
	size_t answers;
	struct varlink_answer answer;
	struct timer *tick;
	atomic_bool done;
};

static int on_answer(struct json_t *parameters, bool more, void *data)
{
	struct asking *self = data;

	(void)more;
	self->answers++;
	self->sum += json_get_int(parameters, "n", 0);
	return self->stop_at && self->answers == (size_t)self->stop_at ? -ECANCELED : 0;
}

static void *ask(void *data)
{
	struct asking *self = data;

	self->result = varlink_ask(self->path ? self->path : self->fixture->path,
		self->method, NULL, self->more, self->timeout_ms, on_answer, self,
		&self->answer);
	atomic_store(&self->done, true);
	return NULL;
}

/* The loop belongs to this thread: it looks for the other's end every few milliseconds.
 */
static void on_tick(void *owner, struct instant now)
{
	struct asking *self = owner;

	timer_arm(self->tick, instant_add_ms(now, 5));
	if (atomic_load(&self->done))
		loop_stop(self->fixture->loop);
}

static struct asking ask_in_thread(struct fixture *fixture, struct asking asking)
{
	pthread_t thread;

	asking.fixture = fixture;
	timer_new(&asking.tick, fixture->loop, on_tick, &asking);
	timer_arm(asking.tick, instant_read());
	assert_int_equal(pthread_create(&thread, NULL, ask, &asking), 0);
	run(fixture);
	pthread_join(thread, NULL);
	timer_free(asking.tick);
	return asking;
}

static void the_client_gathers_all_answers(void **state)
{
	struct fixture fixture;
	struct asking asked;

	(void)state;
	fixture_init(&fixture);
	asked = ask_in_thread(&fixture,
		(struct asking){
			.method = "io.svcd.Count", .more = true, .timeout_ms = 3000 });
	assert_int_equal(asked.result, 0);
	assert_int_equal(asked.answers, 3);
	assert_int_equal(asked.sum, 6);
	assert_string_equal(asked.answer.error, "");
	fixture_done(&fixture);
}

static void the_client_can_stop_a_stream(void **state)
{
	struct fixture fixture;
	struct asking asked;

	(void)state;
	fixture_init(&fixture);
	asked = ask_in_thread(&fixture, (struct asking){ .method = "io.svcd.Count",
						.more = true,
						.timeout_ms = 3000,
						.stop_at = 2 });
	assert_int_equal(asked.result, -ECANCELED);
	assert_int_equal(asked.answers, 2);
	fixture_done(&fixture);
}

static void the_client_hands_errors_over(void **state)
{
	struct fixture fixture;
	struct asking asked;

	(void)state;
	fixture_init(&fixture);
	asked = ask_in_thread(&fixture,
		(struct asking){ .method = "io.svcd.Refuse", .timeout_ms = 3000 });
	assert_int_equal(asked.result, 0);
	assert_string_equal(asked.answer.error, VARLINK_NOT_FOUND);
	assert_string_equal(
		json_get_text(asked.answer.parameters, "suggestion", ""), "mathoid");
	json_free(asked.answer.parameters);
	fixture_done(&fixture);
}

static void silence_longer_than_the_limit_is_a_timeout(void **state)
{
	struct fixture fixture;
	struct asking asked;

	(void)state;
	fixture_init(&fixture);
	asked = ask_in_thread(
		&fixture, (struct asking){ .method = "io.svcd.Wait", .timeout_ms = 20 });
	assert_int_equal(asked.result, -ETIMEDOUT);
	fixture_done(&fixture);
}

static void nobody_there_is_an_errno(void **state)
{
	struct varlink_answer answer;
	char path[256] = "/tmp/";

	(void)state;
	assert_int_equal(varlink_ask("/nonexistent/svcd.sock", "io.svcd.Echo", NULL,
				 false, 100, NULL, NULL, &answer),
		-ENOENT);
	memset(path + 5, 'x', 200);
	assert_int_equal(
		varlink_ask(path, "io.svcd.Echo", NULL, false, 100, NULL, NULL, &answer),
		-ENAMETOOLONG);
}

static void a_path_too_long_for_an_address_still_works(void **state)
{
	struct fixture fixture;
	struct asking asked;
	char longer[256];

	(void)state;
	fixture_init(&fixture);
	snprintf(longer, sizeof(longer),
		"/tmp/././././././././././././././././././././././././"
		"./././././././././././././././././././././././%s",
		strrchr(fixture.path, '/') + 1);
	assert_true(strlen(longer) > sizeof(((struct sockaddr_un *)0)->sun_path));
	asked = ask_in_thread(&fixture,
		(struct asking){
			.path = longer, .method = "io.svcd.Echo", .timeout_ms = 3000 });
	assert_int_equal(asked.result, 0);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_answered_and_the_peer_is_known),
		cmocka_unit_test(pipelined_calls_are_answered_in_order),
		cmocka_unit_test(many_pipelined_calls_are_all_answered),
		cmocka_unit_test(only_who_asked_for_more_gets_progress),
		cmocka_unit_test(oneway_calls_run_and_are_not_answered),
		cmocka_unit_test(what_is_unknown_is_named),
		cmocka_unit_test(the_server_describes_itself),
		cmocka_unit_test(garbage_closes_the_connection),
		cmocka_unit_test(a_message_over_the_limit_closes_the_connection),
		cmocka_unit_test(a_client_that_hangs_up_ends_its_waiting_call),
		cmocka_unit_test(a_half_closed_client_still_gets_its_answer),
		cmocka_unit_test(a_server_that_ends_tells_waiting_calls),
		cmocka_unit_test(one_long_answer_arrives_whole),
		cmocka_unit_test(a_client_that_does_not_read_is_dropped),
		cmocka_unit_test(a_full_table_makes_room_by_dropping_the_longest_idle),
		cmocka_unit_test(the_client_gathers_all_answers),
		cmocka_unit_test(the_client_can_stop_a_stream),
		cmocka_unit_test(the_client_hands_errors_over),
		cmocka_unit_test(silence_longer_than_the_limit_is_a_timeout),
		cmocka_unit_test(nobody_there_is_an_errno),
		cmocka_unit_test(a_path_too_long_for_an_address_still_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
