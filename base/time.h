/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * time.h - points in time as types, so that `now + timeout` does not compile and wall
 * time cannot slip into a deadline. Durations are plain int64_t with their unit in the
 * name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { US_PER_MS = 1000, MS_PER_S = 1000, US_PER_S = 1000000 };

/* A point on CLOCK_MONOTONIC; meaningless to people and to other boots. */
struct instant {
	int64_t us;
};

/* A point on CLOCK_REALTIME, for people, logs and files. */
struct wall {
	int64_t us; /* since 1970-01-01 UTC */
};

#define NEVER ((struct instant){ INT64_MAX })

/* Only the loop, main() and tests call these two; below the loop time is an argument. */
struct instant instant_read(void);
struct wall wall_read(void);

static inline struct instant instant_add_us(struct instant at, int64_t us)
{
	if (at.us == INT64_MAX || us >= INT64_MAX - at.us)
		return NEVER;
	return (struct instant){ at.us + us };
}

static inline struct instant instant_add_ms(struct instant at, int64_t ms)
{
	return ms >= INT64_MAX / US_PER_MS ? NEVER : instant_add_us(at, ms * US_PER_MS);
}

static inline int64_t instant_since_us(struct instant now, struct instant then)
{
	return now.us - then.us;
}

static inline int64_t instant_since_ms(struct instant now, struct instant then)
{
	return (now.us - then.us) / US_PER_MS;
}

static inline bool instant_reached(struct instant now, struct instant at)
{
	return now.us >= at.us;
}

static inline struct instant instant_earlier(struct instant a, struct instant b)
{
	return a.us <= b.us ? a : b;
}

enum { WALL_TEXT_BYTES = 32 };

/* "2026-11-23T05:36:39.123Z" (RFC 3339, UTC, milliseconds) into `ret`; returns `ret`. */
char *wall_format(struct wall at, char ret[static WALL_TEXT_BYTES]);

/* Back: what wall_format() makes, the fraction may be missing. 0, or -EINVAL for
 * anything else. */
int wall_parse(struct wall *ret, const char *text);

enum { DURATION_TEXT_BYTES = 32 };

/* For people: "250ms", "5s", "2m 10s", "3h 4m", "6d 2h"; returns `ret`. */
char *duration_format(int64_t us, char ret[static DURATION_TEXT_BYTES]);
