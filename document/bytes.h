/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bytes.h - pure: is this text at all, before a parser sees it.
 */
#pragma once

#include "document/node.h"

/* False, and a problem with its place, for a file that is too big, holds a NUL or is no
 * UTF-8. */
bool bytes_check(
	const char *file, const char *bytes, size_t size, struct problems *problems);
/* The first tab in the indentation of `line` (from 1) or of the line before it. */
bool bytes_find_tab(const char *bytes, size_t size, unsigned line, unsigned *ret_line,
	unsigned *ret_column);
/* Line and column of a byte. */
struct mark bytes_mark(const char *file, const char *bytes, size_t offset);
/* Whether `{` at this place is the second half of `${`. */
bool bytes_is_dollar_brace(const char *bytes, size_t size, struct mark mark);
