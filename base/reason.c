/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reason.c - printf into a line that is cut, and never in the middle of a UTF-8
 * character; and remarks.
 */
#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sequence that the cut left without its end goes as a whole. */
static void drop_half_character(char *text)
{
	size_t size = strlen(text), begin = size;
	unsigned char first;
	size_t length;

	while (begin > 0 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80)
		begin--;
	if (begin == 0)
		return;
	first = (unsigned char)text[begin - 1];
	length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	if (size - (begin - 1) < length)
		text[begin - 1] = '\0';
}

void reason_set(char *ret, size_t size, const char *format, ...)
{
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(ret, size, format, args);
	va_end(args);
	if (wanted >= (int)size)
		drop_half_character(ret);
}

void reason_add(char *ret, size_t size, const char *format, ...)
{
	size_t used = strnlen(ret, size - 1);
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(ret + used, size - used, format, args);
	va_end(args);
	if (wanted >= (int)(size - used))
		drop_half_character(ret);
}

/* ---- remarks ----------------------------------------------------------------------- */

void remark_set(struct remark *remark, const char *format, ...)
{
	char text[REASON_BYTES];
	va_list args;
	int wanted;

	va_start(args, format); /* may speak of what is replaced */
	wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (wanted >= (int)sizeof(text))
		drop_half_character(text);
	remark_clear(remark);
	if (text[0])
		remark->text = strdup(text);
}

void remark_clear(struct remark *remark)
{
	free(remark->text);
	remark->text = NULL;
}

const char *remark_text(const struct remark *remark)
{
	return remark->text ? remark->text : "";
}
