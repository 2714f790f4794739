/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * time.c - the only file that reads a clock.
 */
#include "base/time.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/cleanup.h"

static int64_t clock_us(clockid_t clock)
{
	struct timespec at;

	if (clock_gettime(clock, &at) < 0)
		assert(!"clock_gettime on a clock that every Linux has");
	return (int64_t)at.tv_sec * US_PER_S + at.tv_nsec / 1000;
}

struct instant instant_read(void)
{
	return (struct instant){ clock_us(CLOCK_MONOTONIC) };
}

struct wall wall_read(void)
{
	return (struct wall){ clock_us(CLOCK_REALTIME) };
}

char *wall_format(struct wall at, char ret[static WALL_TEXT_BYTES])
{
	time_t seconds = at.us / US_PER_S;
	struct tm parts;
	size_t used;

	if (!gmtime_r(&seconds, &parts)) {
		ret[0] = '\0';
		return ret;
	}
	used = strftime(ret, WALL_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(ret + used, WALL_TEXT_BYTES - used, ".%03dZ",
		(int)(at.us % US_PER_S / US_PER_MS));
	return ret;
}

int wall_parse(struct wall *ret, const char *text)
{
	struct tm parts = { 0 };
	int64_t fraction_us = 0;
	const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

	if (!at)
		return -EINVAL;
	if (*at == '.') {
		int64_t digit_us = US_PER_S / 10;

		for (at++; *at >= '0' && *at <= '9'; at++, digit_us /= 10)
			fraction_us += (*at - '0') * digit_us;
	}
	if (at[0] != 'Z' || at[1])
		return -EINVAL;
	ret->us = (int64_t)timegm(&parts) * US_PER_S + fraction_us;
	return 0;
}

char *duration_format(int64_t us, char ret[static DURATION_TEXT_BYTES])
{
	static const struct {
		int64_t unit_s, part_s;
		const char *unit, *part;
	} scales[] = {
		{ 86400, 3600, "d", "h" },
		{ 3600, 60, "h", "m" },
		{ 60, 1, "m", "s" },
	};
	int64_t seconds = us / US_PER_S;

	for (size_t i = 0; i < ARRAY_LEN(scales); i++) {
		int64_t rest = seconds % scales[i].unit_s / scales[i].part_s;

		if (seconds < scales[i].unit_s)
			continue;
		if (rest == 0)
			snprintf(ret, DURATION_TEXT_BYTES, "%" PRId64 "%s",
				seconds / scales[i].unit_s, scales[i].unit);
		else
			snprintf(ret, DURATION_TEXT_BYTES, "%" PRId64 "%s %" PRId64 "%s",
				seconds / scales[i].unit_s, scales[i].unit, rest,
				scales[i].part);
		return ret;
	}
	if (us >= 10 * (int64_t)US_PER_S || (us >= US_PER_S && us % US_PER_S == 0))
		snprintf(ret, DURATION_TEXT_BYTES, "%" PRId64 "s", seconds);
	else if (us >= US_PER_S)
		snprintf(ret, DURATION_TEXT_BYTES, "%.1fs", (double)us / US_PER_S);
	else
		snprintf(ret, DURATION_TEXT_BYTES, "%" PRId64 "ms", us / US_PER_MS);
	return ret;
}
