/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rows_refused.c - every row of every table refuses what is wrong for it: the wrong type,
 * what is out of its range, an unknown word, a number without its unit, what is too long.
 *
 * The inputs are made from the rows, so that a new one is tried without being named here;
 * one of a kind that has no wrong values below fails. Each refusal names file, line and
 * column of the value, the key, and what was expected.
 */
#include <unistd.h>

#include "config/fields.h"
#include "config/keys.h"
#include "tests/test.h"

/* ---- what no row of a kind takes -------------------------------------------------- */

enum { ARGUMENT_MOST_BYTES = 131071 }; /* what execve(2) takes, without the NUL */

#define WHOLE   "must be a whole number, not "
#define TRUTH   "must be true or false, not "
#define MODE    "must be a mode in octal such as \"0644\", not "
#define PERIOD  "must be a duration such as 250ms, 5s, 2m, 1h or 7d, not "
#define SIZE    "must be a size such as 512K, 100M or 3G (1024-based), not "
#define PERCENT "must be a percentage such as 150%, not "
#define RATE    "must be a rate such as 200/s, not "
#define RELOAD  "must be {signal: HUP}, {command: [...]} or none, not "
#define ARGV                                                                             \
	"must be a list of words such as [program, argument] (no shell reads it), not "

static const struct wrong {
	const struct kind *kind;
	const char *yaml, *says;
} wrongs[] = {
	{ &kind_text, "[a]", ", not a list" },
	{ &kind_text, "{a: b}", ", not a map" },
	{ &kind_text, "\"a\\u0001\"", "must be " },
	{ &kind_block, "[a]", ", not a list" },
	{ &kind_block, "{a: b}", ", not a map" },
	{ &kind_word, "[a]", ", not a list" },
	{ &kind_word, "nonsense", ", not nonsense" },
	{ &kind_word, "1", ", not 1" },
	{ &kind_bool, "yes", TRUTH "yes; write true" },
	{ &kind_bool, "1", TRUTH "1" },
	{ &kind_bool, "\"true\"", TRUTH "\"true\"; write true without quotes" },
	{ &kind_bool, "[true]", TRUTH "a list" },
	{ &kind_count, "many", WHOLE "many" },
	{ &kind_count, "1.5", WHOLE "1.5" },
	{ &kind_count, "\"1\"", WHOLE "the text \"1\"" },
	{ &kind_count, "007", WHOLE "007 (write it without leading zeros)" },
	{ &kind_count, "99999999999999999999", WHOLE "99999999999999999999" },
	{ &kind_count, "[1]", WHOLE "a list" },
	{ &kind_port, "0", "must be a port from 1 to 65535, not 0" },
	{ &kind_port, "65536", "must be a port from 1 to 65535, not 65536" },
	{ &kind_port, "http", "must be a port number, not http" },
	{ &kind_port, "[80]", ", not a list" },
	{ &kind_port_name, "0", "must be a port from 1 to 65535, not 0" },
	{ &kind_port_name, "65536", "must be a port from 1 to 65535, not 65536" },
	{ &kind_port_name, "[80]", ", not a list" },
	{ &kind_port_name, "\"no port\"", "must be " },
	{ &kind_mode, "rw", MODE "rw" },
	{ &kind_mode, "0888", MODE "0888" },
	{ &kind_mode, "\"1777\"", "must be at most \"0777\", not " },
	{ &kind_mode, "[1]", ", not a list" },
	{ &kind_duration, "30", PERIOD "a bare 30: write 30s" },
	{ &kind_duration, "soon", PERIOD "soon" },
	{ &kind_duration, "1.5s", PERIOD "1.5s" },
	{ &kind_duration, "-1s", PERIOD "-1s" },
	{ &kind_duration, "99999999999999999s", PERIOD "99999999999999999s" },
	{ &kind_duration, "[1s]", ", not a list" },
	{ &kind_size, "5", SIZE "a bare 5: write 5M" },
	{ &kind_size, "3GB", SIZE "3GB: write 3G" },
	{ &kind_size, "-1M", SIZE "-1M" },
	{ &kind_size, "99999999999999T", SIZE "99999999999999T" },
	{ &kind_size, "[1M]", ", not a list" },
	{ &kind_percent, "2", PERCENT "a bare 2: write 2%" },
	{ &kind_percent, "half", PERCENT "half" },
	{ &kind_percent, "[1%]", ", not a list" },
	{ &kind_rate, "5", RATE "a bare 5: write 5/s" },
	{ &kind_rate, "5/h", RATE "5/h" },
	{ &kind_rate, "[5/s]", ", not a list" },
	{ &kind_fraction, "1.5", "must be a fraction from 0 to 1 such as 0.5, not 1.5" },
	{ &kind_fraction, "half",
		"must be a fraction from 0 to 1 such as 0.5, not half" },
	{ &kind_fraction, "[1]", ", not a list" },
	{ &kind_codes, "7", "must be a list of numbers such as [200, 301]" },
	{ &kind_codes, "[many]", WHOLE "many" },
	{ &kind_codes, "{}", ", not a map" },
	{ &kind_section, "x", "must be a map, not x" },
	{ &kind_section, "[]", "must be a map, not a list" },
	{ &kind_choice, "x", "must be a map, not x" },
	{ &kind_choice, "[]", "must be a map, not a list" },
	{ &kind_strings, "x", "must be a list" },
	{ &kind_strings, "{a: b}", "must be a list" },
	{ &kind_strings, "[[a]]", ", not a list" },
	{ &kind_strings, "[{a: b}]", ", not a map" },
	{ &kind_argv, "a b", ARGV "a b" },
	{ &kind_argv, "{a: b}", ARGV "a map" },
	{ &kind_argv, "[[a]]", ", not a list" },
	{ &kind_argvs, "x", "must be a list" },
	{ &kind_argvs, "{a: b}", "must be a list" },
	{ &kind_argvs, "[true]", ARGV "true" },
	{ &kind_argvs, "[[]]", "must name a program, not an empty list" },
	{ &kind_pairs, "x", "must be a map" },
	{ &kind_pairs, "[a]", "must be a map" },
	{ &kind_pairs, "{\"a b\": c}", "must be " },
	{ &kind_pairs, "{a: [b]}", ", not a list" },
	{ &kind_list, "x", "must be a list" },
	{ &kind_list, "{a: b}", "must be a list" },
	{ &kind_list, "[x]", "must be a map, not x" },
	{ &kind_one_or_list, "x", "must be a map, or a list of maps" },
	{ &kind_one_or_list, "[x]", "must be a map, not x" },
	{ &kind_map, "x", "must be a map" },
	{ &kind_map, "[a]", "must be a map" },
	{ &kind_map, "{\"a b\": c}", "must be " },
	{ &kind_switch, "x", ", not x" },
	{ &kind_switch, "[]", "must be a map, not a list" },
	{ &kind_reload, "HUP", RELOAD "HUP" },
	{ &kind_reload, "{}", "must have one of signal and command" },
	{ &kind_reload, "{signal: HUP, command: [a]}",
		"must have one of signal and command, not both" },
	{ &kind_log_target, "../x", "must be a file name without directory" },
	{ &kind_log_target, "[a]", ", not a list" },
	{ &kind_json, "x", "must be a map, not x" },
	{ &kind_json, "[]", "must be a map, not a list" },
	{ &kind_rest, "x", ", not x" },
	{ &kind_overrides, "x", "must be a list of {match, set}, not x" },
	{ &kind_overrides, "[{set: {}}]", "must be {match: " },
	{ &kind_overrides, "[{match: {}, set: {}}]",
		"must name a site, a cluster or a host" },
	{ &kind_probe, "[{a: b}]", ", not a " },
};

/* ---- one input -------------------------------------------------------------------- */

struct table {
	const char *what;
	const struct rows *rows;
	size_t size; /* of what it is read into */
};

static const struct table tables[] = {
	{ "declaration", &declaration_rows, sizeof(struct declaration) },
	{ "svcd.yaml", &host_rows, sizeof(struct host) },
	{ "site.yaml", &site_rows, sizeof(struct site) },
};

/* Where a value stands: PREFIX value SUFFIX, on the third line of its file. */
struct place {
	const struct table *table;
	const char *path, *prefix, *suffix;
};

static struct { /* NOLINT: of all tests */
	const struct table *table;
	size_t tried, wrong;
	bool kinds[ARRAY_LEN(wrongs)];
} count;

static void read_text(const struct table *table, const char *yaml, struct problems *ret)
{
	_cleanup_(node_freep) struct node *tree = NULL;
	_cleanup_free_ void *base = calloc(1, table->size);
	struct reader reader = { .problems = ret };

	assert_int_equal(node_from_yaml(&tree, "f", yaml, strlen(yaml), ret), 0);
	if (!tree)
		return;
	assert_int_equal(rows_blank(table->rows, base), 0);
	assert_int_equal(rows_read(&reader, table->rows, tree, base), 0);
	rows_done(table->rows, base);
}

static bool begins_and_has(const char *line, const char *begin, const char *part)
{
	return strncmp(line, begin, strlen(begin)) == 0 &&
	       strstr(line + strlen(begin), part);
}

/* `below` is what of the path the value itself names: "[0]", ".a b", or "". */
static bool is_said(const struct problems *problems, const struct place *place,
	size_t column, const char *says)
{
	_cleanup_free_ char *exact = text_format("f:3:%zu: %s: ", column, place->path);
	_cleanup_free_ char *inside = text_format(": %s", place->path);

	for (size_t i = 0; i < problems->lines.count; i++) {
		const char *line = problems->lines.items[i];
		const char *at = strstr(line, inside);

		if (begins_and_has(line, exact, says))
			return true;
		/* of something inside of it: an item, a key */
		if (strncmp(line, "f:3:", 4) == 0 && at &&
			strchr("[.", at[strlen(inside)]) && strstr(at, says))
			return true;
	}
	return false;
}

static void try_value(const struct place *place, const char *value, const char *says)
{
	_cleanup_free_ char *yaml =
		text_format("# a file\n\n%s%s%s\n", place->prefix, value, place->suffix);
	_cleanup_(problems_done) struct problems problems = { 0 };

	read_text(place->table, yaml, &problems);
	count.tried++;
	if (is_said(&problems, place, strlen(place->prefix) + 1, says))
		return;
	count.wrong++;
	fprintf(stderr, "%s: %s: %.60s is not refused with \"%s\":\n", place->table->what,
		place->path, value, says);
	for (size_t i = 0; i < problems.lines.count; i++)
		fprintf(stderr, "\t%s\n", problems.lines.items[i]);
}

/* ---- what is judged when all sources are there ------------------------------------ */

/* A free value may be of any type until it is expanded: refused as a golden file says. */
static bool is_judged_later(const struct place *place)
{
	return strcmp(place->path, "lvs[0].address") == 0 &&
	       access(SOURCE_ROOT "/tests/golden/config/refusals/"
				  "lvs-address-without-site.ok",
		       R_OK) == 0;
}

/* ---- what follows from the row ---------------------------------------------------- */

static bool is_measure(const struct kind *kind)
{
	return kind == &kind_duration || kind == &kind_size || kind == &kind_percent ||
	       kind == &kind_rate;
}

static char *written(const struct field *field, int64_t value)
{
	struct field here = *field;
	_cleanup_(json_freep) struct json_t *json = NULL;

	here.at = 0;
	json = here.kind->print(&here, &value);
	return json_kind(json) == JSON_IS_TEXT
		       ? strdup(json_text(json))
		       : text_format("%lld", (long long)json_int(json));
}

static void try_bounds(const struct place *place, const struct field *field)
{
	bool number = field->kind == &kind_count;
	_cleanup_free_ char *below = NULL, *above = NULL;

	if (!number && !is_measure(field->kind))
		return;
	if (number || field->least > 0) {
		below = written(field, field->least - 1);
		try_value(place, below, "must be ");
	}
	if (field->most) {
		above = written(field, field->most + 1);
		try_value(place, above, "must be from ");
	}
}

static char *long_text(size_t bytes, char first)
{
	char *text = malloc(bytes + 1);

	memset(text, 'x', bytes);
	text[0] = first;
	text[bytes] = '\0';
	return text;
}

static void try_too_long(const struct place *place, const struct field *field)
{
	bool argv = field->kind == &kind_argv;
	bool list = argv || field->kind == &kind_strings;
	size_t most = argv          ? ARGUMENT_MOST_BYTES
		      : field->most ? (size_t)field->most
				    : TEXT_MOST_BYTES;
	_cleanup_free_ char *text = NULL, *item = NULL;

	if (!list && field->kind != &kind_text && field->kind != &kind_block)
		return;
	if (most >= DOCUMENT_MAX_BYTES) /* the whole file is refused before */
		return;
	text = long_text(most + 1, '/');
	item = list ? text_format("[%s]", text) : NULL;
	try_value(place, list ? item : text, "must be at most ");
}

static void try_shape(const struct place *place, const struct field *field)
{
	bool list = field->kind == &kind_strings || field->kind == &kind_codes;

	if (!field->shape || field->kind == &kind_port_name)
		return;
	try_value(place, list ? "[\"\\n\"]" : "\"\\n\"", field->shape->says);
	try_value(place, list ? "[\"\"]" : "\"\"", field->shape->says);
}

static void try_row(const struct place *place, const struct field *field)
{
	bool known = is_judged_later(place);

	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		if (wrongs[i].kind != field->kind || is_judged_later(place))
			continue;
		known = count.kinds[i] = true;
		try_value(place, wrongs[i].yaml, wrongs[i].says);
	}
	if (!known)
		fail_msg("%s: nothing is known to be wrong for a %s", place->path,
			field->kind->name);
	try_bounds(place, field);
	try_too_long(place, field);
	try_shape(place, field);
	if (field->words && (field->kind == &kind_json || field->kind == &kind_rest))
		try_value(place, "{nonsense_key: 1}", "unknown key");
	if (field->required)
		try_value(place, "null", "must not be null: ");
}

/* ---- all of them ------------------------------------------------------------------ */

static void try_rows(const struct place *place, const struct rows *rows);

/* The rows inside of a key. */
static void try_inside(const struct place *place, const struct field *field)
{
	bool list = field->kind == &kind_list || field->kind == &kind_one_or_list;
	bool map = field->kind == &kind_map;
	_cleanup_free_ char *path = text_format("%s%s", place->path,
		list  ? "[0]"
		: map ? ".name"
		      : "");
	_cleanup_free_ char *prefix = text_format("%s%s", place->prefix,
		list  ? "["
		: map ? "{name: "
		      : "");
	_cleanup_free_ char *suffix = text_format("%s%s",
		list  ? "]"
		: map ? "}"
		      : "",
		place->suffix);
	struct place inside = { place->table, path, prefix, suffix };

	if (map && field->item)
		try_row(&inside, field->item);
	else if (field->rows->fields)
		try_rows(&inside, field->rows);
}

static void try_unknown(const struct place *place, const struct rows *rows)
{
	_cleanup_free_ char *path =
		text_format("%s%snonsense_key", place->path, place->path[0] ? "." : "");
	_cleanup_free_ char *prefix = text_format("%s{", place->prefix);
	_cleanup_free_ char *suffix = text_format(": 1}%s", place->suffix);
	struct place key = { place->table, path, prefix, suffix };

	(void)rows;
	try_value(&key, "nonsense_key", "unknown key");
}

/* A check asks something; keys beside `http` are its. */
static const char *beside(const struct rows *rows, const struct field *field)
{
	if (rows != &check_rows || field->kind == &kind_probe)
		return "";
	return "http: /, ";
}

static void try_rows(const struct place *place, const struct rows *rows)
{
	try_unknown(place, rows);
	for (const struct field *field = rows->fields; field->key; field++) {
		_cleanup_free_ char *path = text_format(
			"%s%s%s", place->path, place->path[0] ? "." : "", field->key);
		_cleanup_free_ char *prefix = text_format(
			"%s{%s%s: ", place->prefix, beside(rows, field), field->key);
		_cleanup_free_ char *suffix = text_format("}%s", place->suffix);
		struct place inside = { place->table, path, prefix, suffix };

		try_row(&inside, field);
		if (field->rows && !field->alias)
			try_inside(&inside, field);
	}
}

static void test_every_row_refuses_what_is_wrong_for_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		struct place place = { &tables[i], "", "", "" };

		try_rows(&place, tables[i].rows);
	}
	print_message("%zu wrong values\n", count.tried);
	assert_int_equal(count.wrong, 0);
	assert_true(count.tried > 1000);
}

/* Else a kind that is no more would keep its lines for ever. */
static void test_every_wrong_value_was_tried(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++)
		assert_true(count.kinds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_refuses_what_is_wrong_for_it),
		cmocka_unit_test(test_every_wrong_value_was_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
