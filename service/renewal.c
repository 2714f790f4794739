/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * renewal.c - run.restart.memory_above and run.restart.max_age, judged. Pure.
 */
#include "service/renewal.h"

enum { SPREAD_SHARE = 10 };

/* A measurement that failed is no news. */
static bool is_above_for_long(struct renewal *renewal,
	const struct restart_policy_spec *spec, const struct renewal_facts *facts)
{
	bool was_above = renewal->is_above;

	if (spec->memory_above_bytes <= 0 || facts->memory_bytes == UNSET)
		return false;
	renewal->is_above = facts->memory_bytes > spec->memory_above_bytes;
	if (!was_above)
		renewal->above_since = facts->now;
	return renewal->is_above &&
	       instant_since_ms(facts->now, renewal->above_since) >= RENEWAL_PATIENCE_MS;
}

int64_t renewal_age_ms(const struct restart_policy_spec *spec, uint64_t place)
{
	uint64_t spread_ms = (uint64_t)spec->max_age_ms / SPREAD_SHARE;

	return spec->max_age_ms - (int64_t)(place % (spread_ms + 1));
}

enum renewal_decision renewal_judge(struct renewal *renewal,
	const struct restart_policy_spec *spec, const struct renewal_facts *facts)
{
	if (is_above_for_long(renewal, spec, facts))
		return RENEWAL_MEMORY;
	if (spec->max_age_ms > 0 && facts->age_ms >= renewal_age_ms(spec, facts->place))
		return RENEWAL_AGE;
	return RENEWAL_NOT;
}
