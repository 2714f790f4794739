/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * restart.c - how long to wait after a death, and when to give up. Pure.
 */
#include "service/restart.h"

#include <stdlib.h>

#include "base/cleanup.h"

enum { LEAST_PAUSE_MS = 1 }; /* else what dies at once would be forked without a pause */

static bool wants_another(const struct restart_policy_spec *spec, bool success)
{
	switch (spec->policy) {
	case RESTART_ALWAYS: return true;
	case RESTART_ON_FAILURE: return !success;
	case RESTART_NEVER: return false;
	}
	abort(); /* a value outside the enum: memory is broken */
}

void restart_begin_anew(struct restart *restart)
{
	free(restart->deaths);
	*restart = (struct restart){ 0 };
}

static void remember(struct restart *restart, struct instant death)
{
	if (!restart->deaths)
		restart->deaths = calloc(RESTART_DEATHS_KEPT, sizeof(*restart->deaths));
	if (!restart->deaths)
		return;
	restart->deaths[restart->deaths_count % RESTART_DEATHS_KEPT] = death;
	restart->deaths_count++;
}

/* Was the give_up.after-th latest death less than give_up.within ago? */
static bool is_too_often(const struct restart *restart,
	const struct restart_policy_spec *spec, struct instant now)
{
	int64_t after = MIN(spec->give_up_after, RESTART_DEATHS_KEPT);
	unsigned nth;

	if (after <= 0 || restart->deaths_count < (unsigned)after)
		return false;
	if (spec->give_up_within_ms < 0)
		return true;
	nth = (restart->deaths_count - (unsigned)after) % RESTART_DEATHS_KEPT;
	return instant_since_ms(now, restart->deaths[nth]) <= spec->give_up_within_ms;
}

/* Life makes the pause shorter: nothing is left of it after all of `stable`. */
static int64_t next_pause_ms(const struct restart *restart,
	const struct restart_policy_spec *spec, const struct death *death)
{
	int64_t least_ms = MIN(spec->delay_ms, spec->delay_max_ms);
	int64_t left_ms = spec->stable_ms - MAX(death->ran_ms, 0);

	if (restart->deaths_count == 1 || left_ms <= 0)
		return death->served ? least_ms : MAX(least_ms, LEAST_PAUSE_MS);
	/* in two steps: both may be days; rounded, or 1 ms would never double */
	return MAX(MAX(least_ms, LEAST_PAUSE_MS),
		MIN((int64_t)(2.0 * (double)restart->pause_ms * (double)left_ms /
				      (double)spec->stable_ms +
			      0.5),
			spec->delay_max_ms));
}

/* Anywhere from 3/4 to 5/4 of the pause, never above the most that was declared. */
static int64_t jittered_ms(int64_t pause_ms, int64_t most_ms, uint64_t random)
{
	int64_t low = pause_ms - pause_ms / 4;
	int64_t high = MIN(pause_ms + pause_ms / 4, most_ms);

	if (high <= low)
		return high;
	return low + (int64_t)(random % (uint64_t)(high - low + 1));
}

enum restart_decision restart_on_death(struct restart *restart,
	const struct restart_policy_spec *spec, const struct death *death,
	struct instant *ret_at)
{
	if (!wants_another(spec, death->success))
		return RESTART_NOT;
	remember(restart, death->now);
	if (is_too_often(restart, spec, death->now))
		return RESTART_GIVE_UP;
	restart->pause_ms = next_pause_ms(restart, spec, death);
	*ret_at = instant_add_ms(death->now,
		jittered_ms(restart->pause_ms, spec->delay_max_ms, death->random));
	return RESTART_AGAIN;
}
