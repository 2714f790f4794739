/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * restart.c - how long to wait after a death, and when to give up. Pure.
 */
#include "service/restart.h"

#include "base/cleanup.h"

static bool wants_another(const struct restart_policy_spec *spec, bool success)
{
	switch (spec->policy) {
	case RESTART_ALWAYS: return true;
	case RESTART_ON_FAILURE: return !success;
	case RESTART_NEVER: return false;
	}
	abort(); /* a value outside the enum: memory is broken */
}

static void remember(struct restart *restart, struct instant now)
{
	restart->deaths[restart->deaths_count % RESTART_DEATHS_KEPT] = now;
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

static int64_t next_pause_ms(const struct restart *restart,
	const struct restart_policy_spec *spec, int64_t ran_ms)
{
	int64_t least_ms = MIN(spec->delay_ms, spec->delay_max_ms);
	int64_t left_ms = spec->stable_ms - MAX(ran_ms, 0);

	if (restart->pause_ms == 0 || left_ms <= 0)
		return least_ms;
	/* in two steps: both may be days */
	return MAX(least_ms, MIN((int64_t)(2.0 * (double)restart->pause_ms *
					   (double)left_ms / (double)spec->stable_ms),
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
	restart->pause_ms = next_pause_ms(restart, spec, death->ran_ms);
	*ret_at = instant_add_ms(death->now,
		jittered_ms(restart->pause_ms, spec->delay_max_ms, death->random));
	return RESTART_AGAIN;
}
