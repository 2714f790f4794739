/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * json_scan.c - from one brace, comma and quote to the next.
 */
#include "base/json_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* RFC 8259, section 2 */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct json_scan *scan)
{
	while (scan->at < scan->end && is_space(*scan->at))
		scan->at++;
}

static bool skip_one(struct json_scan *scan, char wanted)
{
	skip_space(scan);
	if (scan->at == scan->end || *scan->at != wanted)
		return false;
	scan->at++;
	return true;
}

/* From its first quote to behind its last. */
static bool skip_string(struct json_scan *scan)
{
	const char *at = scan->at + 1;

	while (at < scan->end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	if (at >= scan->end)
		return false;
	scan->at = at + 1;
	return true;
}

/* From its bracket to behind the one that closes it; which kind closes, whoever parses
 * it finds out. */
static bool skip_nest(struct json_scan *scan)
{
	size_t depth = 0;

	while (scan->at < scan->end) {
		if (*scan->at == '"') {
			if (!skip_string(scan))
				return false;
			continue;
		}
		depth += *scan->at == '{' || *scan->at == '[';
		depth -= *scan->at == '}' || *scan->at == ']';
		scan->at++;
		if (depth == 0)
			return true;
	}
	return false;
}

/* A number, or true, false, null. */
static bool ends_word(char c)
{
	return is_space(c) || c == ',' || c == '}' || c == ']';
}

static bool skip_value(struct json_scan *scan)
{
	const char *from = scan->at;

	if (scan->at == scan->end)
		return false;
	if (*scan->at == '"')
		return skip_string(scan);
	if (*scan->at == '{' || *scan->at == '[')
		return skip_nest(scan);
	while (scan->at < scan->end && !ends_word(*scan->at))
		scan->at++;
	return scan->at > from;
}

int json_scan_begin(struct json_scan *ret, struct json_span text)
{
	*ret = (struct json_scan){ text.bytes, text.bytes + text.size };
	return skip_one(ret, '{') ? 0 : -EINVAL;
}

static int read_end(struct json_scan *scan)
{
	skip_space(scan);
	return scan->at == scan->end ? 0 : -EINVAL;
}

int json_scan_next(
	struct json_scan *scan, struct json_span *ret_key, struct json_span *ret_value)
{
	const char *from;

	if (skip_one(scan, '}'))
		return read_end(scan);
	(void)skip_one(scan, ',');
	skip_space(scan);
	from = scan->at;
	if (scan->at == scan->end || *from != '"' || !skip_string(scan))
		return -EINVAL;
	*ret_key = (struct json_span){ from + 1, (size_t)(scan->at - from) - 2 };
	if (!skip_one(scan, ':'))
		return -EINVAL;
	skip_space(scan);
	from = scan->at;
	if (!skip_value(scan))
		return -EINVAL;
	*ret_value = (struct json_span){ from, (size_t)(scan->at - from) };
	return 1;
}
