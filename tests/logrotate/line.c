/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * line.c - what single lines say of their time and level.
 */
#include "logrotate/line.h"

#include <string.h>

#include "base/cleanup.h"

#include "tests/test.h"

#define S 1000000LL /* microseconds */

static const struct {
	const char *rule, *line;
	int64_t at_us; /* 0: no time */
	enum level level;
	const char *text; /* NULL: the whole line */
} cases[] = {
	/* clang-format off */
	{ "a plain line says nothing", "hello", 0, LEVEL_UNKNOWN, NULL },
	{ "an empty line says nothing", "", 0, LEVEL_UNKNOWN, NULL },
	{ "our stamp is the time, and not the text", "1970-01-02T00:00:00.250Z hello", 86400 * S + 250000, LEVEL_UNKNOWN, "hello" },
	{ "a zone is taken off", "1970-01-01T02:00:01+02:00 x", 1 * S, LEVEL_UNKNOWN, "x" },
	{ "a zone west of Greenwich, without colon", "1970-01-01T00:00:00-0130 x", 5400 * S, LEVEL_UNKNOWN, "x" },
	{ "Python's comma is a decimal point", "1970-01-01 00:00:01,500 INFO x", 1500000, LEVEL_UNKNOWN, "INFO x" },
	{ "nanoseconds are cut", "1970-01-01T00:00:00.123456789Z x", 123456, LEVEL_UNKNOWN, "x" },
	{ "a month 13 is no time", "1970-13-01T00:00:00Z x", 0, LEVEL_UNKNOWN, NULL },
	{ "an hour 24 is no time", "1970-01-01T24:00:00Z x", 0, LEVEL_UNKNOWN, NULL },
	{ "TAI64N as daemontools prints it", "@400000000000000b1dcd6500 x", 1 * S + 500000, LEVEL_UNKNOWN, "x" },
	{ "TAI64N with a bad digit is text", "@40000000000000g01dcd6500 x", 0, LEVEL_UNKNOWN, NULL },
	{ "TAI64N of next millennium's ages is text", "@ffffffffffffffff1dcd6500 x", 0, LEVEL_UNKNOWN, NULL },
	{ "<3> is error", "<3>broken", 0, LEVEL_ERROR, "broken" },
	{ "<8> is text", "<8>broken", 0, LEVEL_UNKNOWN, NULL },
	{ "<3 is text", "<3", 0, LEVEL_UNKNOWN, NULL },
	{ "a stamp, then a priority", "1970-01-01T00:00:01Z <7>x", 1 * S, LEVEL_DEBUG, "x" },
	{ "bunyan", "{\"name\":\"a\",\"level\":50,\"time\":\"1970-01-01T00:00:01.000Z\",\"v\":0}", 1 * S, LEVEL_ERROR, NULL },
	{ "pino's milliseconds", "{\"level\":30,\"time\":1700000000123}", 1700000000123000, LEVEL_INFO, NULL },
	{ "zap's seconds", "{\"level\":\"warn\",\"ts\":1700000000.5}", 1700000000500000, LEVEL_WARNING, NULL },
	{ "ECS with dots", "{\"@timestamp\":\"1970-01-01T00:00:01Z\",\"log.level\":\"ERROR\"}", 1 * S, LEVEL_ERROR, NULL },
	{ "ECS with an object", "{\"log\":{\"logger\":\"x\",\"level\":\"fatal\"}}", 0, LEVEL_FATAL, NULL },
	{ "severity words in any case", "{\"severity\":\"Critical\"}", 0, LEVEL_FATAL, NULL },
	{ "a nested level is not the line's", "{\"req\":{\"level\":60,\"a\":[\"}\",{\"b\":\"]\"}]},\"level\":20}", 0, LEVEL_DEBUG, NULL },
	{ "a key inside a string is none", "{\"msg\":\"\\\"level\\\":60\",\"level\":10}", 0, LEVEL_TRACE, NULL },
	{ "the first level counts", "{\"level\":30,\"level\":60}", 0, LEVEL_INFO, NULL },
	{ "a stamp in front wins over the object's time", "1970-01-01T00:00:02Z {\"time\":\"1970-01-01T00:00:01Z\"}", 2 * S, LEVEL_UNKNOWN, "{\"time\":\"1970-01-01T00:00:01Z\"}" },
	{ "what follows garbage is not read", "{\"a\":tru e,\"level\":60}", 0, LEVEL_UNKNOWN, NULL },
	{ "an object that was cut tells what it said before", "{\"level\":40,\"msg\":\"cut", 0, LEVEL_WARNING, NULL },
	{ "an unknown number is no level", "{\"level\":8}", 0, LEVEL_UNKNOWN, NULL },
	{ "infinity is no time", "{\"time\":1e999}", 0, LEVEL_UNKNOWN, NULL },
	/* clang-format on */
};

static void lines_say_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text = cases[i].text ? cases[i].text : cases[i].line;
		struct line_facts facts = line_read(cases[i].line, strlen(cases[i].line));

		if (facts.timed != (cases[i].at_us != 0) ||
			facts.level != cases[i].level ||
			(facts.timed && facts.at.us != cases[i].at_us) ||
			facts.size != strlen(text) ||
			memcmp(facts.text, text, facts.size) != 0)
			fail_msg("%s: time %lld, level %d, text \"%.*s\"", cases[i].rule,
				facts.timed ? (long long)facts.at.us : 0LL, facts.level,
				(int)facts.size, facts.text);
	}
}

static void every_byte_may_follow_a_nul(void **state)
{
	static const char line[] = "<4>a\0b";
	struct line_facts facts = line_read(line, sizeof(line) - 1);

	(void)state;
	assert_int_equal(facts.level, LEVEL_WARNING);
	assert_int_equal(facts.size, 3);
}

static void every_level_has_a_word_that_reads_back(void **state)
{
	(void)state;
	for (int level = LEVEL_TRACE; level <= LEVEL_FATAL; level++)
		assert_int_equal(
			level_read(level_words[level], strlen(level_words[level])),
			level);
	assert_int_equal(level_read("loud", 4), LEVEL_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_say_what_they_say),
		cmocka_unit_test(every_byte_may_follow_a_nul),
		cmocka_unit_test(every_level_has_a_word_that_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
