/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reader_words.h - what both halves of reading have agreed on. Private to reader.c and
 * reading.c.
 */
#pragma once

#include "supervisor/reader.h"

enum { READER_WATCH_FD = 4, READER_ACCEPTED_FD };

/* What is said behind --read: for people; to compare with what runs; a first look; a
 * first look that may find all as it was accepted, and then says no more than that; only
 * what was accepted, whatever the files say. */
enum reader_word {
	READ_PEOPLE,
	READ_APPLY,
	READ_FIRST,
	READ_BOOT,
	READ_ACCEPTED,
	READER_WORDS
};
extern const char *const reader_words[READER_WORDS];
