/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy.c - decisions only: no file is touched and no clock is read here.
 */
#include "logrotate/policy.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum {
	MINUTE_S = 60,
	HOUR_S = 3600,
	HOURLY_SPREAD_S = 300,
	LEVEL_ZSTD = 1, /* gzip -6's ratio for an eighth of its time */
	LEVEL_GZIP = 6,
};

/* "HH:MM", or a place within the first hour (of an hour: minutes) that the host keeps. */
static int64_t read_at(const struct log_rotate *rotate, uint64_t spread)
{
	struct tm date = { 0 };

	if (rotate->every == EVERY_NEVER)
		return 0;
	if (rotate->every == EVERY_HOUR)
		return rotate->at ? 0 : (int64_t)(spread % HOURLY_SPREAD_S);
	if (rotate->at && strptime(rotate->at, "%H:%M", &date))
		return (date.tm_hour * 60 + date.tm_min) * (int64_t)MINUTE_S;
	return (int64_t)(spread % HOUR_S);
}

static int64_t smaller_limit(int64_t a, int64_t b)
{
	if (a <= 0)
		a = INT64_MAX;
	if (b <= 0)
		b = INT64_MAX;
	return MIN(a, b);
}

void policy_read(struct policy *ret, const struct logs *logs, uint64_t spread)
{
	const struct log_rotate *rotate = &logs->rotate;
	int level = rotate->compress == COMPRESS_GZIP ? LEVEL_GZIP : LEVEL_ZSTD;

	*ret = (struct policy){
		.limit_bytes = smaller_limit(rotate->size_bytes, rotate->maxsize_bytes),
		.minsize_bytes = rotate->minsize_bytes,
		.every = rotate->every,
		.at_s = read_at(rotate, spread),
		.ifempty = rotate->ifempty,
		.keep = rotate->keep,
		.max_age_ms = rotate->max_age_ms,
		.total_bytes = logs->total_bytes,
		.min_keep = logs->min_keep,
		.compress = rotate->compress,
		.level = rotate->level > 0 ? (int)rotate->level : level,
		.delay_compress = rotate->delay_compress,
		.numbered = rotate->numbered || !rotate->dateext,
	};
}

/* Midnight (or the full hour) of the period that `date` is in, as mktime(3) wants it. */
static void to_period_start(struct tm *date, enum rotate_every every)
{
	date->tm_sec = date->tm_min = 0;
	date->tm_isdst = -1;
	if (every == EVERY_HOUR)
		return;
	date->tm_hour = 0;
	if (every == EVERY_WEEK)
		date->tm_mday -= (date->tm_wday + 6) % 7; /* Monday */
	if (every == EVERY_MONTH)
		date->tm_mday = 1;
}

static void to_next_period(struct tm *date, enum rotate_every every)
{
	date->tm_isdst = -1;
	switch (every) {
	case EVERY_NEVER: return;
	case EVERY_HOUR: date->tm_hour++; return;
	case EVERY_DAY: date->tm_mday++; return;
	case EVERY_WEEK: date->tm_mday += 7; return;
	case EVERY_MONTH: date->tm_mon++; return;
	}
}

static int64_t boundary_of(struct tm date, int64_t at_s)
{
	date.tm_hour += (int)(at_s / HOUR_S);
	date.tm_min += (int)(at_s % HOUR_S / MINUTE_S);
	date.tm_sec += (int)(at_s % MINUTE_S);
	return mktime(&date);
}

struct wall policy_boundary(const struct policy *policy, struct wall since)
{
	time_t seconds = since.us / US_PER_S, start = 0;
	int64_t boundary;
	struct tm date;

	if (policy->every == EVERY_NEVER || !localtime_r(&seconds, &date))
		return (struct wall){ INT64_MAX };
	if (policy->every == EVERY_HOUR) {
		/* By arithmetic: local time repeats an hour each autumn. */
		start = seconds - date.tm_min * (time_t)MINUTE_S - date.tm_sec;
		boundary = start + policy->at_s;
		if (boundary <= seconds)
			boundary += HOUR_S;
		return (struct wall){ boundary * US_PER_S };
	}
	to_period_start(&date, policy->every);
	boundary = boundary_of(date, policy->at_s);
	if (boundary <= seconds) {
		to_next_period(&date, policy->every);
		boundary = boundary_of(date, policy->at_s);
	}
	return (struct wall){ boundary * US_PER_S };
}

bool policy_due(const struct policy *policy, int64_t size_bytes, struct wall since,
	struct wall now)
{
	if (size_bytes == 0 && !policy->ifempty)
		return false;
	if (policy->minsize_bytes > 0 && size_bytes < policy->minsize_bytes)
		return false;
	return now.us >= policy_boundary(policy, since).us;
}

size_t policy_fits(
	const struct policy *policy, int64_t size_bytes, const char *lines, size_t size)
{
	int64_t room = policy->limit_bytes - size_bytes;
	const char *end;

	assert(lines && size > 0);
	if ((int64_t)size <= room)
		return size;
	end = room > 0 ? memrchr(lines, '\n', (size_t)room) : NULL;
	if (!end && size_bytes == 0)
		end = memchr(lines, '\n', size);
	if (!end)
		return size_bytes == 0 ? size : 0;
	return (size_t)(end - lines) + 1;
}

static int64_t age_ms(const struct archive *archive, struct wall now)
{
	int64_t since_s = archive->dated ? archive->stamp_s : archive->modified_s;

	return now.us / US_PER_MS - since_s * MS_PER_S;
}

void policy_prune(const struct policy *policy, struct archive *archives, size_t count,
	struct wall now)
{
	for (size_t i = 0; i < count; i++) {
		struct archive *archive = &archives[i];
		bool old = policy->max_age_ms > 0 &&
			   age_ms(archive, now) > policy->max_age_ms;
		bool many = policy->keep >= 0 && (int64_t)i >= policy->keep;
		bool waits = policy->delay_compress && i == 0;

		archive->fate = FATE_KEEP;
		if (archive->packed == COMPRESS_NONE && !waits &&
			policy->compress != COMPRESS_NONE)
			archive->fate = FATE_PACK;
		if (old || many)
			archive->fate = FATE_REMOVE;
	}
}

static int64_t kept_bytes(const struct shelf_view *view)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < view->count; i++)
		if (view->archives[i].fate != FATE_REMOVE)
			bytes += view->archives[i].bytes;
	return bytes;
}

/* The oldest that may go; NULL when every log is down to `min_keep`. */
static struct archive *oldest(
	const struct policy *policy, struct shelf_view *views, size_t count)
{
	struct archive *found = NULL;

	for (size_t v = 0; v < count; v++) {
		size_t last = views[v].count;

		while (last > 0 && views[v].archives[last - 1].fate == FATE_REMOVE)
			last--;
		if (last == 0 || (int64_t)last <= policy->min_keep)
			continue;
		if (!found || views[v].archives[last - 1].modified_s < found->modified_s)
			found = &views[v].archives[last - 1];
	}
	return found;
}

void policy_total(const struct policy *policy, struct shelf_view *views, size_t count,
	int64_t live_bytes)
{
	struct archive *archive;
	int64_t bytes = live_bytes;

	if (policy->total_bytes < 0)
		return;
	for (size_t v = 0; v < count; v++)
		bytes += kept_bytes(&views[v]);
	while (bytes > policy->total_bytes && (archive = oldest(policy, views, count))) {
		archive->fate = FATE_REMOVE;
		bytes -= archive->bytes;
	}
}
