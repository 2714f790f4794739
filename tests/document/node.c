/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * node.c - trees of values by their paths, and to JSON and back.
 */
#include "document/document.h"
#include "tests/test.h"

static struct node *tree_of(const char *yaml)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	struct node *tree = NULL;

	assert_int_equal(node_from_yaml(&tree, "f", yaml, strlen(yaml), &problems), 0);
	assert_non_null(tree);
	return tree;
}

static void assert_says(const struct node *tree, const char *want)
{
	_cleanup_(json_freep) struct json_t *json = node_to_json(tree);
	_cleanup_free_ char *got = json_print(json, JSON_ONE_LINE);

	assert_string_equal(got, want);
}

static void test_a_path_makes_the_maps_on_its_way(void **state)
{
	static const struct {
		const char *yaml, *path;
		int want;
		const char *says;
	} cases[] = {
		{ "a: 1\n", "b", 0, "{\"a\":1,\"b\":\"v\"}" },
		{ "a: 1\n", "a", 0, "{\"a\":\"v\"}" },
		{ "a: 1\n", "b.c.d", 0, "{\"a\":1,\"b\":{\"c\":{\"d\":\"v\"}}}" },
		{ "a: {b: 1}\n", "a.c", 0, "{\"a\":{\"b\":1,\"c\":\"v\"}}" },
		{ "a:\n", "a.b", 0, "{\"a\":{\"b\":\"v\"}}" },
		{ "l: [{p: 1}]\n", "l[0].p", 0, "{\"l\":[{\"p\":\"v\"}]}" },
		{ "l: [{p: 1}]\n", "l[1].p", -EINVAL, "{\"l\":[{\"p\":1}]}" },
		{ "l: [1]\n", "l[0]", -EINVAL, "{\"l\":[1]}" },
		{ "a: 1\n", "a.b", -EINVAL, "{\"a\":1}" },
		{ "a: [1]\n", "a.b", -EINVAL, "{\"a\":[1]}" },
		{ "a: 1\n", "", -EINVAL, "{\"a\":1}" },
		{ "a: 1\n", "a.", -EINVAL, "{\"a\":1}" },
		{ "a: 1\n", ".a", -EINVAL, "{\"a\":1}" },
		{ "a: 1\n", "[0]", -EINVAL, "{\"a\":1}" },
		{ "a: 1\n", "a[x]", -EINVAL, "{\"a\":1}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(node_freep) struct node *tree = tree_of(cases[i].yaml);
		struct node *value = node_new_text("v", (struct mark){ .file = "g" });

		assert_int_equal(
			node_set_path(tree, cases[i].path, value), cases[i].want);
		assert_says(tree, cases[i].says);
	}
}

static void test_a_path_finds_what_was_written_for_it(void **state)
{
	static const struct {
		const char *path;
		unsigned line;
	} cases[] = {
		{ "run", 2 },
		{ "run.nice", 2 },
		{ "run.stop", 0 },
		{ "checks[0].http", 4 },
		{ "checks[0].http.path", 4 },
		{ "checks[1].http", 5 },
		{ "checks[2]", 0 },
		{ "nothing.at.all", 0 },
	};
	_cleanup_(node_freep) struct node *tree =
		tree_of("service: a\nrun: {nice: 1}\nchecks:\n"
			"  - http: /x\n  - http: {path: /y}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct node *found = node_find(tree, cases[i].path);

		assert_int_equal(found ? found->mark.line : 0, cases[i].line);
	}
}

static void test_a_copy_says_the_same_and_is_another(void **state)
{
	_cleanup_(node_freep) struct node *tree = tree_of("a: [1, {b: 'c'}]\nd: ~\n");
	_cleanup_(node_freep) struct node *copy = node_copy(tree);

	(void)state;
	tree = node_free(tree);
	assert_says(copy, "{\"a\":[1,{\"b\":\"c\"}],\"d\":null}");
}

static void test_json_comes_back_as_it_went(void **state)
{
	static const char *const texts[] = { "{}",
		"{\"a\":[1,-2,\"3\",true,\"false\",null]}",
		"{\"a\":{\"b\":{\"c\":[]}},\"d\":\"\"}", "{\"a\":0.5}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_(json_freep) struct json_t *json = NULL;
		_cleanup_(node_freep) struct node *tree = NULL;

		assert_int_equal(
			json_parse(&json, texts[i], strlen(texts[i]), 4096, NULL), 0);
		assert_int_equal(node_from_json(&tree, json), 0);
		assert_says(tree, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_path_makes_the_maps_on_its_way),
		cmocka_unit_test(test_a_path_finds_what_was_written_for_it),
		cmocka_unit_test(test_a_copy_says_the_same_and_is_another),
		cmocka_unit_test(test_json_comes_back_as_it_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
