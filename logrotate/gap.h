/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gap.h - pure: lines that are missing from a log, counted, until the log itself says so.
 */
#pragma once

#include <stddef.h>

#include "base/time.h"

struct gap {
	uint64_t lines, bytes;
	struct wall since; /* of the first of them */
};

enum { GAP_SENTENCE_BYTES = 160 };

uint64_t gap_count_lines(const char *lines, size_t size);
/* Whole lines that go nowhere; returns how many. */
uint64_t gap_add(struct gap *gap, const char *lines, size_t size, struct wall now);
/* "12 lines (840 bytes) dropped since …: WHY"; returns `ret`. */
char *gap_sentence(
	char ret[static GAP_SENTENCE_BYTES], const struct gap *gap, const char *why);
