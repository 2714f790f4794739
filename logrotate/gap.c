/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gap.c - no silent loss.
 */
#include "logrotate/gap.h"

#include <stdio.h>
#include <string.h>

uint64_t gap_count_lines(const char *lines, size_t size)
{
	const char *at = lines, *end = lines + size;
	uint64_t count = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

uint64_t gap_add(struct gap *gap, const char *lines, size_t size, struct wall now)
{
	uint64_t count = gap_count_lines(lines, size);

	if (gap->lines == 0)
		gap->since = now;
	gap->lines += count;
	gap->bytes += size;
	return count;
}

char *gap_sentence(
	char ret[static GAP_SENTENCE_BYTES], const struct gap *gap, const char *why)
{
	char since[WALL_TEXT_BYTES];

	snprintf(ret, GAP_SENTENCE_BYTES, "%llu line%s (%llu bytes) dropped since %s: %s",
		(unsigned long long)gap->lines, gap->lines == 1 ? "" : "s",
		(unsigned long long)gap->bytes, wall_format(gap->since, since), why);
	return ret;
}
