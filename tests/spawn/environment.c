/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * environment.c - the lines of an environment file, and the list that a child gets.
 */
#include "spawn/environment.h"

#include "tests/test.h"

static int keep(void *data, const char *key, const char *value)
{
	return environment_set(data, key, value);
}

static const struct {
	const char *rule, *text, *want; /* items joined by | ; NULL: refused */
} files[] = {
	{ "lines", "A=1\nB=2\n", "A=1|B=2" },
	{ "no last newline", "A=1", "A=1" },
	{ "comments and blank lines", "# x\n\n  \t\n  # y\nA=1", "A=1" },
	{ "blanks around", "  A= 1 \r\n", "A=1" },
	{ "quotes keep blanks", "A=' 1 '\nB=\" 2\"", "A= 1 |B= 2" },
	{ "a lonely quote is a character", "A='", "A='" },
	{ "an empty value", "A=", "A=" },
	{ "a value with =", "A=b=c", "A=b=c" },
	{ "nothing is expanded", "A=$HOME `id`", "A=$HOME `id`" },
	{ "the last one counts", "A=1\nB=2\nA=3", "A=3|B=2" },
	{ "no =", "A=1\nB\n", NULL },
	{ "no name", "=1", NULL },
	{ "a name that is none", "A B=1", NULL },
	{ "a name with a digit first", "1A=1", NULL },
	{ "export is shell", "export A=1", NULL },
	{ "nothing", "", "" },
};

static void files_are_read_line_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct strings environment = { 0 };
		struct error err = { 0 };
		struct text joined = { 0 };
		int r = environment_parse(files[i].text, keep, &environment, &err);

		print_message("%s\n", files[i].rule);
		text_add(&joined, "");
		for (size_t k = 0; k < environment.count; k++)
			text_addf(&joined, "%s%s", k ? "|" : "", environment.items[k]);
		if (files[i].want)
			assert_string_equal(joined.bytes, files[i].want);
		assert_int_equal(r, files[i].want ? 0 : -EINVAL);
		text_done(&joined);
		strings_done(&environment);
	}
}

static void a_refusal_names_the_line_but_not_the_secret(void **state)
{
	struct strings environment = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		environment_parse("A=1\n\nhunter2\n", keep, &environment, &err), -EINVAL);
	assert_string_equal(err.text, "line 3: expected KEY=VALUE");
	strings_done(&environment);
}

static void a_vector_ends_with_null(void **state)
{
	struct strings environment = { 0 };
	const char **vector;

	(void)state;
	environment_set(&environment, "PATH", "/bin");
	environment_set(&environment, "PATHS", "x");
	environment_set(&environment, "PATH", "/usr/bin");
	vector = environment_vector(&environment);
	assert_string_equal(vector[0], "PATH=/usr/bin");
	assert_string_equal(vector[1], "PATHS=x");
	assert_null(vector[2]);
	free(vector);
	strings_done(&environment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_line_by_line),
		cmocka_unit_test(a_refusal_names_the_line_but_not_the_secret),
		cmocka_unit_test(a_vector_ends_with_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
