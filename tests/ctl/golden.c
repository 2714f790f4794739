/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each DIR/NAME.json, rendered by the real renderer at 80 columns and a fixed time,
 * must be DIR/NAME.ok; and so each situation of situations.json (every state, every cause
 * of an exit, every term of readiness), which says what is different from its `base`.
 * GOLDEN=renew writes them anew: the difference in review is the change of behaviour.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include "ctl/changes_text.h"
#include "ctl/status_text.h"
#include "protocol/protocol.h"
#include "tests/test.h"

enum { MAX_BYTES = 1024 * 1024, COLUMNS = 80 };

static const char *folder; /* tests/golden/ctl, by the command line */

static struct view the_view(void)
{
	struct view view = { .width = COLUMNS };

	assert_int_equal(wall_parse(&view.now, "2026-11-23T06:00:00.000Z"), 0);
	return view;
}

static void render_status(
	struct text *out, const struct view *view, const struct json_t *document)
{
	status_text(out, view, json_get(document, "status"), json_get(document, "log"));
}

typedef void render_fn(
	struct text *out, const struct view *view, const struct json_t *document);

static void renew_or_compare(const char *path, const struct text *out)
{
	_cleanup_free_ char *expected = NULL;

	if (text_equal(getenv("GOLDEN"), "renew")) {
		assert_int_equal(file_write(path, out->bytes, out->size, 0644), 0);
		return;
	}
	if (file_read(&expected, NULL, AT_FDCWD, path, MAX_BYTES) < 0)
		fail_msg("%s is missing; GOLDEN=renew writes it", path);
	if (strcmp(expected, out->bytes) != 0)
		fail_msg("%s differs; now it is\n%s", path, out->bytes);
}

static void assert_fits(const char *path, const struct text *out)
{
	for (const char *line = out->bytes; *line;) {
		const char *end = strchr(line, '\n');
		_cleanup_free_ char *copy = NULL;

		assert_non_null(end);
		copy = strndup(line, (size_t)(end - line));
		if (show_columns(copy) > COLUMNS)
			fail_msg("%s: over %d columns: %s", path, COLUMNS, copy);
		for (const char *at = copy; *at; at++)
			if ((unsigned char)*at < ' ' && *at != '\t')
				fail_msg("%s: control character in: %s", path, copy);
		line = end + 1;
	}
}

static void render_one(const char *stem, render_fn *render)
{
	_cleanup_free_ char *in = text_format("%s.json", stem), *bytes = NULL;
	_cleanup_free_ char *ok = text_format("%s.ok", stem);
	_cleanup_(json_freep) struct json_t *document = NULL;
	struct view view = the_view();
	struct error err = { 0 };
	struct text out = { 0 };
	size_t size;

	assert_int_equal(file_read(&bytes, &size, AT_FDCWD, in, MAX_BYTES), 0);
	if (json_parse(&document, bytes, size, MAX_BYTES, &err) < 0)
		fail_msg("%s: %s", in, err.text);
	render(&out, &view, document);
	assert_false(text_failed(&out));
	assert_fits(ok, &out);
	renew_or_compare(ok, &out);
	text_done(&out);
}

/* How many there were: an empty folder proves nothing. */
static size_t render_folder(const char *name, render_fn *render)
{
	_cleanup_free_ char *path = text_format("%s/%s", folder, name);
	DIR *dir = opendir(path);
	const struct dirent *item;
	size_t count = 0;

	assert_non_null(dir);
	while ((item = readdir(dir))) {
		_cleanup_free_ char *stem = NULL;

		if (!text_ends(item->d_name, ".json"))
			continue;
		stem = text_format("%s/%.*s", path,
			(int)(strlen(item->d_name) - strlen(".json")), item->d_name);
		render_one(stem, render);
		count++;
	}
	closedir(dir);
	return count;
}

/* ---- situations.json ------------------------------------------------------------- */

/* As RFC 7396, but null is a value. */
static void merge(struct json_t *into, struct json_t *patch)
{
	const char *key;
	struct json_t *value;

	json_each(patch, key, value)
	{
		struct json_t *old = json_get(into, key);

		if (json_kind(value) == JSON_IS_MAP && json_kind(old) == JSON_IS_MAP)
			merge(old, value);
		else
			assert_int_equal(json_set(into, key, json_clone(value)), 0);
	}
}

static void fail_terms(struct json_t *status, const struct json_t *failing)
{
	const struct json_t *terms = json_get(status, "terms");
	size_t found = 0;

	for (size_t i = 0; i < json_size(terms); i++) {
		struct json_t *term = json_item(terms, i);
		const char *reason =
			json_get_text(failing, json_get_text(term, "term", ""), NULL);

		if (!reason)
			continue;
		found++;
		json_set_bool(term, "ok", false);
		json_set_text(term, "reason", reason);
	}
	assert_int_equal(found, json_size(failing));
}

static struct json_t *situation_make(
	const struct json_t *base, const struct json_t *situation)
{
	struct json_t *status = json_clone(base);

	merge(status, json_get(situation, "status"));
	merge(json_item(json_get(status, "instances"), 0),
		json_get(situation, "instance"));
	fail_terms(status, json_get(situation, "failing"));
	if (json_get(situation, "exits"))
		json_set(status, "exits", json_clone(json_get(situation, "exits")));
	return status;
}

static struct json_t *situations_read(void)
{
	_cleanup_free_ char *path = text_format("%s/situations.json", folder);
	_cleanup_free_ char *bytes = NULL;
	struct json_t *ret = NULL;
	struct error err = { 0 };
	size_t size;

	assert_int_equal(file_read(&bytes, &size, AT_FDCWD, path, MAX_BYTES), 0);
	if (json_parse(&ret, bytes, size, MAX_BYTES, &err) < 0)
		fail_msg("%s: %s", path, err.text);
	return ret;
}

static void every_state_cause_and_term_has_its_face(void **state)
{
	_cleanup_(json_freep) struct json_t *all = situations_read();
	struct view view = the_view();
	const char *name;
	struct json_t *situation;

	(void)state;
	json_each(json_get(all, "situations"), name, situation)
	{
		_cleanup_free_ char *ok =
			text_format("%s/situations/%s.ok", folder, name);
		_cleanup_(json_freep) struct json_t *status =
			situation_make(json_get(all, "base"), situation);
		struct text out = { 0 };

		status_text(&out, &view, status, NULL);
		assert_false(text_failed(&out));
		assert_fits(ok, &out);
		renew_or_compare(ok, &out);
		text_done(&out);
	}
}

/* A word that another room adds must get its face here. */
static void no_state_and_no_term_is_forgotten(void **state)
{
	_cleanup_(json_freep) struct json_t *all = situations_read();
	struct json_t *situations = json_get(all, "situations");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(state_words); i++) {
		const char *key, *word = state_words[i];
		_cleanup_free_ char *begin = text_format("state-%s", word);
		struct json_t *value;
		bool found = false;

		json_each(situations, key, value)
		{
			found = found || (value && text_starts(key, begin));
		}
		if (!found)
			fail_msg("no situation shows state %s", word);
	}
	for (size_t i = 0; i < TERM_COUNT; i++) {
		_cleanup_free_ char *key =
			text_format("not-ready-%s", ready_term_words[i]);

		if (!json_get(situations, key))
			fail_msg("no situation shows term %s", ready_term_words[i]);
	}
}

static void colour_only_where_it_is_asked_for(void **state)
{
	_cleanup_(json_freep) struct json_t *all = situations_read();
	struct view view = the_view();
	struct text out = { 0 };

	(void)state;
	view.colour = true;
	status_text(&out, &view, json_get(all, "base"), NULL);
	assert_non_null(strstr(out.bytes, "\033[32m"));
	text_done(&out);
}

static void every_situation_has_its_face(void **state)
{
	(void)state;
	assert_true(render_folder("status", render_status) >= 16);
}

static void all_services_stand_in_one_table(void **state)
{
	(void)state;
	assert_true(render_folder("table", status_table) >= 1);
}

static void a_difference_is_told_in_words(void **state)
{
	(void)state;
	assert_true(render_folder("diff", changes_text) >= 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_situation_has_its_face),
		cmocka_unit_test(every_state_cause_and_term_has_its_face),
		cmocka_unit_test(no_state_and_no_term_is_forgotten),
		cmocka_unit_test(colour_only_where_it_is_asked_for),
		cmocka_unit_test(all_services_stand_in_one_table),
		cmocka_unit_test(a_difference_is_told_in_words),
	};

	if (argc != 2)
		return 2;
	folder = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
