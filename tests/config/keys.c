/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys.c - properties of the tables, over every row of a declaration, the host and the
 * site file.
 */
#include "config/keys.h"

#include "config/fields.h"
#include "tests/test.h"

/* ---- a value for each row that is not its default ---------------------------------- */

static struct json_t *sample_rows(const struct rows *rows);

static const char *sample_text(const struct field *field)
{
	static const struct {
		const struct shape *shape;
		const char *text;
	} samples[] = {
		{ &shape_service, "other-service" },
		{ &shape_name, "some.name" },
		{ &shape_user, "somebody" },
		{ &shape_path, "/some/where" },
		{ &shape_asked, "/some?thing" },
		{ &shape_file_name, "some.log" },
		{ &shape_signal, "USR2" },
		{ &shape_host, "host.example.org" },
		{ &shape_variable, "VARIABLE" },
		{ &shape_header, "X-Header" },
		{ &shape_method, "HEAD" },
		{ &shape_time, "04:30" },
		{ &shape_capability, "CAP_SYS_TIME" },
		{ &shape_service_or_all, "*" },
		{ &shape_user_or_all, "somebody" },
		{ &shape_capability_or_all, "CAP_SYS_TIME" },
	};

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		if (samples[i].shape == field->shape)
			return samples[i].text;
	}
	assert_null(field->shape);
	return "some text";
}

/* The least number that is not the default. */
static struct json_t *sample_number(const struct field *field)
{
	struct field here = *field;
	int64_t usual = UNSET, value = field->least;
	struct problems problems = { 0 };
	struct reader reader = { .problems = &problems };

	here.at = 0;
	assert_int_equal(field_read_default(&reader, &here, &usual), 0);
	if (value == usual || value == UNSET)
		value++;
	return field->kind->print(&here, &value);
}

static struct json_t *list_of(struct json_t *item)
{
	struct json_t *list = json_new_array();

	assert_int_equal(json_append(list, item), 0);
	return list;
}

static struct json_t *map_of(const char *key, struct json_t *value)
{
	struct json_t *map = json_new_object();

	assert_int_equal(json_set(map, key, value), 0);
	return map;
}

static struct json_t *sample_map(const struct field *field)
{
	const struct field key = { .shape = field->keys };
	struct json_t *value = field->item
				       ? list_of(json_new_text(sample_text(field->item)))
				       : sample_rows(field->rows);

	return map_of(sample_text(&key), value);
}

static struct json_t *sample_scalar(const struct field *field)
{
	const struct kind *kind = field->kind;

	if (kind == &kind_word)
		return json_new_text(field->words->items[field->words->count - 1]);
	if (kind == &kind_bool)
		return json_new_bool(text_equal(field->unset, "false"));
	if (kind == &kind_fraction)
		return json_new_double(0.25);
	if (kind == &kind_port || kind == &kind_port_name)
		return json_new_int(4711);
	if (kind->blank)
		return sample_number(field);
	return json_new_text(sample_text(field));
}

static struct json_t *sample(const struct field *field)
{
	const struct kind *kind = field->kind;
	const struct field key = { .shape = field->keys };

	if (kind == &kind_rest && text_equal(field->unset, "[]"))
		return list_of(json_new_text("v"));
	if (kind == &kind_json || kind == &kind_rest) {
		return map_of(
			field->words ? field->words->items[0] : "k", json_new_text("v"));
	}
	if (kind == &kind_map)
		return sample_map(field);
	if (kind == &kind_reload)
		return map_of("signal", json_new_text("HUP"));
	if (kind == &kind_list)
		return list_of(sample_rows(field->rows));
	if (field->rows)
		return sample_rows(field->rows);
	if (kind == &kind_strings || kind == &kind_argv)
		return list_of(json_new_text(sample_text(field)));
	if (kind == &kind_argvs)
		return list_of(list_of(json_new_text("program")));
	if (kind == &kind_codes)
		return list_of(json_new_int(301));
	if (kind == &kind_pairs)
		return map_of(sample_text(&key), json_new_text("value"));
	return sample_scalar(field);
}

/* Of the probes of a check only one can stand. */
static bool is_left_out(const struct field *field)
{
	return field->alias || field->kind == &kind_overrides ||
	       (field->kind == &kind_probe && field->value != CHECK_HTTP);
}

static struct json_t *sample_rows(const struct rows *rows)
{
	struct json_t *map = json_new_object();

	for (const struct field *field = rows->fields; field->key; field++) {
		if (!is_left_out(field))
			assert_int_equal(json_set(map, field->key, sample(field)), 0);
	}
	return map;
}

static void assert_same(struct json_t *got, struct json_t *want)
{
	_cleanup_free_ char *got_text = json_print(got, JSON_PRETTY);
	_cleanup_free_ char *want_text = json_print(want, JSON_PRETTY);

	assert_string_equal(got_text, want_text);
}

static void test_every_row_of_a_declaration_comes_back_as_it_went(void **state)
{
	_cleanup_(json_freep) struct json_t *want = sample_rows(&declaration_rows);
	_cleanup_(json_freep) struct json_t *got = NULL;
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	struct error err = { 0 };

	(void)state;
	if (declaration_read(&declaration, want, &err) < 0)
		fail_msg("%s", err.text);
	got = declaration_print(declaration);
	assert_same(got, want);
}

static void test_every_row_of_the_host_file_comes_back_as_it_went(void **state)
{
	_cleanup_(json_freep) struct json_t *want = sample_rows(&host_rows);
	_cleanup_(json_freep) struct json_t *got = NULL;
	struct host host;
	struct error err = { 0 };

	(void)state;
	if (host_read(&host, want, &err) < 0)
		fail_msg("%s", err.text);
	got = host_print(&host);
	host_done(&host);
	assert_same(got, want);
}

static void test_every_row_of_the_site_file_comes_back_as_it_went(void **state)
{
	_cleanup_(json_freep) struct json_t *want = sample_rows(&site_rows);
	_cleanup_(json_freep) struct json_t *got = NULL;
	struct site site;
	struct error err = { 0 };

	(void)state;
	if (site_read(&site, want, &err) < 0)
		fail_msg("%s", err.text);
	got = site_print(&site);
	site_done(&site);
	assert_same(got, want);
}

/* ---- each probe of a check --------------------------------------------------------- */

static void test_every_probe_comes_back_as_it_went(void **state)
{
	(void)state;
	for (const struct field *probe = check_rows.fields; probe->key; probe++) {
		_cleanup_(json_freep) struct json_t *want = NULL, *got = NULL;
		_cleanup_(node_freep) struct node *tree = NULL;
		_cleanup_(problems_done) struct problems problems = { 0 };
		struct reader reader = { .problems = &problems };
		struct check check = { 0 };

		if (probe->kind != &kind_probe)
			continue;
		want = sample_rows(&check_rows);
		json_remove(want, "http");
		json_set(want, probe->key,
			probe->rows   ? sample_rows(probe->rows)
			: probe->item ? sample(probe->item)
				      : json_new_bool(true));
		assert_int_equal(node_from_json(&tree, want), 0);
		assert_int_equal(rows_blank(&check_rows, &check), 0);
		assert_int_equal(rows_read(&reader, &check_rows, tree, &check), 0);
		got = rows_print(&check_rows, &check);
		rows_done(&check_rows, &check);
		assert_int_equal(problems.lines.count, 0);
		assert_true(json_same(got, want));
	}
}

/* ---- the tables -------------------------------------------------------------------- */

typedef void row_check_fn(const struct rows *rows, const struct field *field);

static void each_row(const struct rows *rows, row_check_fn *check)
{
	for (const struct field *field = rows->fields; field && field->key; field++) {
		check(rows, field);
		if (field->rows)
			each_row(field->rows, check);
	}
}

static void each_row_of_all(row_check_fn *check)
{
	each_row(&declaration_rows, check);
	each_row(&host_rows, check);
	each_row(&site_rows, check);
}

static void is_explained(const struct rows *rows, const struct field *field)
{
	(void)rows;
	assert_non_null(field->help);
	assert_true(strlen(field->help) > 2);
	assert_true(field->help[strlen(field->help) - 1] != '.');
}

static void test_every_row_has_help_without_a_full_stop(void **state)
{
	(void)state;
	each_row_of_all(is_explained);
}

static bool holds_a_member(const struct field *field)
{
	return !field->alias && field->kind != &kind_section &&
	       field->kind != &kind_choice && field->kind != &kind_probe &&
	       field->kind != &kind_rest && field->kind != &kind_overrides;
}

static void has_its_own_member(const struct rows *rows, const struct field *field)
{
	for (const struct field *other = rows->fields; other < field; other++) {
		assert_false(holds_a_member(field) && holds_a_member(other) &&
			     other->at == field->at);
	}
}

static void test_no_two_rows_of_a_table_hold_one_member(void **state)
{
	(void)state;
	each_row_of_all(has_its_own_member);
}

static void has_a_default_where_there_is_no_nothing(
	const struct rows *rows, const struct field *field)
{
	bool needs_one = field->kind == &kind_word || field->kind == &kind_bool ||
			 field->kind == &kind_fraction;

	(void)rows;
	assert_true(!needs_one || field->unset);
	assert_false(field->required && field->unset);
}

static void test_kinds_that_cannot_be_unset_have_a_default(void **state)
{
	(void)state;
	each_row_of_all(has_a_default_where_there_is_no_nothing);
}

static void name_is_known(
	const char *path, const char *unset, const char *help, void *data)
{
	size_t *count = data;

	(void)unset;
	(void)help;
	++*count;
	if (!strstr(path, "[]") && !strstr(path, "overrides"))
		assert_true(fields_known(path));
}

static void test_every_path_that_is_listed_is_known(void **state)
{
	size_t count = 0;

	(void)state;
	fields_each_path(name_is_known, &count);
	assert_true(count > 200);
}

static void test_defaults_alone_come_back_as_they_went(void **state)
{
	_cleanup_(json_freep) struct json_t *least = json_new_object(), *first = NULL,
					    *second = NULL;
	_cleanup_(declaration_freep) struct declaration *one = NULL, *two = NULL;
	struct error err = { 0 };

	(void)state;
	json_set_text(least, "service", "web");
	json_set(least, "run", map_of("command", list_of(json_new_text("true"))));
	assert_int_equal(declaration_read(&one, least, &err), 0);
	first = declaration_print(one);
	assert_int_equal(declaration_read(&two, first, &err), 0);
	second = declaration_print(two);
	assert_same(second, first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_of_a_declaration_comes_back_as_it_went),
		cmocka_unit_test(test_every_row_of_the_host_file_comes_back_as_it_went),
		cmocka_unit_test(test_every_row_of_the_site_file_comes_back_as_it_went),
		cmocka_unit_test(test_every_probe_comes_back_as_it_went),
		cmocka_unit_test(test_every_row_has_help_without_a_full_stop),
		cmocka_unit_test(test_no_two_rows_of_a_table_hold_one_member),
		cmocka_unit_test(test_kinds_that_cannot_be_unset_have_a_default),
		cmocka_unit_test(test_every_path_that_is_listed_is_known),
		cmocka_unit_test(test_defaults_alone_come_back_as_they_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
