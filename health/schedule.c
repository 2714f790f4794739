/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * schedule.c - when is the next try, spread so that not all fire at once.
 *
 * Pure. Each check of each instance on each host has its own phase within the interval,
 * from a hash: a fleet that starts in the same second does not probe its dependencies in
 * the same second. Ten percent of jitter on top keeps two checks with the same phase from
 * meeting for ever.
 */
#include "health/schedule.h"

#include <string.h>

#include "base/text.h"

enum {
	FASTEST_US = 10 * US_PER_MS, /* no key may make us spin */
	FAST_DEFAULT_US = US_PER_S,
	JITTER_PERCENT = 10,
	STALE_PERIODS = 3,
};

static uint64_t mix(uint64_t seed, uint64_t round)
{
	const uint64_t words[] = { seed, round };

	return text_hash(words, sizeof(words));
}

/* -JITTER_PERCENT … +JITTER_PERCENT of `period_us`. */
static int64_t jitter_us(uint64_t random, int64_t period_us)
{
	int64_t span_us = period_us / 100 * JITTER_PERCENT;

	return span_us ? (int64_t)(random % (uint64_t)(2 * span_us)) - span_us : 0;
}

struct schedule schedule_of(const struct check *check, const char *host,
	const char *service, unsigned instance)
{
	const char *const names[] = { host, service, check->name };
	struct schedule ret = {
		.seed = instance,
		.interval_us = MAX(check->interval_ms * US_PER_MS, FASTEST_US),
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i])
			ret.seed = mix(ret.seed, text_hash(names[i], strlen(names[i])));
	ret.fast_us = check->fast_interval_ms > 0 ? check->fast_interval_ms * US_PER_MS
						  : FAST_DEFAULT_US;
	ret.fast_us = MAX(MIN(ret.fast_us, ret.interval_us), FASTEST_US);
	return ret;
}

struct instant schedule_first(const struct schedule *schedule, struct instant now)
{
	return instant_add_us(
		now, (int64_t)(schedule->seed %
			       (uint64_t)MIN(schedule->fast_us, FAST_DEFAULT_US)) /
			     4);
}

struct instant schedule_next(
	const struct schedule *schedule, bool on_edge, struct instant now)
{
	int64_t interval_us = schedule->interval_us;
	int64_t phase_us = (int64_t)(schedule->seed % (uint64_t)interval_us);
	int64_t round = (now.us - phase_us + interval_us / 2) / interval_us + 1;
	uint64_t random = mix(schedule->seed, (uint64_t)now.us);

	if (on_edge)
		return instant_add_us(
			now, schedule->fast_us + jitter_us(random, schedule->fast_us));
	return (struct instant){ phase_us + round * interval_us +
				 jitter_us(random, interval_us) };
}

int64_t schedule_stale_us(const struct schedule *schedule, const struct check *check)
{
	return STALE_PERIODS * schedule->interval_us + check->timeout_ms * US_PER_MS;
}
