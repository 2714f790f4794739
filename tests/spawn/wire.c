/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wire.c - what is sent is what arrives, and nothing that is cut short is taken.
 */
#include "spawn/wire.h"

#include <string.h>

#include "tests/test.h"

static char shell[] = "/bin/sh", option[] = "-c", empty[] = "", line[] = "echo \xff";
static char *words[] = { shell, option, empty, line };
static const struct strings argv = { words, ARRAY_LEN(words) };
static char capability[] = "CAP_NET_BIND_SERVICE";
static char *kept[] = { capability };
static const struct strings capabilities = { kept, 1 };
static const char *const environment[] = { "A=1", "B=", NULL };
static gid_t groups[] = { 7, 8, 9 };
static const struct identity identity = {
	.known = true, .uid = 1000, .gid = 7, .groups = groups, .groups_count = 3
};

static char cache[] = "/var/cache/web", tmp[] = "/tmp";
static struct place places[] = {
	{ cache, "security.writable", PLACE_KEEP, false },
	{ tmp, "security.tmp", PLACE_FRESH, true },
};
static const struct view view = {
	.read_only = true, .fresh_bytes = 4096, .places = places, .count = 2
};

static struct spawn_spec full_spec(void)
{
	return (struct spawn_spec){ .name = "web",
		.argv = &argv,
		.environment = environment,
		.directory = "/srv",
		.identity = &identity,
		.cgroup_fd = -1,
		.umask = 022,
		.nice = -20,
		.open_files = INT64_MAX,
		.core_bytes = 0,
		.oom_score = -1000,
		.limits_asked = ASKED_NICE,
		.view = &view,
		.network_none = true,
		.apart = true,
		.service_calls = true,
		.no_new_privileges = true,
		.capabilities = &capabilities,
		.set_listen_pid = true };
}

static void all_fields_arrive(void **state)
{
	struct spawn_spec spec = full_spec();
	struct text bytes = { 0 };
	struct wired wired;

	(void)state;
	wire_print(&bytes, &spec);
	assert_false(text_failed(&bytes));
	assert_int_equal(wire_read(&wired, bytes.bytes, bytes.size), 0);
	assert_string_equal(wired.spec.name, "web");
	assert_int_equal(wired.spec.argv->count, 4);
	for (size_t i = 0; i < argv.count; i++)
		assert_string_equal(wired.spec.argv->items[i], words[i]);
	assert_string_equal(wired.spec.environment[0], "A=1");
	assert_string_equal(wired.spec.environment[1], "B=");
	assert_null(wired.spec.environment[2]);
	assert_string_equal(wired.spec.directory, "/srv");
	assert_int_equal(wired.spec.identity->uid, 1000);
	assert_int_equal(wired.spec.identity->gid, 7);
	assert_memory_equal(wired.spec.identity->groups, groups, sizeof(groups));
	assert_int_equal(wired.spec.umask, 022);
	assert_int_equal(wired.spec.nice, -20);
	assert_int_equal(wired.spec.open_files, INT64_MAX);
	assert_int_equal(wired.spec.core_bytes, 0);
	assert_int_equal(wired.spec.oom_score, -1000);
	assert_int_equal(wired.spec.limits_asked, ASKED_NICE);
	assert_true(wired.spec.view->read_only);
	assert_int_equal(wired.spec.view->fresh_bytes, 4096);
	assert_int_equal(wired.spec.view->count, 2);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct place *place = &wired.spec.view->places[i];

		assert_string_equal(place->path, places[i].path);
		assert_string_equal(place->key, places[i].key);
		assert_int_equal(place->act, places[i].act);
		assert_int_equal(place->optional, places[i].optional);
	}
	assert_true(wired.spec.network_none);
	assert_true(wired.spec.apart);
	assert_true(wired.spec.service_calls);
	assert_true(wired.spec.no_new_privileges);
	assert_false(wired.spec.keep_privileges);
	assert_true(wired.spec.set_listen_pid);
	assert_string_equal(wired.spec.capabilities->items[0], "CAP_NET_BIND_SERVICE");
	wire_done(&wired);
	text_done(&bytes);
}

static void what_is_not_there_is_not_there_afterwards(void **state)
{
	struct spawn_spec spec = { .name = "web", .argv = &argv, .umask = UNSET };
	struct text bytes = { 0 };
	struct wired wired;

	(void)state;
	wire_print(&bytes, &spec);
	assert_int_equal(wire_read(&wired, bytes.bytes, bytes.size), 0);
	assert_null(wired.spec.environment);
	assert_null(wired.spec.directory);
	assert_null(wired.spec.identity);
	assert_null(wired.spec.capabilities);
	assert_null(wired.spec.view);
	assert_false(wired.spec.service_calls);
	assert_int_equal(wired.spec.umask, UNSET);
	wire_done(&wired);
	text_done(&bytes);
}

static void bytes_that_are_cut_or_added_are_refused(void **state)
{
	struct spawn_spec spec = full_spec();
	struct text bytes = { 0 };
	struct wired wired;

	(void)state;
	wire_print(&bytes, &spec);
	for (size_t size = 0; size < bytes.size; size++)
		assert_int_equal(wire_read(&wired, bytes.bytes, size), -EINVAL);
	text_add(&bytes, "x");
	assert_int_equal(wire_read(&wired, bytes.bytes, bytes.size), -EINVAL);
	text_done(&bytes);
}

static void numbers_that_lie_are_refused(void **state)
{
	struct spawn_spec spec = full_spec();
	struct text bytes = { 0 };

	(void)state;
	wire_print(&bytes, &spec);
	for (size_t at = 0; at + 4 <= bytes.size; at++) {
		char saved[4];
		struct wired wired;

		memcpy(saved, bytes.bytes + at, 4);
		memset(bytes.bytes + at, 0xff, 4);
		if (wire_read(&wired, bytes.bytes, bytes.size) == 0)
			wire_done(&wired); /* it was in a number or a text */
		memcpy(bytes.bytes + at, saved, 4);
	}
	text_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_arrive),
		cmocka_unit_test(what_is_not_there_is_not_there_afterwards),
		cmocka_unit_test(bytes_that_are_cut_or_added_are_refused),
		cmocka_unit_test(numbers_that_lie_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
