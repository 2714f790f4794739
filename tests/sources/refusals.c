/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refusals.c - every broken input in tests/golden/config/refusals, and every input that
 * wants too much in tests/golden/config/policy, is refused in the words of its NAME.ok.
 * NAME.yaml is a declaration alone, on the site of examples/; a folder is an /etc/svcd.
 */
#include <sys/stat.h>

#include "tests/sources/folder.h"
#include "tests/test.h"

#define GOLDEN "tests/golden/config/"

struct folder {
	const char *path;
	bool open; /* a host whose policy lets everything pass */
	size_t least_cases;
};

static const struct folder broken = { GOLDEN "refusals", true, 60 };
static const struct folder greedy = { GOLDEN "policy", false, 30 };

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

/* What is wrong with one input; `host` is svcd.yaml as a text, NULL: its own, or none. */
static char *refusals_of(const struct folder *folder, const char *name, const char *host)
{
	_cleanup_free_ char *path = text_format("%s/%s", folder->path, name);
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	struct stat info;
	char *text;

	if (host)
		add_text(&sources, SOURCE_HOST, "svcd.yaml", host);
	assert_int_equal(stat(path, &info), 0);
	if (S_ISDIR(info.st_mode)) {
		add_etc(&sources, path);
	} else {
		add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
		add_shipped(&sources);
		add_file(&sources, SOURCE_SERVICE, path, name);
	}
	if (folder->open)
		add_open_host(&sources);
	config = build_on_a_host(&sources);
	text = problems_text(config);
	sources_done(&sources);
	return text;
}

static bool check_case(const struct folder *folder, const char *name)
{
	_cleanup_free_ char *stem = strndup(name, strcspn(name, "."));
	_cleanup_free_ char *ok = text_format("%s/%s.ok", folder->path, stem);
	_cleanup_free_ char *text = refusals_of(folder, name, NULL);

	if (!text[0])
		fprintf(stderr, "%s is not refused\n", name);
	return text[0] && golden_same(ok, text);
}

static void check_folder(const struct folder *folder)
{
	struct strings names = names_in(folder->path);
	size_t cases = 0, wrong = 0;

	for (size_t i = 0; i < names.count; i++) {
		if (text_ends(names.items[i], ".ok"))
			continue;
		cases++;
		wrong += !check_case(folder, names.items[i]);
	}
	strings_done(&names);
	assert_int_equal(wrong, 0);
	assert_true(cases >= folder->least_cases);
}

static void test_every_broken_input_is_refused_in_its_words(void **state)
{
	(void)state;
	check_folder(&broken);
}

static void test_who_wants_too_much_is_told_the_rule(void **state)
{
	(void)state;
	check_folder(&greedy);
}

/* ---- what a refusal says that root may write --------------------------------------- */

static const char *fix_of(const char *line)
{
	static const char before[] = "root may write in svcd.yaml: ";
	const char *fix = strstr(line, before);

	return fix ? fix + strlen(before) : NULL;
}

/* With what it says in svcd.yaml the line must be gone. */
static bool check_fix(const char *name, const char *line)
{
	const char *fix = fix_of(line);
	_cleanup_free_ char *left = fix ? refusals_of(&greedy, name, fix) : NULL;

	if (!fix || !strstr(left, line))
		return true;
	fprintf(stderr, "%s: does not help:\n%s\n%s\n", name, line, left);
	return false;
}

static void test_what_root_is_told_to_write_helps(void **state)
{
	struct strings names = names_in(greedy.path);
	size_t wrong = 0, fixes = 0;

	(void)state;
	for (size_t i = 0; i < names.count; i++) {
		_cleanup_free_ char *text = NULL;
		char *rest, *line;

		if (!text_ends(names.items[i], ".yaml"))
			continue;
		text = refusals_of(&greedy, names.items[i], NULL);
		for (rest = text; (line = strsep(&rest, "\n")) && *line;) {
			fixes += fix_of(line) != NULL;
			wrong += !check_fix(names.items[i], line);
		}
	}
	strings_done(&names);
	assert_int_equal(wrong, 0);
	assert_true(fixes >= 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_broken_input_is_refused_in_its_words),
		cmocka_unit_test(test_who_wants_too_much_is_told_the_rule),
		cmocka_unit_test(test_what_root_is_told_to_write_helps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
