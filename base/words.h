/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.h - enum and word, by one list. `[VALUE] = "word"` tables give words_find() the
 * way back.
 */
#pragma once

#include <stddef.h>
#include <string.h>

/* The index of `word` in `words`, or -1. Holes in the table are skipped. */
static inline int words_find(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] && word && strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}
