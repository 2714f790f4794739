/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each DIR/NAME.json, rendered by the real renderer at 80 columns and a fixed time,
 * must be DIR/NAME.ok. GOLDEN=renew writes them anew: the difference in review is the
 * change of behaviour.
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
		cmocka_unit_test(all_services_stand_in_one_table),
		cmocka_unit_test(a_difference_is_told_in_words),
	};

	if (argc != 2)
		return 2;
	folder = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
