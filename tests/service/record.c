/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * record.c - what is remembered of a service is recalled: by us, an older and a newer
 * version.
 */
#include "service/record.h"

#include <string.h>

#include "service/process.h"
#include "tests/test.h"

static void nothing_changed(void *owner, struct service *service, struct instant now)
{
	(void)owner;
	(void)service;
	(void)now;
}

static void nothing_said(void *owner, const struct service_event *event)
{
	(void)owner;
	(void)event;
}

struct world {
	struct loop *loop;
	struct service_host host;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .host = { .changed = nothing_changed,
					.event = nothing_said } };
	assert_int_equal(loop_new(&world.loop), 0);
	world.host.loop = world.loop;
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	loop_free(world->loop);
	return 0;
}

static struct json_t *read_text(const char *text)
{
	struct json_t *json = NULL;
	struct error err = { 0 };

	if (json_parse(&json, text, strlen(text), strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	return json;
}

static struct service *make(struct world *world)
{
	static const char text[] =
		"{\"service\":\"mathoid\",\"state\":\"setup\",\"run\":{\"command\":"
		"[\"/bin/true\"],\"user\":\"root\",\"instances\":2}}";
	struct json_t *effective = read_text(text);
	struct declaration *declaration = NULL;
	struct service *service = NULL;
	struct error err = { 0 };

	if (declaration_read(&declaration, effective, &err) < 0)
		fail_msg("%s", err.text);
	declaration->run.instances = 2;
	assert_int_equal(service_new(&service, &world->host, declaration, text), 0);
	json_free(effective);
	return service;
}

static const char full[] =
	"{\"wanted\":\"down\",\"wish_who\":\"alice\",\"wish_why\":\"kernel\","
	"\"wish_since\":5,\"wish_until\":6,\"told_cause\":\"operator\","
	"\"told_who\":\"alice\",\"declared\":3,\"deaths_in_a_row\":2,"
	"\"exits_ever\":41,\"job\":7,\"job_kind\":\"restart\","
	"\"job_result\":\"failed\",\"job_reason\":\"it died\",\"job_began\":99,"
	"\"held\":\"stop\",\"firewall_applied\":true,"
	"\"instances\":[{\"generation\":17,\"draining\":true,\"state\":\"up\","
	"\"since\":1000,\"since_wall\":2000,\"deadline\":3000,\"why\":\"w\","
	"\"status\":\"s\",\"note\":\"n\",\"pid\":4711,\"born\":12345,"
	"\"started\":8,\"restarts\":2,\"deaths\":1,\"pause_ms\":400,"
	"\"deaths_count\":2,\"notified_ready\":true,\"exec_done\":true,"
	"\"ready\":true,\"verdict\":\"pass\",\"declared\":3,\"began\":11,"
	"\"launched\":true,\"served\":true,\"leaving\":true,\"leave_at\":77,"
	"\"watchdog_us\":1000000,\"heard\":12,\"ill_in_a_row\":1,\"ill_latest\":13,"
	"\"ending\":true,\"ending_cause\":\"watchdog\",\"ending_code\":-1,"
	"\"ending_signal\":6,\"ending_core\":true,\"ending_reason\":\"silent\","
	"\"afterwards\":\"start\",\"aborting\":true,\"again_at\":14,"
	"\"roll\":\"now\",\"roll_from\":17,\"owes_reload\":true,"
	"\"died_at\":[21,22]},{\"spare\":true,\"state\":\"waiting\",\"replaces\":1}],"
	"\"exits\":[{\"number\":41,\"at\":31,\"instance\":1,\"generation\":16,"
	"\"pid\":4700,\"died\":true,\"code\":3,\"ran_us\":32,"
	"\"reason\":\"exit 3\",\"next\":\"again\",\"last_words\":\"ouch\\n\"},"
	"{\"number\":40,\"at\":30,\"instance\":2,\"cause\":\"unknown\"}],"
	"\"checks\":[{\"check\":\"info\",\"verdict\":\"warn\",\"reason\":\"slow\","
	"\"latency_us\":9,\"at\":8,\"instance\":1,\"heard\":7,\"failing\":6}]}";

static void forget_what_cannot_end(struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++)
		service->instances[i].pid = 0;
	service_free(service);
}

static void assert_same(const struct json_t *expected, const struct json_t *found)
{
	char *text = json_print(found, JSON_ONE_LINE);

	if (!json_same(expected, found))
		fail_msg("%s", text);
	free(text);
}

/* Every row is in it: a key that is printed otherwise than it is read shows here. */
static void test_what_is_recalled_is_what_was_remembered(void **state)
{
	struct service *service = make(*state);
	struct json_t *record = read_text(full), *again;

	assert_int_equal(service_recall(service, record), 0);
	assert_int_equal(service->instances[0].pid, 4711);
	assert_int_equal(service->instances[0].state, STATE_UP);
	assert_int_equal(service->instances[0].process->ending.cause, CAUSE_WATCHDOG);
	assert_int_equal(service->exits_count, 2);
	assert_int_equal(service->exits[0].number, 41);
	assert_string_equal(service->exits[0].last_words, "ouch\n");
	assert_int_equal(service->exits_ever, 41);
	again = service_record(service);
	assert_same(record, again);
	json_free(again);
	json_free(record);
	forget_what_cannot_end(service);
}

static void test_what_a_newer_version_knows_is_kept(void **state)
{
	struct service *service = make(*state);
	struct json_t *record = read_text(
		"{\"tomorrow\":{\"a\":[1,2]},\"job\":1,\"instances\":[{\"soul\":true},{}]}");
	struct json_t *again;

	assert_int_equal(service_recall(service, record), 0);
	again = service_record(service);
	assert_same(record, again);
	json_free(again);
	json_free(record);
	service_free(service);
}

/* A version before ours did not write it. */
static void test_what_is_missing_has_its_usual_value(void **state)
{
	struct service *service = make(*state);
	struct json_t *record = read_text("{\"instances\":[{\"state\":\"up\"},{}]}");

	assert_int_equal(service_recall(service, record), 0);
	assert_int_equal(service->wanted, WANTED_UP);
	assert_true(service->instances[0].deadline.us == NEVER.us);
	assert_true(service->instances[0].process->leave_at.us == NEVER.us);
	assert_int_equal(service->instances[0].pid, 0);
	assert_int_equal(service->exits_count, 0);
	json_free(record);
	service_free(service);
}

static void test_what_makes_no_sense_does_no_harm(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"instances\":7,\"exits\":{},\"checks\":null}",
		"{\"wanted\":\"sideways\",\"instances\":[{\"state\":\"undead\","
		"\"pid\":-5,\"generation\":-1,\"replaces\":77,\"deaths_count\":4000000000,"
		"\"died_at\":[\"x\"]}]}",
		"{\"exits\":[{\"number\":-1},7,{}],\"checks\":[{},{\"check\":7}]}",
		"{\"identity\":{\"uid\":\"x\"},\"instances\":[null,null,null]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct service *service = make(*state);
		struct json_t *record = read_text(texts[i]), *again;

		(void)service_recall(service, record);
		for (unsigned at = 0; at < service->instances_count; at++) {
			const struct instance *instance = &service->instances[at];

			assert_true(instance->pid >= 0);
			assert_true(
				instance->process->replaces <= service->instances_count);
		}
		again = service_record(service);
		assert_non_null(again);
		json_free(again);
		json_free(record);
		service_free(service);
	}
}

static void test_a_word_of_tomorrow_is_unknown_where_that_is_a_word(void **state)
{
	struct service *service = make(*state);
	struct json_t *record =
		read_text("{\"exits\":[{\"number\":1,\"cause\":\"solar flare\"}]}");

	assert_int_equal(service_recall(service, record), 0);
	assert_int_equal(service->exits[0].cause, CAUSE_UNKNOWN);
	json_free(record);
	service_free(service);
}

static void test_slots_that_are_not_declared_are_made(void **state)
{
	struct service *service = make(*state);
	struct json_t *record = read_text(
		"{\"instances\":[{},{},{},{},{\"generation\":9,\"state\":\"stopping\"}]}");

	assert_int_equal(service_recall(service, record), 0);
	assert_int_equal(service->instances_count, 5);
	assert_int_equal(service->instances[4].generation, 9);
	assert_int_equal(service->instances[4].number, 5);
	json_free(record);
	service_free(service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_is_recalled_is_what_was_remembered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_a_newer_version_knows_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_missing_has_its_usual_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_makes_no_sense_does_no_harm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_word_of_tomorrow_is_unknown_where_that_is_a_word, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_slots_that_are_not_declared_are_made, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
