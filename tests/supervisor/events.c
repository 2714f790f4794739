/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.c - the ring of what happened.
 */
#include "supervisor/events.h"

#include <stdio.h>
#include <syslog.h>

#include "tests/test.h"

static void add(struct events *events, const char *service)
{
	struct event event = { .level = LOG_INFO, .uid = NOBODY, .word = "up" };

	snprintf(event.service, sizeof(event.service), "%s", service);
	events_add(events, &event);
}

static void events_are_numbered_from_one_and_read_in_order(void **state)
{
	_cleanup_(events_done) struct events events = { 0 };
	struct event found;

	(void)state;
	assert_int_equal(events_init(&events), 0);
	assert_false(events_after(&events, 0, &found));
	add(&events, "a");
	add(&events, "b");
	assert_true(events_after(&events, 0, &found));
	assert_int_equal(found.number, 1);
	assert_true(events_after(&events, 1, &found));
	assert_string_equal(found.service, "b");
	assert_false(events_after(&events, 2, &found));
}

static void who_was_away_too_long_gets_the_oldest_that_is_kept(void **state)
{
	static const uint64_t seen[] = { 0, 5, 11 };
	_cleanup_(events_done) struct events events = { 0 };
	struct event found;

	(void)state;
	assert_int_equal(events_init(&events), 0);
	for (int i = 0; i < EVENTS_KEPT + 10; i++)
		add(&events, "a");
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		assert_true(events_after(&events, seen[i], &found));
		assert_int_equal(found.number, i < 2 ? 11 : 12);
	}
}

static void an_event_is_kept_as_it_was_with_the_longest_texts(void **state)
{
	_cleanup_(events_done) struct events events = { 0 };
	struct event event = { .at = { 7 },
		.instance = 3,
		.level = LOG_ERR,
		.uid = 1001,
		.exit = { true, CAUSE_SIGNAL, -1, 9 } };
	struct event found;

	(void)state;
	memset(event.service, 's', EVENT_NAME_BYTES - 1);
	memset(event.word, 'w', EVENT_WORD_BYTES - 1);
	memset(event.text, 't', EVENT_TEXT_BYTES - 1);
	assert_int_equal(events_init(&events), 0);
	events_add(&events, &event);
	assert_true(events_after(&events, 0, &found));
	assert_int_equal(found.number, 1);
	assert_int_equal(found.at.us, 7);
	assert_int_equal(found.instance, 3);
	assert_int_equal(found.level, LOG_ERR);
	assert_int_equal(found.uid, 1001);
	assert_true(found.exit.known);
	assert_int_equal(found.exit.cause, CAUSE_SIGNAL);
	assert_int_equal(found.exit.signal, 9);
	assert_string_equal(found.service, event.service);
	assert_string_equal(found.word, event.word);
	assert_string_equal(found.text, event.text);
}

static void the_last_lines_are_counted_by_name(void **state)
{
	_cleanup_(events_done) struct events events = { 0 };
	_cleanup_(strings_done) struct strings all = { 0 }, only_a = { 0 };

	(void)state;
	assert_int_equal(events_init(&events), 0);
	assert_int_equal(strings_add(&only_a, "a"), 0);
	add(&events, "a");
	add(&events, "b");
	add(&events, "a");
	add(&events, "b");
	assert_int_equal(events_before_last(&events, &all, 1), 3);
	assert_int_equal(events_before_last(&events, &only_a, 1), 2);
	assert_int_equal(events_before_last(&events, &only_a, 2), 0);
	assert_int_equal(events_before_last(&events, &only_a, 100), 0);
	assert_int_equal(events_before_last(&events, &all, 0), 4);
}

static void what_is_not_known_is_null(void **state)
{
	struct event event = { .number = 7,
		.at = { 1795416842335076 },
		.level = LOG_WARNING,
		.uid = NOBODY,
		.word = "exited",
		.text = "exit 1" };
	_cleanup_(json_freep) struct json_t *json = event_print(&event);
	_cleanup_free_ char *text = json_print(json, JSON_ONE_LINE);

	(void)state;
	assert_string_equal(text,
		"{\"at\":\"2026-11-23T06:54:02.335Z\",\"service\":null,\"instance\":null,"
		"\"event\":\"exited\",\"level\":\"warning\",\"text\":\"exit 1\",\"uid\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_numbered_from_one_and_read_in_order),
		cmocka_unit_test(who_was_away_too_long_gets_the_oldest_that_is_kept),
		cmocka_unit_test(an_event_is_kept_as_it_was_with_the_longest_texts),
		cmocka_unit_test(the_last_lines_are_counted_by_name),
		cmocka_unit_test(what_is_not_known_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
