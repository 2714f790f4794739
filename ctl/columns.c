/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * columns.c - how wide text is on a terminal.
 *
 * Of wcwidth(3) only what matters for a table: what joins the character before it takes
 * no column, East Asian characters and pictures take two. The text is well-formed UTF-8:
 * text_add_shown() saw to that.
 */
#include <stdint.h>

#include "ctl/show.h"

struct range {
	uint32_t first, last;
	size_t columns;
};

static const struct range ranges[] = {
	/* clang-format off */
	{ 0x00300, 0x0036f, 0 }, /* combining marks */
	{ 0x01100, 0x0115f, 2 }, /* Hangul Jamo */
	{ 0x0200b, 0x0200f, 0 }, /* joiners */
	{ 0x02e80, 0x0303e, 2 }, /* CJK radicals and signs */
	{ 0x03041, 0x0a4cf, 2 }, /* kana to Yi */
	{ 0x0ac00, 0x0d7a3, 2 }, /* Hangul */
	{ 0x0f900, 0x0faff, 2 }, /* CJK compatibility */
	{ 0x0fe00, 0x0fe0f, 0 }, /* variation selectors */
	{ 0x0fe30, 0x0fe6f, 2 }, /* CJK forms */
	{ 0x0ff00, 0x0ff60, 2 }, /* full width */
	{ 0x0ffe0, 0x0ffe6, 2 },
	{ 0x1f300, 0x1f64f, 2 }, /* pictures */
	{ 0x1f680, 0x1f6ff, 2 },
	{ 0x1f900, 0x1f9ff, 2 },
	{ 0x20000, 0x3fffd, 2 }, /* CJK extensions */
	/* clang-format on */
};

static bool goes_on(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The character at `string`, its bytes behind it in *ret_size. */
static uint32_t decode(const char *string, size_t *ret_size)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t size = 1;
	uint32_t character;

	while (size < sizeof(masks) - 1 && goes_on(string[size]))
		size++;
	character = (unsigned char)string[0] & masks[size];
	for (size_t i = 1; i < size; i++)
		character = character << 6 | ((unsigned char)string[i] & 0x3f);
	*ret_size = size;
	return character;
}

static size_t width_of(uint32_t character)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges) && ranges[i].first <= character; i++) {
		if (character <= ranges[i].last)
			return ranges[i].columns;
	}
	return 1;
}

size_t show_bytes_within(const char *string, size_t columns)
{
	size_t at = 0, used = 0, size;

	while (string[at]) {
		used += width_of(decode(string + at, &size));
		if (used > columns)
			break;
		at += size;
	}
	return at;
}

size_t show_columns(const char *string)
{
	size_t columns = 0, size;

	for (; *string; string += size)
		columns += width_of(decode(string, &size));
	return columns;
}
