/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * query.c - the words of a question.
 */
#include "logrotate/query.h"

#include <string.h>

#include "base/cleanup.h"

#include "tests/test.h"

static const struct {
	const char *text;
	int64_t at_s; /* -1: refused */
} times[] = {
	{ "now", 1000000 },
	{ "90s", 999910 },
	{ "15m", 999100 },
	{ "2h ago", 992800 },
	{ "1d", 913600 },
	{ "1w", 395200 },
	{ "@42", 42 },
	{ "1970-01-02", 86400 },
	{ "1970-01-01T00:01:00Z", 60 },
	{ "1970-01-01 00:01:00+00:01", 0 },
	{ "", -1 },
	{ "15", -1 },
	{ "15x", -1 },
	{ "-5m", -1 },
	{ "@", -1 },
	{ "@x", -1 },
	{ "99999999999h", -1 },
	{ "2026-11-23T05:36:39Z and more", -1 },
};

static void times_are_read_in_the_ways_people_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct wall at = { 0 }, now = { 1000000 * (int64_t)US_PER_S };
		bool good = query_read_time(&at, times[i].text, now);

		if (good != (times[i].at_s >= 0) ||
			(good && at.us != times[i].at_s * US_PER_S))
			fail_msg(
				"\"%s\": %d %lld", times[i].text, good, (long long)at.us);
	}
}

static bool wants(const char *grep, const char *line)
{
	_cleanup_(json_freep) struct json_t *words = json_new_object();
	struct line_facts facts = line_read(line, strlen(line));
	struct query query = { 0 };
	struct error err = { 0 };
	bool wanted;

	json_set_text(words, "grep", grep);
	assert_int_equal(query_read(&query, words, (struct wall){ 0 }, &err), 0);
	wanted = query_wants(&query, &facts, line, strlen(line));
	query_done(&query);
	return wanted;
}

static void a_pattern_is_a_perl_expression(void **state)
{
	(void)state;
	assert_true(wants("a.c$", "xxabc"));
	assert_false(wants("^a.c$", "xxabc"));
	assert_true(wants("(?i)ERROR", "an error"));
}

static void a_pattern_that_would_run_for_ever_matches_nothing(void **state)
{
	(void)state;
	assert_false(wants("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
	assert_false(wants(
		"^(([a-z])+.)+[A-Z]([a-z])+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_in_the_ways_people_write_them),
		cmocka_unit_test(a_pattern_is_a_perl_expression),
		cmocka_unit_test(a_pattern_that_would_run_for_ever_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
