/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * match.h - does a text match a regular expression (PCRE2)?
 */
#pragma once

#include <stddef.h>

enum match { MATCH_YES, MATCH_NO, MATCH_TROUBLE };

/* On MATCH_TROUBLE `trouble` says why it cannot be told. */
enum match match_text(const char *pattern, const char *text, size_t size, char *trouble,
	size_t trouble_size);
