/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * line_json.c - walks over the members of the outer object (and of ECS's "log"); what a
 * member is called decides what it means, by a table.
 *
 * Lenient: this is somebody's log, not a protocol. It ends at the first byte that makes
 * no sense.
 */
#include "logrotate/line_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct cursor {
	const char *at, *end;
};

struct slice {
	const char *bytes;
	size_t size;
	bool quoted;
};

static void skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end &&
		(*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r'))
		cursor->at++;
}

static bool skip_byte(struct cursor *cursor, char byte)
{
	skip_space(cursor);
	if (cursor->at >= cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

/* A string's inside; escapes stay as they are: no word we look for has one. */
static bool read_string(struct cursor *cursor, struct slice *ret)
{
	if (!skip_byte(cursor, '"'))
		return false;
	ret->bytes = cursor->at;
	ret->quoted = true;
	for (; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++)
		if (*cursor->at == '\\' && ++cursor->at >= cursor->end)
			return false;
	ret->size = (size_t)(cursor->at - ret->bytes);
	return skip_byte(cursor, '"');
}

/* An object or a list, strings in it respected. */
static bool skip_nested(struct cursor *cursor)
{
	size_t depth = 0;
	struct slice ignored;

	do {
		skip_space(cursor);
		if (cursor->at >= cursor->end)
			return false;
		if (*cursor->at == '"') {
			if (!read_string(cursor, &ignored))
				return false;
			continue;
		}
		if (*cursor->at == '{' || *cursor->at == '[')
			depth++;
		if (*cursor->at == '}' || *cursor->at == ']')
			depth--;
		cursor->at++;
	} while (depth > 0);
	return true;
}

/* Any value; of an object or a list all its bytes. */
static bool read_value(struct cursor *cursor, struct slice *ret)
{
	skip_space(cursor);
	if (cursor->at >= cursor->end)
		return false;
	if (*cursor->at == '"')
		return read_string(cursor, ret);
	*ret = (struct slice){ .bytes = cursor->at };
	if (*cursor->at == '{' || *cursor->at == '[') {
		if (!skip_nested(cursor))
			return false;
	} else {
		while (cursor->at < cursor->end && !strchr(",}] \t\r", *cursor->at))
			cursor->at++;
	}
	ret->size = (size_t)(cursor->at - ret->bytes);
	return ret->size > 0;
}

/* Seconds or milliseconds since 1970, as Go's and Node's loggers print them. */
static bool read_epoch(struct wall *ret, struct slice value)
{
	enum { NUMBER_BYTES = 32 };
	char text[NUMBER_BYTES];
	double number;
	char *end;

	if (value.quoted || value.size >= sizeof(text))
		return false;
	memcpy(text, value.bytes, value.size);
	text[value.size] = '\0';
	number = strtod(text, &end);
	if (*end != '\0' || !isfinite(number) || number < 1e8 || number > 1e14)
		return false;
	if (number > 1e11)
		number /= MS_PER_S;
	ret->us = (int64_t)(number * US_PER_S);
	return true;
}

static void take_time(struct line_facts *facts, struct slice value)
{
	if (facts->timed)
		return;
	facts->timed = value.quoted ? time_read(&facts->at, value.bytes, value.size) > 0
				    : read_epoch(&facts->at, value);
}

static void take_level(struct line_facts *facts, struct slice value)
{
	if (facts->level == LEVEL_UNKNOWN)
		facts->level = level_read(value.bytes, value.size);
}

static void take_ecs_log(struct line_facts *facts, struct slice value);

static const struct {
	const char *key;
	void (*take)(struct line_facts *facts, struct slice value);
} members[] = {
	{ "time", take_time },
	{ "timestamp", take_time },
	{ "@timestamp", take_time },
	{ "ts", take_time },
	{ "level", take_level },
	{ "severity", take_level },
	{ "log.level", take_level },
	{ "levelname", take_level },
	{ "PRIORITY", take_level },
	{ "log", take_ecs_log },
};

static void take_member(
	struct line_facts *facts, struct slice key, struct slice value, size_t known)
{
	for (size_t i = 0; i < known; i++)
		if (strlen(members[i].key) == key.size &&
			memcmp(members[i].key, key.bytes, key.size) == 0)
			members[i].take(facts, value);
}

static void read_object(struct line_facts *facts, struct cursor cursor, size_t known)
{
	struct slice key, value;

	if (!skip_byte(&cursor, '{'))
		return;
	do {
		if (!read_string(&cursor, &key) || !skip_byte(&cursor, ':') ||
			!read_value(&cursor, &value))
			return;
		take_member(facts, key, value, known);
	} while (skip_byte(&cursor, ','));
}

/* {"log": {"level": "error"}}: one level deep, where "log" means nothing further. */
static void take_ecs_log(struct line_facts *facts, struct slice value)
{
	if (!value.quoted)
		read_object(facts,
			(struct cursor){ value.bytes, value.bytes + value.size },
			ARRAY_LEN(members) - 1);
}

void line_read_json(struct line_facts *facts)
{
	read_object(facts, (struct cursor){ facts->text, facts->text + facts->size },
		ARRAY_LEN(members));
}
