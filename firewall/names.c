/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names.c - what goes into names and comments of the kernel's objects.
 */
#include "firewall/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PART_BYTES = 40, FIRST_PRINTABLE = ' ', LAST_PRINTABLE = '~' };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char others[] = "0123456789_-";

/* nft's words begin with a letter; a hash is put behind one. */
static bool is_name(const char *text, bool is_first)
{
	size_t size = strlen(text);

	if (size == 0 || size >= PART_BYTES || (is_first && !strchr(letters, text[0])))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!strchr(letters, text[i]) && !strchr(others, text[i]))
			return false;
	}
	return true;
}

static void part_make(char ret[static PART_BYTES], const char *text, bool is_first)
{
	if (is_name(text, is_first)) {
		snprintf(ret, PART_BYTES, "%s", text);
	} else {
		snprintf(ret, PART_BYTES, "x%016llx", text_hash(text, strlen(text)));
	}
}

void name_make(char ret[static NAME_BYTES], const char *service, const char *part)
{
	char first[PART_BYTES], second[PART_BYTES];

	part_make(first, service, true);
	part_make(second, part, false);
	snprintf(ret, NAME_BYTES, "%s.%s", first, second);
}

void set_name_make(
	char ret[static NAME_BYTES], enum family family, const struct ranges *ranges)
{
	static const char *const words[FAMILY_COUNT] = { "ipv4", "ipv6" };

	snprintf(ret, NAME_BYTES, "%s.%016llx", words[family],
		text_hash(ranges->items, ranges->count * sizeof(*ranges->items)));
}

void comment_make(char ret[static COMMENT_BYTES], const char *format, ...)
{
	va_list args;

	memset(ret, 0, COMMENT_BYTES);
	va_start(args, format);
	vsnprintf(ret, COMMENT_BYTES, format, args);
	va_end(args);
	for (char *at = ret; *at != '\0'; at++) {
		if (*at < FIRST_PRINTABLE || *at > LAST_PRINTABLE || strchr("\"\\", *at))
			*at = '?';
	}
}
