/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * log_line.c - any bytes as a line: what is read from it lies within it, and printed with
 * a stamp and a priority it means the same.
 */
#include <assert.h>
#include <string.h>

#include "logrotate/line.h"
#include "logrotate/mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	struct line_facts first = line_read(line, size), again;
	struct wall at = { first.at.us / US_PER_MS * US_PER_MS };
	char stamp[STAMP_BYTES];
	struct text text = { 0 };

	assert(first.text >= line && first.text + first.size == line + size);
	/* what four digits of a year can tell */
	if (!first.timed || at.us < 0 || at.us >= 253402300800LL * US_PER_S)
		at.us = 0;
	text_add_bytes(&text, stamp, mark_stamp(stamp, STAMP_ISO, at));
	if (first.level != LEVEL_UNKNOWN)
		text_addf(&text, "<%d>", level_to_syslog(first.level));
	text_add_bytes(&text, "x", 1);
	again = line_read(text.bytes, text.size);
	assert(again.timed && again.at.us == at.us);
	assert(level_to_syslog(again.level) == level_to_syslog(first.level));
	assert(again.size == 1);
	text_done(&text);
	return 0;
}
