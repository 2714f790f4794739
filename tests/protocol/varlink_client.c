/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The blocking varlink client, in a thread, against a server on a loop.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/protocol/fixture.h"

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
		cmocka_unit_test(the_client_gathers_all_answers),
		cmocka_unit_test(the_client_can_stop_a_stream),
		cmocka_unit_test(the_client_hands_errors_over),
		cmocka_unit_test(silence_longer_than_the_limit_is_a_timeout),
		cmocka_unit_test(nobody_there_is_an_errno),
		cmocka_unit_test(a_path_too_long_for_an_address_still_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
