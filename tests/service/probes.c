/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probes.c - what the health engine can make us run, when it is itself and when it is
 * not: real children of a real service.
 */
#include "service/probes.h"

#include <stdio.h>
#include <string.h>

#include "tests/service/arena.h"
#include "tests/test.h"

static struct arena *arena; /* NOLINT: one for all tests */

enum { ANSWERS_MAX = 4096 };

/* What the engine was answered. */
static struct {
	unsigned count;
	struct json_t *last;
	int64_t numbers[ANSWERS_MAX];
} heard; /* NOLINT: one for all tests */

static void on_answer(void *owner, struct json_t *body)
{
	(void)owner;
	heard.numbers[heard.count++ % ANSWERS_MAX] = json_get_int(body, "number", 0);
	json_free(heard.last);
	heard.last = body;
	loop_stop(arena->loop);
}

#define SERVICE(checks)                                                                  \
	"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"            \
	"'ready':{'by':'started'}},'health':{'checks':[" checks "]}}"
#define CHECK(name, words, more)                                                         \
	"{'name':'" name "','exec':['/bin/sh','-c','" words "']" more "}"

static struct service *begin(struct probes **ret, const char *declaration)
{
	const struct probes_user user = { on_answer, NULL };
	struct service *service = arena_begin(arena, declaration);

	json_free(heard.last);
	memset(&heard, 0, sizeof(heard));
	assert_true(arena_until_state(arena, service, STATE_UP));
	assert_int_equal(probes_new(ret, arena->loop, &user), 0);
	return service;
}

static void end(struct probes *probes, struct service *service)
{
	probes_free(probes);
	arena_end(arena, service);
	json_free(heard.last);
	heard.last = NULL;
}

static bool ask_about(struct probes *probes, struct service *service, const char *format,
	int64_t number)
{
	_cleanup_free_ char *text = strdup(format);
	_cleanup_(json_freep) struct json_t *body = NULL;

	for (char *at = text; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	assert_int_equal(json_parse(&body, text, strlen(text), 1 << 16, NULL), 0);
	json_set_int(body, "number", number);
	return probes_ask(probes, service, body, instant_read());
}

static bool ask(
	struct probes *probes, struct service *service, const char *check, int64_t number)
{
	_cleanup_free_ char *body =
		text_format("{'check':'%s','instance':1,'generation':%u}", check,
			service->instances[0].generation);

	return ask_about(probes, service, body, number);
}

static bool is_answered(void *data)
{
	return heard.count >= *(const unsigned *)data;
}

static void wait_for(unsigned count)
{
	assert_true(arena_until(arena, is_answered, &count));
}

static unsigned children(const struct service *service)
{
	struct strings leaves = { 0 };
	unsigned count = 0;

	assert_int_equal(cgroups_populated(arena->cgroups, service->name, &leaves), 0);
	for (size_t i = 0; i < leaves.count; i++)
		count += strstr(leaves.items[i], "/deed-") != NULL;
	strings_done(&leaves);
	return count;
}

static void a_question_is_answered_with_code_and_output(void **state)
{
	struct probes *probes;
	struct service *service =
		begin(&probes, SERVICE(CHECK("queue", "echo tired; exit 1", "")));

	(void)state;
	assert_true(ask(probes, service, "queue", 41));
	wait_for(1);
	assert_string_equal(json_get_text(heard.last, "service", ""), "web");
	assert_string_equal(json_get_text(heard.last, "check", ""), "queue");
	assert_int_equal(json_get_int(heard.last, "instance", 0), 1);
	assert_int_equal(json_get_int(heard.last, "number", 0), 41);
	assert_int_equal(json_get_int(heard.last, "code", -1), 1);
	assert_string_equal(json_get_text(heard.last, "output", ""), "tired\n");
	assert_false(json_get_bool(heard.last, "timed_out", true));
	end(probes, service);
}

static void what_is_not_declared_or_does_not_run_is_not_tried(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{'check':'queue'}",
		"{'check':'nope','instance':1,'generation':1}",
		"{'check':'','instance':1,'generation':1}",
		"{'check':7,'instance':1,'generation':1}",
		"{'check':'page','instance':1,'generation':1}", /* of kind http */
		"{'check':'queue','instance':0,'generation':1}",
		"{'check':'queue','instance':2,'generation':1}",
		"{'check':'queue','instance':-1,'generation':1}",
		"{'check':'queue','instance':4294967297,'generation':1}",
		"{'check':'queue','instance':'1','generation':1}",
		"{'check':'queue','instance':1,'generation':0}",
		"{'check':'queue','instance':1,'generation':2}",
		"{'check':'queue','instance':1,'generation':4294967297}",
		"{'check':'queue','instance':1,'exec':['/bin/sh']}",
	};
	struct probes *probes;
	struct service *service = begin(
		&probes, SERVICE(CHECK("queue", "exit 0", "") ",{'name':'page','http':"
							      "{'path':'/','port':80}}"));

	(void)state;
	assert_int_equal(service->instances[0].generation, 1);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (ask_about(probes, service, bodies[i], 1))
			fail_msg("%s was taken", bodies[i]);
	service_stop(service, "test", "", instant_read());
	assert_false(ask(probes, service, "queue", 2));
	assert_int_equal(children(service), 0);
	assert_int_equal(heard.count, 0);
	end(probes, service);
}

static void a_flood_of_one_question_is_one_try_at_its_pace(void **state)
{
	struct probes *probes;
	struct service *service =
		begin(&probes, SERVICE(CHECK("queue", "exit 0",
				       ",'interval':'2s','fast_interval':'2s'")));

	(void)state;
	for (int64_t number = 1; number <= 1000; number++) {
		assert_true(ask(probes, service, "queue", number));
		assert_in_range(children(service), 0, 1);
	}
	/* two may follow at once; the answer is to the latest question */
	wait_for(1);
	assert_int_equal(heard.numbers[0], 1000);
	for (int64_t number = 2001; number <= 3000; number++) {
		assert_true(ask(probes, service, "queue", number));
		if (number % 100 == 0)
			arena_turn(arena, 5);
	}
	assert_in_range(heard.count, 1, 2);
	end(probes, service);
}

static void who_asks_again_gets_a_try_that_began_after_his_question(void **state)
{
	struct probes *probes;
	struct service *service = begin(&probes, SERVICE(CHECK("queue", "sleep 1", "")));

	(void)state;
	assert_true(ask(probes, service, "queue", 1));
	assert_int_equal(children(service), 1);
	assert_true(ask(probes, service, "queue", 2));
	assert_int_equal(children(service), 1);
	wait_for(1);
	assert_int_equal(heard.numbers[0], 2);
	arena_turn(arena, 1200);
	assert_int_equal(heard.count, 1);
	end(probes, service);
}

static void one_service_has_so_many_children_and_no_more(void **state)
{
	struct text declaration = { 0 };
	struct probes *probes;
	struct service *service;

	(void)state;
	text_add(&declaration,
		"{'service':'web','run':{'user':'nobody','command':['sleep','1000'],"
		"'ready':{'by':'started'}},'health':{'checks':[");
	for (int i = 0; i < 3 * PROBES_PER_SERVICE; i++)
		text_addf(&declaration, "%s{'name':'c%d','exec':['sleep','0.2']}",
			i ? "," : "", i);
	text_add(&declaration, "]}}");
	service = begin(&probes, declaration.bytes);
	text_done(&declaration);
	for (int i = 0; i < 3 * PROBES_PER_SERVICE; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%d", i);
		assert_true(ask(probes, service, name, i + 1));
	}
	assert_in_range(children(service), 1, PROBES_PER_SERVICE);
	wait_for(1);
	assert_in_range(children(service), 1, PROBES_PER_SERVICE);
	wait_for(3 * PROBES_PER_SERVICE);
	end(probes, service);
}

static void wait_until_childless(const struct service *service)
{
	for (int waited_ms = 0; children(service) && waited_ms < ARENA_WAIT_MS;
		waited_ms += 20)
		arena_turn(arena, 20);
	assert_int_equal(children(service), 0);
}

static void what_hangs_ends_at_its_timeout_with_all_it_began(void **state)
{
	struct probes *probes;
	struct service *service =
		begin(&probes, SERVICE(CHECK("queue", "setsid sleep 1000 & sleep 1000",
				       ",'timeout':'200ms'")));

	(void)state;
	assert_true(ask(probes, service, "queue", 1));
	wait_for(1);
	assert_true(json_get_bool(heard.last, "timed_out", false));
	assert_int_equal(json_kind(json_get(heard.last, "code")), JSON_IS_NULL);
	wait_until_childless(service);
	end(probes, service);
}

static void output_is_cut(void **state)
{
	struct probes *probes;
	struct service *service = begin(&probes,
		SERVICE(CHECK("much", "head -c 20000 /dev/zero | tr $(printf %b 0) x",
			"") "," CHECK("endless", "while :; do echo xxxxxxxxxxxxxxx; done",
			"")));

	(void)state;
	assert_true(ask(probes, service, "endless", 1));
	wait_for(1);
	assert_int_equal(json_kind(json_get(heard.last, "code")), JSON_IS_NULL);
	assert_non_null(
		strstr(json_get_text(heard.last, "trouble", ""), "more than 64 KiB"));
	assert_in_range(
		strlen(json_get_text(heard.last, "output", "")), 1, PROBE_OUTPUT_BYTES);
	assert_true(ask(probes, service, "much", 2));
	wait_for(2);
	assert_in_range(
		strlen(json_get_text(heard.last, "output", "")), 0, PROBE_OUTPUT_BYTES);
	end(probes, service);
}

static void what_goes_takes_its_tries_along(void **state)
{
	struct probes *probes;
	struct service *service =
		begin(&probes, SERVICE(CHECK("queue", "sleep 1000", "")));

	(void)state;
	assert_true(ask(probes, service, "queue", 1));
	probes_prune(probes, service); /* it runs: nothing is moot */
	arena_turn(arena, 50);
	assert_int_equal(children(service), 1);
	service_stop(service, "test", "", instant_read());
	probes_prune(probes, service);
	wait_until_childless(service);
	assert_int_equal(heard.count, 0);
	end(probes, service);
}

static void who_asked_may_be_gone_before_the_answer(void **state)
{
	struct probes *probes;
	struct service *service =
		begin(&probes, SERVICE(CHECK("queue", "sleep 0.1", "")));

	(void)state;
	assert_true(ask(probes, service, "queue", 1));
	probes_forget_all(probes);
	arena_turn(arena, 300);
	assert_int_equal(heard.count, 0);
	assert_true(ask(probes, service, "queue", 2));
	wait_for(1);
	assert_int_equal(heard.numbers[0], 2);
	assert_true(ask(probes, service, "queue", 3));
	probes_forget(probes, service);
	arena_turn(arena, 300);
	assert_int_equal(heard.count, 1);
	end(probes, service);
}

static int open_arena(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_answered_with_code_and_output),
		cmocka_unit_test(what_is_not_declared_or_does_not_run_is_not_tried),
		cmocka_unit_test(a_flood_of_one_question_is_one_try_at_its_pace),
		cmocka_unit_test(who_asks_again_gets_a_try_that_began_after_his_question),
		cmocka_unit_test(one_service_has_so_many_children_and_no_more),
		cmocka_unit_test(what_hangs_ends_at_its_timeout_with_all_it_began),
		cmocka_unit_test(output_is_cut),
		cmocka_unit_test(what_goes_takes_its_tries_along),
		cmocka_unit_test(who_asked_may_be_gone_before_the_answer),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
