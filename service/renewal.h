/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * renewal.h - pure: is it time to replace a process that does nothing wrong, because of
 * what it uses or of its age?
 */
#pragma once

#include "base/time.h"

#include "config/config.h"

enum { RENEWAL_PATIENCE_MS = 60 * MS_PER_S }; /* memory may be above for so long */

enum renewal_decision { RENEWAL_NOT, RENEWAL_MEMORY, RENEWAL_AGE };

/* Zero-initialise with each process. */
struct renewal {
	bool is_above;
	struct instant above_since;
};

struct renewal_facts {
	int64_t memory_bytes; /* what cannot be had back from it; UNSET: not known */
	int64_t age_ms;
	uint64_t place; /* hash of host, service and instance: spreads the ages */
	struct instant now;
};

/* Remembers since when memory is above. */
enum renewal_decision renewal_judge(struct renewal *renewal,
	const struct restart_policy_spec *spec, const struct renewal_facts *facts);
/* The age at which it is replaced here: up to a tenth before max_age, so that no fleet
 * that was started together is replaced together. Only when max_age is set. */
int64_t renewal_age_ms(const struct restart_policy_spec *spec, uint64_t place);
