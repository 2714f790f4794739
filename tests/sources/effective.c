/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * effective.c - what declarations mean with each shipped template, as `svcctl show`
 * prints it. What it prints must read back as the same.
 */
#include <stdlib.h>

#include "document/document.h"
#include "tests/sources/folder.h"
#include "tests/test.h"

#define EFFECTIVE "tests/golden/config/effective"

static char *show(const struct entry *entry)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(config_print_show(out, entry), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* The text as a declaration again; its JSON must be the entry's. */
static bool reads_back(const struct entry *entry, const char *text)
{
	_cleanup_(node_freep) struct node *tree = NULL;
	_cleanup_(json_freep) struct json_t *json = NULL, *again = NULL;
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	struct problems problems = { 0 };
	struct error err = { 0 };

	assert_int_equal(
		node_from_yaml(&tree, "shown", text, strlen(text), &problems), 0);
	for (size_t i = 0; i < problems.lines.count; i++)
		fprintf(stderr, "%s\n", problems.lines.items[i]);
	problems_done(&problems);
	if (!tree)
		return false;
	json = node_to_json(tree);
	if (declaration_read(&declaration, json, &err) < 0) {
		fprintf(stderr, "%s: what is shown: %s\n", entry->name, err.text);
		return false;
	}
	again = declaration_print(declaration);
	return json_same(again, entry->effective);
}

static bool check_entry(const struct entry *entry, const char *ok)
{
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < entry->problems.lines.count; i++)
		fprintf(stderr, "%s\n", entry->problems.lines.items[i]);
	if (!entry->declaration)
		return false;
	text = show(entry);
	if (!reads_back(entry, text)) {
		fprintf(stderr, "%s: what is shown does not mean the same:\n%s\n",
			entry->name, text);
		return false;
	}
	return golden_same(ok, text);
}

static bool check_file(const char *host, const char *folder, const char *name)
{
	_cleanup_free_ char *path = text_format("%s/%s", folder, name);
	_cleanup_free_ char *stem = strndup(name, strcspn(name, "."));
	_cleanup_free_ char *ok = text_format(EFFECTIVE "/%s.ok", stem);
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	bool right;

	add_file(&sources, SOURCE_HOST, host, "svcd.yaml");
	add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
	add_shipped(&sources);
	add_file(&sources, SOURCE_SERVICE, path, name);
	config = build_on_a_host(&sources);
	assert_int_equal(config->problems.lines.count, 0);
	assert_int_equal(config->entries_count, 1);
	right = check_entry(&config->entries[0], ok);
	sources_done(&sources);
	return right;
}

static void check_folder(const char *host, const char *folder, size_t least)
{
	struct strings names = names_in(folder);
	size_t cases = 0, wrong = 0;

	for (size_t i = 0; i < names.count; i++) {
		if (!text_ends(names.items[i], ".yaml"))
			continue;
		cases++;
		wrong += !check_file(host, folder, names.items[i]);
	}
	strings_done(&names);
	assert_int_equal(wrong, 0);
	assert_true(cases >= least);
}

static void test_declarations_mean_what_is_shown(void **state)
{
	(void)state;
	check_folder("tests/golden/config/open.yaml", EFFECTIVE, 8);
}

static void test_the_examples_hold(void **state)
{
	(void)state;
	check_folder("examples/svcd.yaml", "examples/services", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_declarations_mean_what_is_shown),
		cmocka_unit_test(test_the_examples_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
