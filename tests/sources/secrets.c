/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * secrets.c - secrets reach the service and nobody else.
 */
#include "secrets/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/paths.h"

#include "sources/secret_names.h"
#include "tests/sources/folder.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define PLANTED "hunter2-planted"

struct place {
	char root[TEMPORARY_BYTES];
	char *file;
	struct paths paths;
};

static int make_a_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	_cleanup_free_ char *folder = NULL;

	temporary_folder(place->root);
	assert_int_equal(paths_init(&place->paths, place->root), 0);
	place->file = secrets_file(&place->paths, "web");
	folder = text_format("%s/secrets", place->paths.etc);
	assert_int_equal(directory_make(folder, 0755), 0);
	*state = place;
	return 0;
}

static int leave_the_place(void **state)
{
	struct place *place = *state;

	assert_int_equal(temporary_remove(place->root), 0);
	paths_done(&place->paths);
	free(place->file);
	free(place);
	return 0;
}

static void put(const struct place *place, const char *text, mode_t mode)
{
	assert_int_equal(file_write(place->file, text, strlen(text), 0600), 0);
	assert_int_equal(chmod(place->file, mode), 0);
}

/* What was said, with FILE for where it lies. */
static char *said(const struct place *place, const char *text)
{
	struct text out = { 0 };

	while (*text) {
		const bool file = text_starts(text, place->file);

		text_add_bytes(&out, file ? "FILE" : text, file ? 4 : 1);
		text += file ? strlen(place->file) : 1;
	}
	return text_take(&out);
}

static void refused(const struct place *place, const char *rule, const char *want)
{
	struct secrets *secrets = NULL;
	struct error err = { 0 };
	_cleanup_free_ char *text = NULL;

	if (secrets_read(&secrets, &place->paths, "web", &err) == 0)
		fail_msg("%s: it was read", rule);
	assert_null(secrets);
	text = said(place, err.text);
	if (strcmp(text, want) != 0)
		fail_msg("%s: %s", rule, text);
	assert_null(strstr(text, PLANTED));
}

/* ---- the values ---------------------------------------------------------------- */

static void test_a_secret_is_replaced_by_its_value(void **state)
{
	static const struct {
		const char *rule, *text, *want;
	} cases[] = {
		{ "alone", "${secret.pass}", PLANTED },
		{ "beside the instance", "${instance}:${secret.pass}", "2:" PLANTED },
		{ "a dollar in it stays a dollar", "${secret.price}", "$5 ${x} $$" },
		{ "what looks like a name in it is text", "<${secret.nested}>",
			"<${secret.pass}>" },
		{ "lines get the indentation of the first", "  ${secret.pem}\n",
			"  one\n  two\n" },
		{ "numbers are texts", "${secret.pin}", "0042" },
	};
	struct place *place = *state;
	_cleanup_(secrets_freep) struct secrets *secrets = NULL;
	struct error err = { 0 };

	put(place,
		"# of web\npass: " PLANTED "\nprice: \"$5 ${x} $$\"\n"
		"nested: '${secret.pass}'\npem: |\n  one\n  two\npin: 0042\n",
		0600);
	if (secrets_read(&secrets, &place->paths, "web", &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *got = NULL;

		if (config_expand_secrets(&got, cases[i].text, 2, secrets, &err) < 0)
			fail_msg("%s: %s", cases[i].rule, err.text);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: '%s'", cases[i].rule, got);
	}
}

static void test_a_key_that_is_not_there_is_refused_by_name(void **state)
{
	struct place *place = *state;
	_cleanup_(secrets_freep) struct secrets *secrets = NULL;
	_cleanup_free_ char *got = NULL;
	struct error err = { 0 };

	put(place, "pass: " PLANTED "\n", 0600);
	assert_int_equal(secrets_read(&secrets, &place->paths, "web", &err), 0);
	assert_int_equal(
		config_expand_secrets(&got, "${secret.word}", 1, secrets, &err), -EINVAL);
	assert_string_equal(
		err.text, "there is no 'word' among the secrets of this service");
}

static void test_everyone_else_sees_the_name(void **state)
{
	_cleanup_free_ char *got = NULL;

	(void)state;
	assert_int_equal(config_expand(&got, "a${secret.b}${instance}", 3, NULL), 0);
	assert_string_equal(got, "a${secret.b}3");
}

static void test_a_file_that_is_wrong_is_refused_without_its_bytes(void **state)
{
	static const struct {
		const char *rule, *text, *want;
	} cases[] = {
		{ "no YAML", "pass: [" PLANTED "\n",
			"FILE:2:1: cannot be read: write KEY: VALUE lines" },
		{ "a value where a key belongs", PLANTED,
			"FILE:1:1: cannot be read: write KEY: VALUE lines" },
		{ "a list", "- " PLANTED "\n",
			"FILE:1:1: cannot be read: write KEY: VALUE lines" },
		{ "a map in it", "pass: {a: " PLANTED "}\n",
			"FILE:1:1: its value must be a text; what begins with { or [ is put "
			"in quotes" },
		{ "an empty value", "pass:\n",
			"FILE:1:1: its value must be a text; what begins with { or [ is put "
			"in quotes" },
		{ "an odd key", PLANTED "$: x\n",
			"FILE:1:1: a key is letters, digits, _ and -, at the beginning of a "
			"line" },
		{ "a key that nobody finds at load", "{pass: " PLANTED "}",
			"FILE:1:2: a key is letters, digits, _ and -, at the beginning of a "
			"line" },
		{ "one key twice", "pass: a\npass: " PLANTED "\n",
			"FILE:2:1: cannot be read: write KEY: VALUE lines" },
		{ "bytes that are no text", "pass: \xff" PLANTED "\n",
			"FILE:1:7: cannot be read: write KEY: VALUE lines" },
		{ "nothing", "", "FILE:1:1: cannot be read: write KEY: VALUE lines" },
	};
	struct place *place = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(place, cases[i].text, 0600);
		refused(place, cases[i].rule, cases[i].want);
	}
}

static void test_a_file_that_others_may_read_is_refused(void **state)
{
	struct place *place = *state;
	_cleanup_free_ char *real = text_format("%s.real", place->file);

	refused(place, "not there",
		"there is no FILE; write KEY: VALUE lines there, owned by root, mode 0600");
	put(place, "pass: " PLANTED "\n", 0640);
	refused(place, "its group may",
		"FILE: others than root may read or write it (mode 0640); fix: chmod 0600 "
		"FILE");
	put(place, "pass: " PLANTED "\n", 0602);
	refused(place, "others may write",
		"FILE: others than root may read or write it (mode 0602); fix: chmod 0600 "
		"FILE");
	put(place, "pass: " PLANTED "\n", 0600);
	assert_int_equal(rename(place->file, real), 0);
	assert_int_equal(symlink(real, place->file), 0);
	refused(place, "a link", "FILE: a symbolic link; put the file itself there");
	assert_int_equal(unlink(place->file), 0);
	assert_int_equal(mkfifo(place->file, 0600), 0);
	refused(place, "a pipe", "FILE: not a regular file");
}

static void test_a_file_of_somebody_else_is_refused(void **state)
{
	struct place *place = *state;

	if (geteuid() != 0)
		fail_msg("needs root to give a file away");
	put(place, "pass: " PLANTED "\n", 0600);
	assert_int_equal(chown(place->file, 65534, 65534), 0);
	refused(place, "given away",
		"FILE: owned by uid 65534; fix: chown root:root FILE");
}

static void test_a_file_that_is_too_long_is_not_read(void **state)
{
	struct place *place = *state;

	put(place, "pass: x\n", 0600);
	assert_int_equal(truncate(place->file, SECRETS_MAX_BYTES + 1), 0);
	refused(place, "too long", "FILE: 256 KiB long; at most 256 KiB are read");
}

/* ---- the names ----------------------------------------------------------------- */

static void test_keys_stand_at_the_beginnings_of_lines(void **state)
{
	static const struct {
		const char *text, *keys;
	} cases[] = {
		{ "a: 1\nb_2: x\nC-d: y\n", "a\nb_2\nC-d\n" },
		{ "a: |\n  b: no\n# c: no\nd:\n", "a\nd\n" },
		{ "http://x\n-a: 1\n1a: 1\na-: 1\n\"q\": 1\n", "" },
		{ "last: 1", "last\n" },
		{ "end:", "end\n" },
		{ "", "" },
		{ "\n\n:\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *keys =
			secret_keys_of(cases[i].text, strlen(cases[i].text));

		assert_string_equal(keys, cases[i].keys);
	}
}

static void test_only_the_names_of_keys_are_gathered(void **state)
{
	struct place *place = *state;
	struct sources sources = { 0 };

	put(place, "pass: " PLANTED "\nother: " PLANTED "\n", 0600);
	assert_int_equal(secret_keys_gather(&sources, &place->paths), 0);
	assert_int_equal(sources.count, 1);
	assert_string_equal(sources.items[0].bytes, "pass\nother\n");
	assert_false(sources.secrets_hidden);
	sources_done(&sources);
}

static void add(struct sources *sources, enum source_kind kind, const char *path,
	const char *text, const char *refused_why)
{
	struct source source = { .kind = kind,
		.path = strdup(path),
		.bytes = text ? strdup(text) : NULL,
		.size = text ? strlen(text) : 0,
		.refused = refused_why ? strdup(refused_why) : NULL };

	sources->items = realloc(sources->items, (sources->count + 1) * sizeof(source));
	assert_non_null(sources->items);
	sources->items[sources->count++] = source;
}

#define WEB "service: web\nrun:\n  command: [/usr/bin/web]\n"

static const struct {
	const char *rule, *text, *keys, *refused;
	bool hidden;
	const char *want; /* NULL: it may stand */
} declared[] = {
	{ "a value of the environment", "  environment: {P: \"${secret.pass}\"}\n",
		"pass\n", NULL, false, NULL },
	{ "the text of a file",
		"files: [{path: /etc/web/a, content: \"${secret.pass}\"}]\n", "pass\n",
		NULL, false, NULL },
	{ "an unknown key", "  environment: {P: \"${secret.pasd}\"}\n", "pass\nword\n",
		NULL, false,
		"run.environment.P: unknown name 'secret.pasd' in ${…}; did you mean "
		"'secret.pass'?" },
	{ "one that is like none", "  environment: {P: \"${secret.quite-other}\"}\n",
		"pass\n", NULL, false,
		"run.environment.P: there is no 'quite-other' among the secrets of this "
		"service" },
	{ "no file", "  environment: {P: \"${secret.pass}\"}\n", NULL, NULL, false,
		"run.environment.P: ${secret.pass} has no value here: there is no "
		"/etc/svcd/secrets/web.yaml" },
	{ "a file that is refused", "  environment: {P: \"${secret.pass}\"}\n", NULL,
		"secrets/web.yaml: owned by uid 7", false,
		"run.environment.P: ${secret.pass} has no value here: secrets/web.yaml: "
		"owned by uid 7" },
	{ "who may not look believes it", "  environment: {P: \"${secret.pass}\"}\n",
		NULL, NULL, true, NULL },
	{ "a command", "  before: [[/usr/bin/web, \"${secret.pass}\"]]\n", "pass\n", NULL,
		false,
		"run.before[0][1]: ${secret.pass}: a secret may stand in the text of "
		"`files` and in the values of run.environment alone" },
	{ "the path of a file", "files: [{path: \"/etc/${secret.pass}\", content: a}]\n",
		"pass\n", NULL, false,
		"files[0].path: ${secret.pass}: a secret may stand in the text of `files` "
		"and in the values of run.environment alone" },
	{ "by a detour",
		"values: {p: \"${secret.pass}\"}\ndescription: \"${values.p}\"\n",
		"pass\n", NULL, false,
		"description: ${values.p} has no value here: ${secret.pass}: a secret may "
		"stand in the text of `files` and in the values of run.environment alone" },
	{ "a sum", "  environment: {P: \"${secret.pass * 2}\"}\n", "pass\n", NULL, false,
		"run.environment.P: ${secret.pass * 2}: a secret is no part of a sum" },
	{ "a core would hold it",
		"  environment: {P: \"${secret.pass}\"}\nlimits: {core: 1M}\n", "pass\n",
		NULL, false,
		"limits.core: must be 0: the secrets of the service would stand in a core" },
	{ "a file that others may read",
		"files: [{path: /etc/web/a, content: \"${secret.pass}\", mode: \"0644\"}]\n",
		"pass\n", NULL, false,
		"files[0].mode: a secret stands in this file: 0644 lets others read it, "
		"0640 is the most" },
};

static void check_declared(size_t index)
{
	_cleanup_free_ char *text = text_format("%s%s", WEB, declared[index].text);
	_cleanup_free_ char *got = NULL;
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { .secrets_hidden = declared[index].hidden };

	add(&sources, SOURCE_SERVICE, "web.yaml", text, NULL);
	add(&sources, SOURCE_SECRETS, "secrets/other.yaml", "pasd\nquite-other\n", NULL);
	if (declared[index].keys || declared[index].refused)
		add(&sources, SOURCE_SECRETS, "secrets/web.yaml", declared[index].keys,
			declared[index].refused);
	config = build_on_a_host(&sources);
	got = problems_text(config);
	sources_done(&sources);
	if (!declared[index].want ? got[0] != '\0' : !strstr(got, declared[index].want))
		fail_msg("%s: %s", declared[index].rule, got);
}

static void test_a_secret_may_stand_where_it_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(declared); i++)
		check_declared(i);
}

static void test_a_file_with_a_secret_is_closed_by_default(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	const struct declaration *web;

	(void)state;
	add(&sources, SOURCE_SERVICE, "web.yaml",
		WEB "files:\n  - {path: /etc/web/a, content: \"${secret.pass}\"}\n"
		    "  - {path: /etc/web/b, content: \"$${secret.pass}\"}\n",
		NULL);
	add(&sources, SOURCE_SECRETS, "secrets/web.yaml", "pass\n", NULL);
	config = build_on_a_host(&sources);
	sources_done(&sources);
	web = config->entries[0].declaration;
	assert_non_null(web);
	assert_int_equal(web->files[0].mode, 0640);
	assert_int_equal(web->files[1].mode, 0644);
	assert_true(declaration_secrets(web));
	assert_true(config_has_secret(web->files[0].content));
	assert_false(config_has_secret(web->files[1].content));
}

int main(void)
{
#define AT_A_PLACE(test)                                                                 \
	cmocka_unit_test_setup_teardown(test, make_a_place, leave_the_place)
	const struct CMUnitTest tests[] = {
		AT_A_PLACE(test_a_secret_is_replaced_by_its_value),
		AT_A_PLACE(test_a_key_that_is_not_there_is_refused_by_name),
		cmocka_unit_test(test_everyone_else_sees_the_name),
		AT_A_PLACE(test_a_file_that_is_wrong_is_refused_without_its_bytes),
		AT_A_PLACE(test_a_file_that_others_may_read_is_refused),
		AT_A_PLACE(test_a_file_of_somebody_else_is_refused),
		AT_A_PLACE(test_a_file_that_is_too_long_is_not_read),
		cmocka_unit_test(test_keys_stand_at_the_beginnings_of_lines),
		AT_A_PLACE(test_only_the_names_of_keys_are_gathered),
		cmocka_unit_test(test_a_secret_may_stand_where_it_is_kept),
		cmocka_unit_test(test_a_file_with_a_secret_is_closed_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
