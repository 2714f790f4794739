/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fingerprint.c - whatever building depends on is in the fingerprint.
 */
#include <string.h>

#include "sources/sources.h"
#include "tests/test.h"

/* Sources own their texts, and so may write them. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static char other_text[] = "run: {nice: 2}", other_path[] = "b.yaml",
	    reason[] = "others can write it", other_host[] = "b.example.org",
	    other_program[] = "2.0 1 2", site_path[] = "site.yaml",
	    path_of_service[] = "a.yaml", text_of_service[] = "run: {nice: 1}",
	    host[] = "a.example.org", program_now[] = "1.0 1 2", empty[] = "";
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

struct scene {
	struct source items[2];
	struct sources sources;
	struct facts_of_host facts;
};

static void nothing(struct scene *scene)
{
	(void)scene;
}

static void byte(struct scene *scene)
{
	scene->items[1].bytes = other_text;
}

static void path(struct scene *scene)
{
	scene->items[1].path = other_path;
}

static void kind(struct scene *scene)
{
	scene->items[1].kind = SOURCE_TEMPLATE;
}

static void refused(struct scene *scene)
{
	scene->items[1].refused = reason;
}

static void one_less(struct scene *scene)
{
	scene->sources.count = 1;
}

static void incomplete(struct scene *scene)
{
	scene->sources.incomplete = true;
}

static void hidden(struct scene *scene)
{
	scene->sources.secrets_hidden = true;
}

static void name(struct scene *scene)
{
	scene->facts.fqdn = other_host;
}

static void processors(struct scene *scene)
{
	scene->facts.ncpu = 3;
}

static void memory(struct scene *scene)
{
	scene->facts.memory_mb = 1;
}

static void program(struct scene *scene)
{
	scene->facts.program = other_program;
}

static const struct {
	const char *what;
	void (*change)(struct scene *scene);
	bool same;
} cases[] = {
	{ "nothing", nothing, true },
	{ "a byte", byte, false },
	{ "a path", path, false },
	{ "a kind", kind, false },
	{ "why it was refused", refused, false },
	{ "a file that went", one_less, false },
	{ "a directory that cannot be read", incomplete, false },
	{ "secrets that cannot be read", hidden, false },
	{ "the name of the host", name, false },
	{ "its processors", processors, false },
	{ "its memory", memory, false },
	{ "the program that reads", program, false },
};

static char *fingerprint_of(void (*change)(struct scene *scene))
{
	struct scene scene = {
		.items = { { SOURCE_SITE, site_path, empty, 0, NULL, true },
			{ SOURCE_SERVICE, path_of_service, text_of_service, 14, NULL,
				true } },
		.facts = { host, 2, 4096, program_now },
	};

	scene.sources = (struct sources){ .items = scene.items, .count = 2 };
	change(&scene);
	return sources_fingerprint(&scene.sources, &scene.facts);
}

static void each_input_changes_it(void **state)
{
	_cleanup_free_ char *before = fingerprint_of(nothing);

	(void)state;
	assert_non_null(before);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *after = fingerprint_of(cases[i].change);

		if ((strcmp(before, after) == 0) != cases[i].same)
			fail_msg("%s", cases[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_input_changes_it) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
