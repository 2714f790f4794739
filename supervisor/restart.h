/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * restart.h - pure: how long to wait after a death, and when to give up.
 *
 * The pause doubles from run.restart.delay to delay_max, with jitter of ±25 %, and begins anew after the process
 * lived for `stable`.
 */
#pragma once

#include "base/time.h"

#include "config/config.h"

enum { RESTART_DEATHS_KEPT = 64 };

/* Zero-initialise to begin, or to begin anew. */
struct restart {
	int64_t pause_ms; /* the latest, without jitter; 0: none yet */
	struct instant
		deaths[RESTART_DEATHS_KEPT]; /* ring of the latest, for give_up.within */
	unsigned deaths_count;
};

enum restart_decision { RESTART_AGAIN, RESTART_NOT, RESTART_GIVE_UP };

/* One death: `ran_ms` is how long the process lived, `success` whether it exited 0; `random` (any 64 bits) feeds the jitter.
 * With RESTART_AGAIN *ret_at is when. */
enum restart_decision restart_on_death(struct restart *restart,
	const struct restart_policy_spec *spec, int64_t ran_ms, bool success,
	uint64_t random, struct instant now, struct instant *ret_at);
