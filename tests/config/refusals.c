/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refusals.c - every broken input in tests/golden/config/refusals is refused in the
 * words of its NAME.ok. NAME.yaml is a declaration alone, on the site of examples/; a
 * folder is an /etc/svcd.
 */
#include <sys/stat.h>

#include "tests/config/folder.h"
#include "tests/test.h"

#define REFUSALS "tests/golden/config/refusals"

enum { LEAST_CASES = 60 };

static void add_etc(struct sources *sources, const char *folder)
{
	static const struct {
		enum source_kind kind;
		const char *below, *prefix, *ending;
	} places[] = {
		{ SOURCE_TEMPLATE, "templates", "templates/", ".yaml" },
		{ SOURCE_TEXT, "templates/files", "templates/files/", "" },
		{ SOURCE_SERVICE, "services", "services/", "" },
	};
	_cleanup_free_ char *host = text_format("%s/svcd.yaml", folder);
	_cleanup_free_ char *site = text_format("%s/site.yaml", folder);

	add_file(sources, SOURCE_HOST, host, "svcd.yaml");
	add_file(sources, SOURCE_SITE, site, "site.yaml");
	add_shipped(sources);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		_cleanup_free_ char *below =
			text_format("%s/%s", folder, places[i].below);

		add_folder(sources, places[i].kind, below, places[i].prefix,
			places[i].ending);
	}
}

static bool check_case(const char *name)
{
	_cleanup_free_ char *path = text_format(REFUSALS "/%s", name);
	_cleanup_free_ char *stem = strndup(name, strcspn(name, "."));
	_cleanup_free_ char *ok = text_format(REFUSALS "/%s.ok", stem);
	_cleanup_free_ char *text = NULL;
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	if (S_ISDIR(info.st_mode)) {
		add_etc(&sources, path);
	} else {
		add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
		add_shipped(&sources);
		add_file(&sources, SOURCE_SERVICE, path, name);
	}
	config = build_on_a_host(&sources);
	text = problems_text(config);
	sources_done(&sources);
	if (!text[0])
		fprintf(stderr, "%s is not refused\n", name);
	return text[0] && golden_same(ok, text);
}

static void test_every_broken_input_is_refused_in_its_words(void **state)
{
	struct strings names = names_in(REFUSALS);
	size_t cases = 0, wrong = 0;

	(void)state;
	for (size_t i = 0; i < names.count; i++) {
		if (text_ends(names.items[i], ".ok"))
			continue;
		cases++;
		wrong += !check_case(names.items[i]);
	}
	strings_done(&names);
	assert_int_equal(wrong, 0);
	assert_true(cases >= LEAST_CASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_broken_input_is_refused_in_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
