/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rate.c - a bucket that fills with time.
 */
#include "logrotate/rate.h"

#include "base/cleanup.h"

void rate_init(struct rate *rate, int64_t per_s, int64_t burst, struct instant now)
{
	*rate = (struct rate){ .per_s = per_s, .filled = now };
	rate->burst = MIN(burst > 0 ? burst : per_s, INT64_MAX / US_PER_S);
	rate->tokens_us = rate->burst * US_PER_S;
}

static void fill(struct rate *rate, struct instant now)
{
	int64_t full_us = rate->burst * US_PER_S, more_us;
	int64_t passed_us = instant_since_us(now, rate->filled);

	if (passed_us <= 0)
		return;
	rate->filled = now;
	if (__builtin_mul_overflow(passed_us, rate->per_s, &more_us) ||
		more_us > full_us - rate->tokens_us)
		rate->tokens_us = full_us;
	else
		rate->tokens_us += more_us;
}

uint64_t rate_take(struct rate *rate, uint64_t lines, struct instant now)
{
	uint64_t passed;

	if (rate->per_s <= 0)
		return lines;
	fill(rate, now);
	passed = MIN(lines, (uint64_t)(rate->tokens_us / US_PER_S));
	rate->tokens_us -= (int64_t)passed * US_PER_S;
	return passed;
}
