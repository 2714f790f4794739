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

	(void)state;
	assert_int_equal(events_init(&events), 0);
	assert_null(events_after(&events, 0));
	add(&events, "a");
	add(&events, "b");
	assert_int_equal(events_after(&events, 0)->number, 1);
	assert_string_equal(events_after(&events, 1)->service, "b");
	assert_null(events_after(&events, 2));
}

static void who_was_away_too_long_gets_the_oldest_that_is_kept(void **state)
{
	_cleanup_(events_done) struct events events = { 0 };

	(void)state;
	assert_int_equal(events_init(&events), 0);
	for (int i = 0; i < EVENTS_KEPT + 10; i++)
		add(&events, "a");
	assert_int_equal(events_after(&events, 0)->number, 11);
	assert_int_equal(events_after(&events, 5)->number, 11);
	assert_int_equal(events_after(&events, 11)->number, 12);
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
		cmocka_unit_test(the_last_lines_are_counted_by_name),
		cmocka_unit_test(what_is_not_known_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
