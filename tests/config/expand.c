/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * expand.c - ${…} in texts: names, sums, and what is refused.
 */
#include "config/config.h"
#include "tests/test.h"

static const struct {
	const char *name, *value;
} known[] = {
	{ "service", "mathoid" },
	{ "ncpu", "4" },
	{ "half", "0.5" },
	{ "port", "${10042 + instance}" },
	{ "port.http-admin", "8081" },
	{ "price", "$$5" },
	{ "lines", "one\ntwo\n\nthree\n" },
	{ "odd", "${instance}-${instance}" },
	{ "secret.pass", "${secret.pass}" },
};

static const char *find(const char *name, const void *data)
{
	const bool *with_instance = data;

	if (*with_instance && strcmp(name, "instance") == 0)
		return "3";
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].value;
	return NULL;
}

static const char *each(size_t index, const void *data)
{
	(void)data;
	return index < ARRAY_LEN(known) ? known[index].name : NULL;
}

static const char *why(const char *name, const void *data)
{
	(void)data;
	return strcmp(name, "site") == 0 ? "nobody knows" : NULL;
}

static const bool without_instance = false, with_instance = true;
static const struct names names = { .find = find,
	.each = each,
	.data = &without_instance,
	.why = why,
	.secrets = SECRETS_FOUND };
static const struct names names_of_one = { .find = find,
	.each = each,
	.data = &with_instance,
	.why = why,
	.secrets = SECRETS_KEPT };

static const struct {
	const char *rule, *text, *kept, *final; /* NULL: refused */
} cases[] = {
	{ "text without names stays", "a b", "a b", "a b" },
	{ "a name is replaced", "<${service}>", "<mathoid>", "<mathoid>" },
	{ "blanks inside braces do not matter", "${ ncpu }", "4", "4" },
	{ "two dollars are one, at the end", "$$HOME", "$$HOME", "$HOME" },
	{ "a dollar alone is a dollar", "^a$", "^a$", "^a$" },
	{ "a dollar before a word is a dollar", "$HOME", "$HOME", "$HOME" },
	{ "escaped braces are text", "$${ncpu}", "$${ncpu}", "${ncpu}" },
	{ "a value with a dollar stays a value", "${price}", "$$5", "$5" },
	{ "the instance is kept, or it is a number", "w${instance}", "w${instance}",
		"w3" },
	{ "sums are computed", "${ncpu + 2 * 3}", "10", "10" },
	{ "products come before sums", "${2 + 3 * 4 - 1}", "13", "13" },
	{ "from the left", "${20 - 5 - 3}", "12", "12" },
	{ "parentheses come first", "${(2 + 3) * 4}", "20", "20" },
	{ "a sign is allowed", "${-(2 + 3) + 7}", "2", "2" },
	{ "nothing is less than nothing", "${0 * -1}", "0", "0" },
	{ "results are rounded down", "${ncpu * 1.7}", "6", "6" },
	{ "below zero too", "${0 - 1.5}", "-2", "-2" },
	{ "as good as whole is whole", "${0.29 * 100}", "29", "29" },
	{ "a fraction may be a value", "${half * 8}", "4", "4" },
	{ "a rest is left", "${17 % 5}", "2", "2" },
	{ "names have dots and dashes", "${port.http-admin + 1}", "8082", "8082" },
	{ "kept sums have their names replaced", "${10 * ncpu + instance}",
		"${10 * 4 + instance}", "43" },
	{ "a value that differs by instance is kept", "${port}", "${10042 + instance}",
		NULL },
	{ "and can be computed with", "${port * 2}", "${(10042 + instance) * 2}",
		"20090" },
	{ "lines are indented as the first", "  ${lines}\n", "  one\n  two\n\n  three\n",
		"  one\n  two\n\n  three\n" },
	{ "lines in the middle of a line are not", "x ${lines}", "x one\ntwo\n\nthree",
		"x one\ntwo\n\nthree" },
	{ "a secret stays", "a=${ secret.pass }$$", "a=${secret.pass}$$",
		"a=${secret.pass}$" },
	{ "its key may be digits and dashes", "${secret.pass}${instance}",
		"${secret.pass}${instance}", "${secret.pass}3" },
	{ "two dollars before a brace are no secret", "$${secret.pass}",
		"$${secret.pass}", "${secret.pass}" },
	{ "a secret is no part of a sum", "${secret.pass + 1}", NULL, NULL },
	{ "in parentheses neither", "${(secret.pass)}", NULL, NULL },
	{ "an unknown name", "${servce}", NULL, NULL },
	{ "a name without a value", "${site}", NULL, NULL },
	{ "an unclosed brace", "${service", NULL, NULL },
	{ "a brace closed in the next line", "${serv\nice}", NULL, NULL },
	{ "no name at all", "${}", NULL, NULL },
	{ "blanks are no name", "${  }", NULL, NULL },
	{ "division by zero", "${1 / (ncpu - 4)}", NULL, NULL },
	{ "rest of zero", "${1 % 0}", NULL, NULL },
	{ "text in a sum", "${service + 1}", NULL, NULL },
	{ "two values in one", "${odd + 1}", NULL, NULL },
	{ "a sum without an end", "${1 +}", NULL, NULL },
	{ "an unclosed parenthesis", "${(1 + 2}", NULL, NULL },
	{ "one that was not opened", "${1 + 2)}", NULL, NULL },
	{ "two numbers side by side", "${1 2}", NULL, NULL },
	{ "hexadecimal", "${0x10}", NULL, NULL },
	{ "exponents", "${1e3}", NULL, NULL },
	{ "infinity", "${inf}", NULL, NULL },
	{ "too big a number", "${9999999999999999999}", NULL, NULL },
	{ "too big a result", "${9007199254740992 * 2}", NULL, NULL },
	{ "commands", "${`id`}", NULL, NULL },
};

static void check(const char *rule, const char *text, bool keep, const char *want)
{
	_cleanup_free_ char *got = NULL;
	struct error err = { 0 };
	int r = expand(&got, text, keep ? &names : &names_of_one, keep, &err);

	if (!want && r == 0)
		fail_msg("%s: '%s' became '%s'", rule, text, got);
	if (!want) {
		assert_int_equal(r, -EINVAL);
		assert_true(err.text[0]);
		return;
	}
	if (r < 0)
		fail_msg("%s: '%s': %s", rule, text, err.text);
	if (strcmp(got, want) != 0)
		fail_msg("%s: '%s' became '%s', not '%s'", rule, text, got, want);
}

static void test_texts_are_expanded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check(cases[i].rule, cases[i].text, true, cases[i].kept);
		check(cases[i].rule, cases[i].text, false, cases[i].final);
	}
}

static void test_a_kept_text_stays_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (cases[i].kept)
			check("once more", cases[i].kept, true, cases[i].kept);
}

static void test_a_kept_text_ends_as_the_text_would(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *final = NULL;

		if (!cases[i].kept || !cases[i].final)
			continue;
		assert_int_equal(config_expand(&final, cases[i].kept, 3, NULL), 0);
		assert_string_equal(final, cases[i].final);
	}
}

static void test_refusals_say_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} refusals[] = {
		{ "${servce}", "unknown name 'servce' in ${…}; did you mean 'service'?" },
		{ "${site}", "${site} has no value here: nobody knows" },
		{ "${a-b}",
			"unknown name 'a-b' in ${…}; subtraction has blanks around its '-'" },
		{ "${x", "a '}' is missing after '${x'; a plain dollar is written $$" },
		{ "${1 / 0}", "${1 / 0}: division by zero" },
		{ "${service * 2}", "${service * 2}: only numbers can be computed with" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		char *got = NULL;
		struct error err = { 0 };

		assert_int_equal(
			expand(&got, refusals[i].text, &names, true, &err), -EINVAL);
		assert_string_equal(err.text, refusals[i].says);
	}
}

static void test_a_value_for_all_cannot_differ_by_instance(void **state)
{
	char *got = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expand(&got, "${instance}", &names, false, &err), -EINVAL);
	assert_string_equal(err.text,
		"${instance} cannot be used here: all instances share this value");
	assert_int_equal(expand(&got, "a${port}", &names, false, &err), -EINVAL);
	assert_string_equal(err.text,
		"${10042 + instance} differs by instance and cannot be used here");
}

static char *repeated(const char *text, size_t times)
{
	struct text out = { 0 };

	for (size_t i = 0; i < times; i++)
		text_add(&out, text);
	return text_take(&out);
}

static void test_parentheses_are_bounded(void **state)
{
	_cleanup_free_ char *open = repeated("(", 10000), *minus = repeated("-", 10000);
	_cleanup_free_ char *deep = text_format("${%s1}", open);
	_cleanup_free_ char *signs = text_format("${%s1}", minus);
	char *got = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expand(&got, deep, &names, true, &err), -EINVAL);
	assert_non_null(strstr(err.text, "nested too deeply"));
	assert_int_equal(expand(&got, signs, &names, true, &err), -EINVAL);
}

static void test_results_are_bounded(void **state)
{
	_cleanup_free_ char *many = repeated("${lines}", EXPAND_MAX_BYTES / 8);
	size_t budget = 8;
	const struct names poor = { .find = find,
		.each = each,
		.data = &without_instance,
		.why = why,
		.budget = &budget };
	_cleanup_free_ char *first = NULL;
	char *got = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(expand(&got, many, &names, true, &err), -EINVAL);
	assert_string_equal(err.text, "expands to more than 1024 KiB");
	assert_int_equal(expand(&first, "${service}", &poor, true, &err), 0);
	assert_int_equal(budget, 1);
	assert_int_equal(expand(&got, "${service}", &poor, true, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_expanded),
		cmocka_unit_test(test_a_kept_text_stays_as_it_is),
		cmocka_unit_test(test_a_kept_text_ends_as_the_text_would),
		cmocka_unit_test(test_refusals_say_what_is_wrong),
		cmocka_unit_test(test_a_value_for_all_cannot_differ_by_instance),
		cmocka_unit_test(test_parentheses_are_bounded),
		cmocka_unit_test(test_results_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
