/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * accepted.c - files of what was accepted: printed, read again, damaged; and when many
 * changes of files have become quiet.
 */
#include "supervisor/accepted.h"

#include <stdio.h>
#include <string.h>

#include "supervisor/file_watch.h"
#include "tests/test.h"

static struct json_t *pins_of(const char *file, const char *template)
{
	struct json_t *pins = json_new_object();

	assert_int_equal(json_set_text(pins, "file", file), 0);
	if (template)
		assert_int_equal(json_set_text(pins, "template node", template), 0);
	return pins;
}

static char *print_sample(void)
{
	_cleanup_(json_freep) struct json_t *pins = pins_of("1", "2");
	_cleanup_(json_freep) struct json_t *head =
		accepted_head(&(struct acceptance){ .hash = "9f1c", .pins = pins },
			(struct wall){ 17 });

	return accepted_print(head, "{\"service\":\"mathoid\"}");
}

static void what_was_printed_is_read_again(void **state)
{
	_cleanup_free_ char *text = print_sample();
	struct accepted_file file;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(accepted_parse(&file, text, strlen(text), &err), 0);
	assert_string_equal(json_get_text(file.head, "hash", ""), "9f1c");
	assert_int_equal(json_get_int(file.head, "at_us", 0), 17);
	assert_memory_equal(file.body, "{\"service\":\"mathoid\"}", file.body_size);
	json_free(file.head);
}

static void since_when_a_change_waits_is_in_the_head(void **state)
{
	_cleanup_(json_freep) struct json_t *pins = pins_of("1", "2");
	_cleanup_(json_freep) struct json_t *head =
		accepted_head(&(struct acceptance){ .hash = "9f1c", .pins = pins },
			(struct wall){ 17 });
	_cleanup_(json_freep) struct json_t *waits =
		accepted_pend(head, (struct wall){ 42 });
	_cleanup_(json_freep) struct json_t *again =
		accepted_pend(waits, (struct wall){ 0 });

	(void)state;
	assert_int_equal(accepted_pending(NULL).us, 0);
	assert_int_equal(accepted_pending(head).us, 0);
	assert_int_equal(accepted_pending(waits).us, 42);
	assert_true(accepted_same(head, waits));
	assert_true(json_same(again, head));
}

static void no_byte_may_be_another_and_none_missing(void **state)
{
	_cleanup_free_ char *text = print_sample();
	const size_t size = strlen(text);

	(void)state;
	for (size_t i = 0; i < size; i++) {
		struct accepted_file file;
		struct error err = { 0 };

		text[i] ^= 1;
		if (accepted_parse(&file, text, size, &err) == 0 || !err.text[0])
			fail_msg("byte %zu may be another", i);
		text[i] ^= 1;
		if (accepted_parse(&file, text, i, &err) == 0)
			fail_msg("%zu bytes are enough", i);
	}
}

static const struct {
	const char *rule, *file, *template, *want;
} cases[] = {
	{ "nothing changed", "1", "2", "" },
	{ "its own file is not upstream", "7", "2", "" },
	{ "a template is, and is named", "1", "7", "template node" },
	{ "also when its own file changed too", "7", "7", "template node" },
	{ "a template that it names no more went with the file", "7", NULL, "" },
};

static void what_changed_upstream_is_named(void **state)
{
	_cleanup_(json_freep) struct json_t *old = pins_of("1", "2");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(json_freep) struct json_t *new =
			pins_of(cases[i].file, cases[i].template);
		char got[64];

		accepted_upstream(old, new, got, sizeof(got));
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].rule, got);
	}
}

/* Moments in ms: 'c' a file became complete, 'o' one is open; when it is due. */
static const struct {
	const char *rule, *changes;
	int64_t every_ms, due_ms;
} rushes[] = {
	{ "one change is due a second later", "c", 0, 1000 },
	{ "forty files are one change", "cccccccccccccccccccccccccccccccccccccccc", 50,
		39 * 50 + 1000 },
	{ "who still writes gets more time", "o", 0, 3000 },
	{ "and is not waited for once he has ended", "ooc", 100, 1200 },
	{ "whoever never ends is not waited for", "cccccccccccccccccccccccccc", 500,
		10000 },
};

static void changes_are_told_when_they_are_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rushes); i++) {
		struct quiet quiet;
		struct instant now = { 0 };

		quiet_begin(&quiet);
		assert_int_equal(quiet.due.us, NEVER.us);
		for (const char *at = rushes[i].changes; *at; at++) {
			quiet_change(&quiet, *at == 'c', now);
			now = instant_add_ms(now, rushes[i].every_ms);
		}
		if (quiet.due.us != rushes[i].due_ms * US_PER_MS)
			fail_msg("%s: %lld us", rushes[i].rule, (long long)quiet.due.us);
	}
}

static void leftovers_of_editors_mean_nothing(void **state)
{
	(void)state;
	assert_true(file_watch_cares("mathoid.yaml"));
	assert_true(file_watch_cares("services"));
	assert_false(file_watch_cares(".mathoid.yaml.swp"));
	assert_false(file_watch_cares("mathoid.yaml~"));
	assert_false(file_watch_cares("mathoid.yaml.dpkg-new"));
	assert_false(file_watch_cares("#mathoid.yaml#"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_printed_is_read_again),
		cmocka_unit_test(since_when_a_change_waits_is_in_the_head),
		cmocka_unit_test(no_byte_may_be_another_and_none_missing),
		cmocka_unit_test(what_changed_upstream_is_named),
		cmocka_unit_test(changes_are_told_when_they_are_over),
		cmocka_unit_test(leftovers_of_editors_mean_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
