/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * json_scan.h - the members of a JSON object as they stand in its text: nothing is built,
 * and what is in a member is not looked at. Who needs one parses that (json.h).
 */
#pragma once

#include <stddef.h>

/* Borrowed from the text. */
struct json_span {
	const char *bytes;
	size_t size;
};
struct json_scan {
	const char *at, *end;
};

/* -EINVAL: no object begins there. */
int json_scan_begin(struct json_scan *ret, struct json_span text);
/* 1: the next member, its key without quotes and with its escapes as they are; 0: the
 * object ended, and nothing but space is behind it; -EINVAL: it is none. */
int json_scan_next(
	struct json_scan *scan, struct json_span *ret_key, struct json_span *ret_value);
