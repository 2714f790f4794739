/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * line.c - stamps, prefixes, levels. The JSON half is line_json.c.
 */
#include "logrotate/line.h"

#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <time.h>

#include "base/cleanup.h"

#include "logrotate/line_json.h"

enum { TAI64N_BYTES = 25, SYSLOG_LEVELS = 8 };
#define TAI64_OF_1970 (4611686018427387904ULL + 10ULL)

const char *const level_words[8] = { NULL, "trace", "debug", "info", "notice", "warning",
	"error", "fatal" };

static const struct {
	const char *word;
	enum level level;
} aliases[] = {
	{ "trace", LEVEL_TRACE },
	{ "verbose", LEVEL_TRACE },
	{ "silly", LEVEL_TRACE },
	{ "debug", LEVEL_DEBUG },
	{ "info", LEVEL_INFO },
	{ "informational", LEVEL_INFO },
	{ "notice", LEVEL_NOTICE },
	{ "warn", LEVEL_WARNING },
	{ "warning", LEVEL_WARNING },
	{ "err", LEVEL_ERROR },
	{ "error", LEVEL_ERROR },
	{ "severe", LEVEL_ERROR },
	{ "fatal", LEVEL_FATAL },
	{ "crit", LEVEL_FATAL },
	{ "critical", LEVEL_FATAL },
	{ "alert", LEVEL_FATAL },
	{ "emerg", LEVEL_FATAL },
	{ "emergency", LEVEL_FATAL },
	{ "panic", LEVEL_FATAL },
};

static const enum level of_syslog[SYSLOG_LEVELS] = {
	[LOG_EMERG] = LEVEL_FATAL,
	[LOG_ALERT] = LEVEL_FATAL,
	[LOG_CRIT] = LEVEL_FATAL,
	[LOG_ERR] = LEVEL_ERROR,
	[LOG_WARNING] = LEVEL_WARNING,
	[LOG_NOTICE] = LEVEL_NOTICE,
	[LOG_INFO] = LEVEL_INFO,
	[LOG_DEBUG] = LEVEL_DEBUG,
};

static bool digits(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return size > 0;
}

static int number(const char *text, size_t size)
{
	int value = 0;

	for (size_t i = 0; i < size; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

/* bunyan and pino: 10 trace, 20 debug … 60 fatal; syslog: 0 to 7. */
static enum level level_of_number(int value)
{
	static const enum level tens[] = { LEVEL_TRACE, LEVEL_DEBUG, LEVEL_INFO,
		LEVEL_WARNING, LEVEL_ERROR, LEVEL_FATAL };

	if (value < SYSLOG_LEVELS)
		return of_syslog[value];
	if (value < 10)
		return LEVEL_UNKNOWN;
	return tens[MIN((size_t)value / 10, ARRAY_LEN(tens)) - 1];
}

enum level level_read(const char *word, size_t size)
{
	if (digits(word, size) && size <= 3)
		return level_of_number(number(word, size));
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strlen(aliases[i].word) == size &&
			strncasecmp(aliases[i].word, word, size) == 0)
			return aliases[i].level;
	return LEVEL_UNKNOWN;
}

int level_to_syslog(enum level level)
{
	switch (level) {
	case LEVEL_FATAL: return LOG_CRIT;
	case LEVEL_ERROR: return LOG_ERR;
	case LEVEL_WARNING: return LOG_WARNING;
	case LEVEL_NOTICE: return LOG_NOTICE;
	case LEVEL_DEBUG:
	case LEVEL_TRACE: return LOG_DEBUG;
	case LEVEL_INFO:
	case LEVEL_UNKNOWN: return LOG_INFO;
	}
	return LOG_INFO;
}

/* `pattern`: 0 a digit, T a "T" or a space, anything else itself. */
static bool matches(const char *text, size_t size, const char *pattern)
{
	size_t length = strlen(pattern);

	if (size < length)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool fine = pattern[i] == '0'   ? text[i] >= '0' && text[i] <= '9'
			    : pattern[i] == 'T' ? text[i] == 'T' || text[i] == ' '
						: text[i] == pattern[i];

		if (!fine)
			return false;
	}
	return true;
}

static bool is_date(const struct tm *date)
{
	return date->tm_year >= 70 && date->tm_mon >= 0 && date->tm_mon < 12 &&
	       date->tm_mday >= 1 && date->tm_mday <= 31 && date->tm_hour < 24 &&
	       date->tm_min < 60 && date->tm_sec <= 60;
}

/* ".123" or ",123456789" as microseconds; how many bytes it is. */
static size_t read_fraction(int64_t *ret_us, const char *text, size_t size)
{
	int64_t unit_us = US_PER_S / 10;
	size_t at = 1;

	*ret_us = 0;
	if (size < 2 || (text[0] != '.' && text[0] != ',') || !digits(text + 1, 1))
		return 0;
	for (; at < size && digits(text + at, 1); at++) {
		*ret_us += (text[at] - '0') * unit_us;
		unit_us /= 10;
	}
	return at;
}

/* "Z", "+02:00", "-0700" or nothing (UTC); how many bytes it is. */
static size_t read_zone(int *ret_s, const char *text, size_t size)
{
	const char *minutes = NULL;

	*ret_s = 0;
	if (size > 0 && (text[0] == 'Z' || text[0] == 'z'))
		return 1;
	if (size == 0 || (text[0] != '+' && text[0] != '-'))
		return 0;
	if (matches(text + 1, size - 1, "00:00"))
		minutes = text + 4;
	else if (matches(text + 1, size - 1, "0000"))
		minutes = text + 3;
	else
		return 0;
	*ret_s = (number(text + 1, 2) * 60 + number(minutes, 2)) * 60;
	if (text[0] == '-')
		*ret_s = -*ret_s;
	return (size_t)(minutes - text) + 2;
}

static size_t read_iso(struct wall *ret, const char *text, size_t size)
{
	bool has_time = matches(text, size, "0000-00-00T00:00:00");
	size_t at = has_time ? 19 : 10;
	int64_t fraction_us = 0;
	struct tm date = { 0 };
	int zone_s = 0;

	if (!has_time && !matches(text, size, "0000-00-00"))
		return 0;
	date.tm_year = number(text, 4) - 1900;
	date.tm_mon = number(text + 5, 2) - 1;
	date.tm_mday = number(text + 8, 2);
	if (has_time) {
		date.tm_hour = number(text + 11, 2);
		date.tm_min = number(text + 14, 2);
		date.tm_sec = number(text + 17, 2);
		at += read_fraction(&fraction_us, text + at, size - at);
		at += read_zone(&zone_s, text + at, size - at);
	}
	if (!is_date(&date))
		return 0;
	ret->us = (timegm(&date) - zone_s) * US_PER_S + fraction_us;
	return at;
}

static const char digits_of_16[] = "0123456789abcdef";

static bool read_hex(uint64_t *ret, const char *text, size_t size)
{
	*ret = 0;
	for (size_t i = 0; i < size; i++) {
		const char *digit =
			memchr(digits_of_16, text[i], sizeof(digits_of_16) - 1);

		if (!digit)
			return false;
		*ret = *ret * 16 + (uint64_t)(digit - digits_of_16);
	}
	return true;
}

static size_t read_tai64n(struct wall *ret, const char *text, size_t size)
{
	uint64_t seconds, nanoseconds;

	if (size < TAI64N_BYTES || text[0] != '@' || !read_hex(&seconds, text + 1, 16) ||
		!read_hex(&nanoseconds, text + 17, 8))
		return 0;
	if (seconds < TAI64_OF_1970 || seconds - TAI64_OF_1970 > UINT32_MAX ||
		nanoseconds >= 1000000000)
		return 0;
	ret->us = (int64_t)(seconds - TAI64_OF_1970) * US_PER_S +
		  (int64_t)nanoseconds / 1000;
	return TAI64N_BYTES;
}

size_t time_read(struct wall *ret, const char *text, size_t size)
{
	size_t used = read_tai64n(ret, text, size);

	return used ? used : read_iso(ret, text, size);
}

static void skip(struct line_facts *facts, size_t size)
{
	facts->text += size;
	facts->size -= size;
}

static void read_stamp(struct line_facts *facts)
{
	size_t used = time_read(&facts->at, facts->text, facts->size);

	facts->timed = used > 0;
	if (used == 0)
		return;
	skip(facts, used);
	if (facts->size > 0 && facts->text[0] == ' ')
		skip(facts, 1);
}

static void read_priority(struct line_facts *facts)
{
	if (!matches(facts->text, facts->size, "<0>") || facts->text[1] > '7')
		return;
	facts->level = of_syslog[facts->text[1] - '0'];
	skip(facts, 3);
}

struct line_facts line_read(const char *line, size_t size)
{
	struct line_facts facts = { .text = line, .size = size };

	read_stamp(&facts);
	read_priority(&facts);
	if (facts.size > 0 && facts.text[0] == '{')
		line_read_json(&facts);
	return facts;
}
