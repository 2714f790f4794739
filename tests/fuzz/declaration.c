/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * declaration.c - bytes of a file are refused with a problem, or read; and what is read
 * comes back from its own JSON as it went, whole or without what is usual.
 */
#include <assert.h>
#include <string.h>

#include "config/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without what any declaration says, it says the same. */
static void check_less_is_enough(const struct json_t *first)
{
	_cleanup_free_ char *line = json_print(first, JSON_ONE_LINE),
			    *usual = declaration_usual(), *less = NULL;
	_cleanup_(json_freep) struct json_t *json = NULL, *second = NULL;
	_cleanup_(declaration_freep) struct declaration *again = NULL;
	struct error err = { 0 };

	less = declaration_less(line, usual);
	assert(less && strlen(less) < strlen(line));
	assert(json_parse(&json, less, strlen(less), strlen(line), &err) == 0);
	assert(declaration_read(&again, json, &err) == 0);
	second = declaration_print(again);
	assert(json_same(first, second));
}

/* Whatever it is, it ends. */
static void read_as_line(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *line = strndup((const char *)data, size),
			    *usual = declaration_usual(), *less = NULL;

	assert(line && usual);
	less = declaration_less(line, usual);
	assert(!less || strlen(less) <= strlen(line));
}

static void check_comes_back(const struct declaration *declaration)
{
	_cleanup_(json_freep) struct json_t *first = declaration_print(declaration);
	_cleanup_(json_freep) struct json_t *second = NULL;
	_cleanup_(declaration_freep) struct declaration *again = NULL;
	struct error err = { 0 };

	assert(first);
	assert(declaration_read(&again, first, &err) == 0);
	second = declaration_print(again);
	assert(json_same(first, second));
	check_less_is_enough(first);
}

static void read_host_and_site(const struct node *tree)
{
	struct problems problems = { 0 };
	struct host host;
	struct site site;

	assert(fields_read_host(&host, tree, &problems) == 0);
	host_done(&host);
	assert(fields_read_site(&site, tree, &problems) == 0);
	site_done(&site);
	assert(fields_check_partial(tree, &problems) == 0);
	problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	_cleanup_(node_freep) struct node *tree = NULL;
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;

	assert(node_from_yaml(&tree, "f", (const char *)data, size, &problems) == 0);
	assert((tree == NULL) == (problems.lines.count > 0));
	if (tree) {
		assert(fields_read_declaration(&declaration, tree, NULL, &problems) == 0);
		assert((declaration == NULL) == (problems.lines.count > 0));
		read_host_and_site(tree);
	}
	if (declaration)
		check_comes_back(declaration);
	problems_done(&problems);
	read_as_line(data, size);
	return 0;
}
