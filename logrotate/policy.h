/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy.h - pure: when a log is rotated, and which archives are packed or removed.
 *
 * Size and time stand together, whichever comes first; both are looked at as it happens,
 * so there is no hour at which a rotation can be missed.
 */
#pragma once

#include "base/time.h"

#include "config/config.h"
#include "logrotate/names.h"

/* Rotation words of one service, by value: worker threads have a copy. */
struct policy {
	int64_t limit_bytes; /* a file grows no further; INT64_MAX: as it likes */
	int64_t minsize_bytes;
	enum rotate_every every;
	int64_t at_s; /* seconds after the period's start, in local time */
	bool ifempty; /* an empty log is rotated by time as well */
	int64_t keep; /* UNSET: any number */
	int64_t max_age_ms, total_bytes; /* UNSET: for ever, as much as it likes */
	int64_t min_keep;                /* of each log, whatever `total` says */
	enum compress compress;
	int level;
	bool delay_compress, numbered;
};

/* `spread` is the same on each start of one host and differs between hosts. */
void policy_read(struct policy *ret, const struct logs *logs, uint64_t spread);

/* The first boundary after `since`; {INT64_MAX}: never. Local time, so that a day may
 * have 23 hours. */
struct wall policy_boundary(const struct policy *policy, struct wall since);
/* Whether a log of `size_bytes` whose period began at `since` is rotated at `now`. */
bool policy_due(const struct policy *policy, int64_t size_bytes, struct wall since,
	struct wall now);
/* How many of `size` bytes of whole lines still go into a file that has `size_bytes`:
 * all, the lines that fit, or 0: rotate first. An empty file takes at least one line,
 * however long. */
size_t policy_fits(
	const struct policy *policy, int64_t size_bytes, const char *lines, size_t size);

/* Sets the fate of each of one log's archives, newest first. */
void policy_prune(const struct policy *policy, struct archive *archives, size_t count,
	struct wall now);
/* Of all logs of a service, each one's newest first: until live and archived bytes are
 * below `total`, the oldest go, but `min_keep` of each log stay. */
struct shelf_view {
	struct archive *archives;
	size_t count;
};
void policy_total(const struct policy *policy, struct shelf_view *views, size_t count,
	int64_t live_bytes);
