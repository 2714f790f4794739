/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#include "tests/test.h"

/* "key=value;" of all members, then how it ended. */
static void scan(struct text *ret, const char *text)
{
	/* on the heap, so that a sanitizer sees what is read behind the end */
	char *bytes = memcpy(malloc(strlen(text) + 1), text, strlen(text));
	struct json_span key, value;
	struct json_scan scan;
	int r = json_scan_begin(&scan, (struct json_span){ bytes, strlen(text) });

	while (r == 0 && (r = json_scan_next(&scan, &key, &value)) > 0) {
		text_addf(ret, "%.*s=%.*s;", (int)key.size, key.bytes, (int)value.size,
			value.bytes);
		r = 0;
	}
	text_addf(ret, "%d", r);
	free(bytes);
}

static void members_are_found_as_they_stand(void **state)
{
	static const struct {
		const char *text, *found;
	} cases[] = {
		{ "{}", "0" },
		{ " { } \n", "0" },
		{ "{\"a\":1}", "a=1;0" },
		{ "{\"a\" : 1 , \"b\":true}", "a=1;b=true;0" },
		{ "{\"a\":{\"x\":[1,{\"}\":2}]},\n\"b\":[]}\n",
			"a={\"x\":[1,{\"}\":2}]};b=[];0" },
		{ "{\"a\\\"b\":\"}\\\\\"}", "a\\\"b=\"}\\\\\";0" },
		{ "{\"\":null}", "=null;0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text found = { 0 };

		scan(&found, cases[i].text);
		assert_string_equal(found.bytes, cases[i].found);
		text_done(&found);
	}
}

static void what_is_no_object_is_refused(void **state)
{
	static const char *const cases[] = { "", " ", "[]", "1", "{", "{\"", "{\"a",
		"{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":\"", "{\"a\":\"\\",
		"{\"a\":\"\\\"", "{\"a\":{", "{\"a\":[\"]\"", "{a:1}", "{\"a\":1} x",
		"{,", "{\"a\":{\"b}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text found = { 0 };
		const char *end;

		scan(&found, cases[i]);
		end = strrchr(found.bytes, ';');
		assert_int_equal(atoi(end ? end + 1 : found.bytes), -EINVAL);
		text_done(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_as_they_stand),
		cmocka_unit_test(what_is_no_object_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
