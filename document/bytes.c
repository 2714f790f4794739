/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bytes.c - pure: size, NUL, UTF-8 and tabs of a file, before and beside the parser.
 */
#include "document/bytes.h"

#include <string.h>

#include "document/node.h"
#include "document/problem.h"

struct mark bytes_mark(const char *file, const char *bytes, size_t offset)
{
	struct mark mark = { .file = file, .line = 1, .column = 1 };

	for (size_t i = 0; i < offset; i++) {
		if (bytes[i] == '\n') {
			mark.line++;
			mark.column = 1;
		} else if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

bool bytes_is_dollar_brace(const char *bytes, size_t size, struct mark mark)
{
	struct mark at = { .line = 1, .column = 1 };

	for (size_t i = 0; i < size && at.line <= mark.line; i++) {
		if (at.line == mark.line && at.column == mark.column && i > 0 &&
			((unsigned char)bytes[i] & 0xc0) != 0x80)
			return bytes[i] == '{' && bytes[i - 1] == '$';
		if (bytes[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return false;
}

static bool is_utf16(const char *bytes, size_t size)
{
	return size >= 2 &&
	       (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
}

bool bytes_check(
	const char *file, const char *bytes, size_t size, struct problems *problems)
{
	const char *nul = size ? memchr(bytes, '\0', size) : NULL;
	struct mark start = { .file = file, .line = 1, .column = 1 };
	size_t bad;

	if (size > DOCUMENT_MAX_BYTES) {
		problem(problems, start, NULL, "a file of %zu bytes: at most %d are read",
			size, DOCUMENT_MAX_BYTES);
	} else if (is_utf16(bytes, size)) {
		problem(problems, start, NULL, "UTF-16: save the file as UTF-8");
	} else if (nul) {
		problem(problems, bytes_mark(file, bytes, (size_t)(nul - bytes)), NULL,
			"a NUL byte: this is not a text file");
	} else if ((bad = text_find_bad_utf8(bytes, size)) < size) {
		problem(problems, bytes_mark(file, bytes, bad), NULL,
			"byte 0x%02x is not UTF-8: save the file as UTF-8",
			(unsigned char)bytes[bad]);
	} else {
		return true;
	}
	return false;
}

bool bytes_find_tab(const char *bytes, size_t size, unsigned line, unsigned *ret_line,
	unsigned *ret_column)
{
	unsigned at = 1;
	const char *start = bytes, *end = bytes + size;

	while (start < end && at <= line) {
		const char *newline = memchr(start, '\n', (size_t)(end - start));
		const char *word = start;

		while (word < end && *word == ' ')
			word++;
		if (word < end && *word == '\t' && at + 1 >= line) {
			*ret_line = at;
			*ret_column = (unsigned)(word - start) + 1;
			return true;
		}
		if (!newline)
			break;
		start = newline + 1;
		at++;
	}
	return false;
}
