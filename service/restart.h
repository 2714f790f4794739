/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * restart.h - pure: how long to wait after a death, and when to give up.
 *
 * The pause doubles from run.restart.delay to delay_max, with jitter of ±25 %. Life makes
 * it decay: who lived for a part of `stable` has the pause shortened by that part, and
 * who lived for all of it begins anew. A delay of 0 is none after the first death of who
 * had been up; every other one is followed after 1 ms at the least.
 */
#pragma once

#include "base/time.h"

#include "config/config.h"

enum { RESTART_DEATHS_KEPT = GIVE_UP_AFTER_MOST };

/* Zero-initialise to begin. */
struct restart {
	int64_t pause_ms; /* the latest, without jitter */
	/* Ring of RESTART_DEATHS_KEPT, for give_up.within; owned; NULL before the first:
	 * most never die. */
	struct instant *deaths;
	unsigned deaths_count;
};
void restart_begin_anew(struct restart *restart);

enum restart_decision { RESTART_AGAIN, RESTART_NOT, RESTART_GIVE_UP };

struct death {
	int64_t ran_ms;  /* how long the process lived; 0: it never began */
	bool success;    /* exit 0 */
	bool served;     /* it had been up */
	uint64_t random; /* any 64 bits, for the jitter */
	struct instant now;
};
/* With RESTART_AGAIN *ret_at is when. Without memory for it a death is not counted. */
enum restart_decision restart_on_death(struct restart *restart,
	const struct restart_policy_spec *spec, const struct death *death,
	struct instant *ret_at);
