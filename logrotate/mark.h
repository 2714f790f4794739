/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mark.h - pure: the time in front of a line, and the lines that svcd itself puts into a
 * log, each in the format that readers of this log expect.
 */
#pragma once

#include "base/text.h"
#include "base/time.h"

#include "config/config.h"

enum { STAMP_BYTES = 40 };

/* How one log's lines look. */
struct look {
	enum log_format format;
	enum log_timestamp stamp; /* never STAMP_DEFAULT: see look_of() */
};
struct look look_of(const struct logs *logs);

/* What stands before each line, with its space; returns its length, 0 for STAMP_NONE. */
size_t mark_stamp(char ret[static STAMP_BYTES], enum log_timestamp stamp, struct wall at);
/* `lines` with the stamp before each. */
void mark_add_stamped(struct text *text, struct look look, struct wall at,
	const char *lines, size_t size);
/* One whole line with level warning: "… svcd: SENTENCE" or a JSON object of the same. */
void mark_add_notice(
	struct text *text, struct look look, struct wall at, const char *sentence);
