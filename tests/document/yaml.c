/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * yaml.c - texts in YAML and JSON to trees with places; what is not read is refused
 * there.
 */
#include "document/document.h"
#include "tests/test.h"

/* What stands in `bytes`, as one line of JSON, or the problems, a line each. */
static char *read_text(const char *bytes, size_t size)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(node_freep) struct node *tree = NULL;
	_cleanup_(json_freep) struct json_t *json = NULL;
	struct text lines = { 0 };

	assert_int_equal(node_from_yaml(&tree, "f", bytes, size, &problems), 0);
	assert_int_equal(tree == NULL, problems.lines.count > 0);
	for (size_t i = 0; i < problems.lines.count; i++)
		text_addf(&lines, "%s%s", i ? "\n" : "", problems.lines.items[i]);
	if (!tree)
		return text_take(&lines);
	json = node_to_json(tree);
	return json_print(json, JSON_ONE_LINE);
}

struct text_case {
	const char *yaml, *want;
};

static void check_cases(const struct text_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *got =
			read_text(cases[i].yaml, strlen(cases[i].yaml));

		assert_string_equal(got, cases[i].want);
	}
}

static void test_a_file_says_the_same_in_block_flow_and_json(void **state)
{
	static const struct text_case cases[] = {
		{ "a: {b: [1, x]}\n", "{\"a\":{\"b\":[1,\"x\"]}}" },
		{ "a:\n  b:\n    - 1\n    - x\n", "{\"a\":{\"b\":[1,\"x\"]}}" },
		{ "{\"a\": {\"b\": [1, \"x\"]}}", "{\"a\":{\"b\":[1,\"x\"]}}" },
		{ "\xef\xbb\xbf"
		  "a: b\r\n",
			"{\"a\":\"b\"}" },
		{ "a: |\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\"}" },
		{ "a: &x {b: c}\nd: *x\n", "{\"a\":{\"b\":\"c\"},\"d\":{\"b\":\"c\"}}" },
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_a_scalar_is_what_was_written(void **state)
{
	static const struct text_case cases[] = {
		{ "a: 0022\n", "{\"a\":\"0022\"}" },
		{ "a: 10:20\n", "{\"a\":\"10:20\"}" },
		{ "a: yes\n", "{\"a\":\"yes\"}" },
		{ "a: off\n", "{\"a\":\"off\"}" },
		{ "a: 1_000\n", "{\"a\":\"1_000\"}" },
		{ "a: 0x1f\n", "{\"a\":\"0x1f\"}" },
		{ "a: true\n", "{\"a\":true}" },
		{ "a: \"true\"\n", "{\"a\":\"true\"}" },
		{ "a: '12'\n", "{\"a\":\"12\"}" },
		{ "a: ~\nb:\nc: 'null'\n", "{\"a\":null,\"b\":null,\"c\":\"null\"}" },
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_what_is_not_read_is_refused_at_its_place(void **state)
{
	static const struct text_case cases[] = {
		{ "", "f:1:1: the file is empty: keys are missing" },
		{ "# nothing\n", "f:1:1: the file is empty: keys are missing" },
		{ "- a\n", "f:1:1: must be a map (`key: value` lines), not a list" },
		{ "hello\n", "f:1:1: must be a map (`key: value` lines), not a text" },
		{ "a: b\n---\nc: d\n",
			"f:2:1: a second document begins here; a file holds one" },
		{ "a: 1\nb: 2\na: 3\nb: 4\n",
			"f:3:1: a: written twice; the first is in line 1\n"
			"f:4:1: b: written twice; the first is in line 2" },
		{ "a:\n\tb: c\n",
			"f:2:1: a tab where YAML wants spaces: indent with spaces" },
		{ "a: !!binary x\n", "f:1:4: tags (!...) are not read; leave it out" },
		{ "a: !own {b: c}\n", "f:1:4: tags (!...) are not read; leave it out" },
		{ "a:\n  <<: {b: c}\n",
			"f:2:3: <<: merge keys are not read; write the keys out, or use a template" },
		{ "? [a]\n: b\n",
			"f:1:3: a key must be a word, not a list: quote text that begins with [" },
		{ "a: &x b\n*x : c\n", "f:2:1: a key must be a word, not an alias" },
		{ "a: *x\n", "f:1:4: an alias to an anchor that is not above it" },
		{ "a: &x [*x]\n", "f:1:8: an alias inside of what it names" },
		{ "a: \"b\n", "f:1:4: a quote is opened here and not closed" },
		{ "a: [b\n", "f:2:1: a list is opened with [ and not closed with ]" },
		{ "a: @b\n", "f:1:4: text that begins with this character needs quotes" },
		{ "a: \"x\\0y\"\n", "f:1:4: a NUL character inside a text" },
		{ "a: caf\xe9\n",
			"f:1:7: byte 0xe9 is not UTF-8: save the file as UTF-8" },
		{ "\xff\xfe"
		  "a",
			"f:1:1: UTF-16: save the file as UTF-8" },
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_a_nul_byte_is_refused(void **state)
{
	_cleanup_free_ char *got = read_text("a: b\nc: d\0e\n", 12);

	(void)state;
	assert_string_equal(got, "f:2:5: a NUL byte: this is not a text file");
}

static void test_a_file_over_the_limit_is_refused_unparsed(void **state)
{
	size_t size = DOCUMENT_MAX_BYTES + 1;
	_cleanup_free_ char *bytes = malloc(size), *got = NULL;

	(void)state;
	memset(bytes, '#', size);
	got = read_text(bytes, size);
	assert_string_equal(
		got, "f:1:1: a file of 1048577 bytes: at most 1048576 are read");
	free(TAKE(got));
	got = read_text(bytes, size - 1);
	assert_string_equal(got, "f:1:1: the file is empty: keys are missing");
}

/* "{a: {a: … x}}" */
static char *nested(size_t depth)
{
	struct text text = { 0 };

	for (size_t i = 0; i < depth; i++)
		text_add(&text, "{a: ");
	text_add(&text, "x");
	for (size_t i = 0; i < depth; i++)
		text_add(&text, "}");
	return text_take(&text);
}

static void test_depth_ends_at_32(void **state)
{
	_cleanup_free_ char *deep = nested(DOCUMENT_MAX_DEPTH), *deeper = nested(33);
	_cleanup_free_ char *fits = read_text(deep, strlen(deep));
	_cleanup_free_ char *refused = read_text(deeper, strlen(deeper));

	(void)state;
	assert_int_equal(fits[0], '{');
	assert_string_equal(refused, "f:1:129: nested deeper than 32");
}

static char *many_keys(size_t count)
{
	struct text text = { 0 };

	for (size_t i = 0; i < count; i++)
		text_addf(&text, "k%zu: v\n", i);
	return text_take(&text);
}

static void test_keys_end_at_10000(void **state)
{
	_cleanup_free_ char *most = many_keys(DOCUMENT_MAX_KEYS);
	_cleanup_free_ char *more = many_keys(DOCUMENT_MAX_KEYS + 1);
	_cleanup_free_ char *fits = read_text(most, strlen(most));
	_cleanup_free_ char *refused = read_text(more, strlen(more));

	(void)state;
	assert_int_equal(fits[0], '{');
	assert_string_equal(refused,
		"f:10001:9: more than 10000 keys and items, counting what aliases repeat");
}

static void test_aliases_cannot_multiply_beyond_the_limits(void **state)
{
	struct text bomb = { 0 };
	_cleanup_free_ char *bytes = NULL, *got = NULL;

	(void)state;
	text_add(&bomb, "k0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 30; i++) {
		text_addf(&bomb, "k%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n",
			i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	}
	bytes = text_take(&bomb);
	got = read_text(bytes, strlen(bytes));
	assert_string_equal(got,
		"f:5:10: more than 10000 keys and items, counting what aliases repeat");
}

static void test_aliases_cannot_nest_beyond_the_limits(void **state)
{
	_cleanup_free_ char *deep = nested(20);
	_cleanup_free_ char *yaml =
		text_format("x: &x %s\ny: {a: {a: {a: {a: {a: {a: "
			    "{a: {a: {a: {a: {a: {a: *x}}}}}}}}}}}}\n",
			deep);
	_cleanup_free_ char *got = read_text(yaml, strlen(yaml));

	(void)state;
	assert_non_null(
		strstr(got, "nested deeper than 32, counting what aliases repeat"));
}

static void test_problems_end_at_50_and_say_so(void **state)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	const char *last;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		problem(&problems,
			(struct mark){ .file = "f", .line = i + 1, .column = 1 }, "a.b",
			"number %u", i);
	}
	last = problems.lines.items[DOCUMENT_MAX_PROBLEMS - 1];
	assert_int_equal(problems.lines.count, DOCUMENT_MAX_PROBLEMS);
	assert_string_equal(problems.lines.items[0], "f:1:1: a.b: number 0");
	assert_string_equal(last, "f: more problems follow; repair these first");
}

static void test_a_problem_shows_control_characters_and_does_not_send_them(void **state)
{
	_cleanup_(problems_done) struct problems problems = { 0 };

	(void)state;
	problem(&problems, (struct mark){ .file = "" }, NULL, "key \x1b[31m");
	assert_string_equal(problems.lines.items[0], "key \\x1b[31m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_says_the_same_in_block_flow_and_json),
		cmocka_unit_test(test_a_scalar_is_what_was_written),
		cmocka_unit_test(test_what_is_not_read_is_refused_at_its_place),
		cmocka_unit_test(test_a_nul_byte_is_refused),
		cmocka_unit_test(test_a_file_over_the_limit_is_refused_unparsed),
		cmocka_unit_test(test_depth_ends_at_32),
		cmocka_unit_test(test_keys_end_at_10000),
		cmocka_unit_test(test_aliases_cannot_multiply_beyond_the_limits),
		cmocka_unit_test(test_aliases_cannot_nest_beyond_the_limits),
		cmocka_unit_test(test_problems_end_at_50_and_say_so),
		cmocka_unit_test(
			test_a_problem_shows_control_characters_and_does_not_send_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
