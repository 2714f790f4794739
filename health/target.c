/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * target.c - reads and prints request targets. Pure; strangers' bytes end here.
 */
#include "health/target.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const format_words[] = {
	[FORMAT_BY_ACCEPT] = "",
	[FORMAT_TEXT] = "text",
	[FORMAT_JSON] = "json",
	[FORMAT_NAGIOS] = "nagios",
};

static int hex(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, (tolower)((unsigned char)digit)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Decodes up to one of `stops` or the end; control characters are refused, encoded or
 * not. */
static int decode(char ret[static TARGET_PART_BYTES], const char **at, const char *stops)
{
	const char *from = *at;
	size_t used = 0;

	while (*from && !strchr(stops, *from)) {
		int byte = (unsigned char)*from++;

		if (byte == '%') {
			int high = hex(from[0]);
			int low = high < 0 ? -1 : hex(from[1]);

			if (low < 0)
				return -EINVAL;
			byte = high * 16 + low;
			from += 2;
		}
		if (byte < 0x20 || byte == 0x7f || used + 1 >= TARGET_PART_BYTES)
			return -EINVAL;
		ret[used++] = (char)byte;
	}
	ret[used] = '\0';
	*at = from;
	return 0;
}

static void take_format(struct target *target, const char *value)
{
	for (size_t i = 1; i < ARRAY_LEN(format_words); i++)
		if (strcmp(value, format_words[i]) == 0)
			target->format = (enum format)i;
}

static int take_exclude(struct target *target, const char *value)
{
	if (target->excludes_count == TARGET_MAX_EXCLUDES)
		return -EINVAL;
	memcpy(target->excludes[target->excludes_count++], value, TARGET_PART_BYTES);
	return 0;
}

static int take_parameter(struct target *target, const char *key, const char *value)
{
	if (strcmp(key, "exclude") == 0)
		return take_exclude(target, value);
	if (strcmp(key, "verbose") == 0)
		target->verbose = true;
	else if (strcmp(key, "format") == 0)
		take_format(target, value);
	else if (strcmp(key, "drain") == 0)
		target->drain_404 = strcmp(value, "404") == 0;
	return 0;
}

static int parse_query(struct target *target, const char *at)
{
	char key[TARGET_PART_BYTES], value[TARGET_PART_BYTES];
	int r = 0;

	while (r == 0 && *at) {
		value[0] = '\0';
		r = decode(key, &at, "=&");
		if (r == 0 && *at == '=') {
			at++;
			r = decode(value, &at, "&");
		}
		if (r == 0)
			r = take_parameter(target, key, value);
		at += r == 0 && *at == '&';
	}
	return r;
}

int target_parse(struct target *ret, const char *bytes)
{
	struct target target = { 0 };
	const char *at = bytes;

	if (strnlen(bytes, TARGET_MAX_BYTES + 1) > TARGET_MAX_BYTES)
		return -EINVAL;
	if (*at == '*' && !at[1])
		at++;
	else if (*at != '/')
		return -EINVAL;
	while (*at == '/') {
		at++;
		if (!*at || *at == '?') /* "/health/" is "/health" */
			break;
		if (target.parts_count == TARGET_MAX_PARTS ||
			decode(target.parts[target.parts_count], &at, "/?") < 0 ||
			!target.parts[target.parts_count][0])
			return -EINVAL;
		target.parts_count++;
	}
	if (*at == '?' && parse_query(&target, at + 1) < 0)
		return -EINVAL;
	*ret = target;
	return 0;
}

static void print_encoded(struct text *text, const char *part)
{
	for (; *part; part++) {
		if (isalnum((unsigned char)*part) || strchr("-_.~@", *part))
			text_add_bytes(text, part, 1);
		else
			text_addf(text, "%%%02X", (unsigned char)*part);
	}
}

void target_print(struct text *text, const struct target *target)
{
	char separator = '?';

	if (target->parts_count == 0)
		text_add(text, "/");
	for (size_t i = 0; i < target->parts_count; i++) {
		text_add(text, "/");
		print_encoded(text, target->parts[i]);
	}
	if (target->verbose) {
		text_addf(text, "%cverbose", separator);
		separator = '&';
	}
	if (target->drain_404) {
		text_addf(text, "%cdrain=404", separator);
		separator = '&';
	}
	if (target->format != FORMAT_BY_ACCEPT) {
		text_addf(text, "%cformat=%s", separator, format_words[target->format]);
		separator = '&';
	}
	for (size_t i = 0; i < target->excludes_count; i++) {
		text_addf(text, "%cexclude=", separator);
		print_encoded(text, target->excludes[i]);
		separator = '&';
	}
}

bool target_excludes(const struct target *target, const char *name)
{
	for (size_t i = 0; i < target->excludes_count; i++)
		if (strcmp(target->excludes[i], name) == 0)
			return true;
	return false;
}
