/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names.c - archive names, made and understood.
 */
#include "logrotate/names.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include "logrotate/pack.h"

enum { SUFFIX_ROOM = 64, NUMBER_MAX = 999999 };

bool name_is_good(const char *name)
{
	size_t length = name ? strlen(name) : 0;

	return length > 0 && length < NAME_BYTES - SUFFIX_ROOM && name[0] != '.' &&
	       !strchr(name, '/');
}

/* Decimal without sign or leading zeros, from 1 on; returns what follows, or NULL. */
static const char *read_number(const char *at, int64_t *ret)
{
	int64_t number = 0;

	if (*at < '1' || *at > '9')
		return NULL;
	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (*at - '0');
		if (number > NUMBER_MAX)
			return NULL;
	}
	*ret = number;
	return at;
}

static bool read_packing(const char *suffix, enum compress *ret)
{
	static const enum compress kinds[] = { COMPRESS_NONE, COMPRESS_ZSTD,
		COMPRESS_GZIP };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!text_equal(suffix, pack_suffix(kinds[i])))
			continue;
		*ret = kinds[i];
		return true;
	}
	return false;
}

bool name_parse(
	struct archive *ret, const char *name, const char *live, const char *dateformat)
{
	struct archive archive = { 0 };
	struct tm date = { .tm_mday = 1 }; /* of a format that names no day */
	const char *at;

	if (!text_starts(name, live))
		return false;
	name += strlen(live);
	at = strptime(name, dateformat, &date);
	archive.dated = at != NULL && at != name;
	if (archive.dated)
		archive.stamp_s = timegm(&date);
	else
		at = name;
	if (*at != '.' || !(at = read_number(at + 1, &archive.number)) ||
		!read_packing(at, &archive.packed))
		return false;
	*ret = archive;
	return true;
}

/* The format is an operator's (rotate.dateformat): strftime(3) reads nothing through
 * it. */
static size_t format_date(
	char ret[static SUFFIX_ROOM], const char *dateformat, const struct tm *date)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return strftime(ret, SUFFIX_ROOM, dateformat, date);
#pragma GCC diagnostic pop
}

bool name_dated(char ret[static NAME_BYTES], const char *live, const char *dateformat,
	int64_t stamp_s, int64_t number)
{
	time_t seconds = stamp_s;
	char stamp[SUFFIX_ROOM];
	struct tm date;

	if (!gmtime_r(&seconds, &date) || format_date(stamp, dateformat, &date) == 0 ||
		strchr(stamp, '/'))
		return false;
	return snprintf(ret, NAME_BYTES, "%s%s.%lld", live, stamp, (long long)number) <
	       NAME_BYTES;
}

int64_t name_stamp(const char *live, const char *dateformat, int64_t stamp_s)
{
	char name[NAME_BYTES];
	struct archive archive;

	if (!name_dated(name, live, dateformat, stamp_s, 1) ||
		!name_parse(&archive, name, live, dateformat) || !archive.dated)
		return stamp_s;
	return archive.stamp_s;
}

bool name_hidden(char ret[static NAME_BYTES], const char *name)
{
	return snprintf(ret, NAME_BYTES, ".%s.new", name) < NAME_BYTES;
}

bool name_is_hidden(const char *name, const char *live)
{
	return name[0] == '.' && text_starts(name + 1, live) && text_ends(name, ".new");
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int name_order(const struct archive *a, const struct archive *b)
{
	int order;

	/* A dated one waits for its number, or was made after numbering was switched
	 * off. */
	if (a->dated != b->dated)
		return a->dated ? -1 : 1;
	order = compare(b->stamp_s, a->stamp_s);
	if (order == 0)
		order = a->dated ? compare(b->number, a->number)
				 : compare(a->number, b->number);
	if (order == 0)
		order = compare(a->packed == COMPRESS_NONE ? 0 : 1,
			b->packed == COMPRESS_NONE ? 0 : 1);
	return order;
}
