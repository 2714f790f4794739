/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * liveness.c - patience with a process whose check fails, from the restarts before.
 */
#include "service/liveness.h"

#include "base/cleanup.h"

enum {
	/* Tries without a word from the engine, or this long, and the fact is old. */
	SILENT_TRIES = 3,
	SILENT_MIN_MS = 30 * MS_PER_S, /* unchanged facts are told again after 10 s */
	DOUBLINGS_MAX = 20,            /* far beyond any maximum */
};

int64_t liveness_patience_ms(const struct liveness *self, const struct check *check)
{
	int64_t most_ms =
		MAX(check->live_after_ms, (int64_t)LIVENESS_PATIENCE_MAX_S * MS_PER_S);
	unsigned doublings = MIN(self->in_a_row, (unsigned)DOUBLINGS_MAX);

	return MIN(check->live_after_ms << doublings, most_ms);
}

static bool is_old(
	const struct check *check, const struct check_fact *fact, struct instant now)
{
	int64_t silent_ms = instant_since_ms(now, fact->heard);

	return silent_ms > MAX(SILENT_TRIES * check->interval_ms + check->timeout_ms,
				   (int64_t)SILENT_MIN_MS);
}

struct instant liveness_due(const struct liveness *self, const struct check *check,
	const struct check_fact *fact, struct instant up, struct instant now)
{
	struct instant since = { MAX(fact->failing.us, up.us) };

	if (check->effect != EFFECT_LIVE || fact->verdict != VERDICT_FAIL ||
		is_old(check, fact, now))
		return NEVER;
	return instant_add_ms(since, liveness_patience_ms(self, check));
}

void liveness_restarted(struct liveness *self, struct instant now)
{
	self->in_a_row++;
	self->latest = now;
}

void liveness_passed(struct liveness *self, const struct check *check, struct instant now)
{
	if (instant_since_ms(now, self->latest) > liveness_patience_ms(self, check))
		self->in_a_row = 0;
}
