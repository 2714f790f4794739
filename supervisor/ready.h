/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ready.h - pure: may this service have traffic, and if not, why not.
 */
#pragma once

#include "service/service.h"

/* One term of the conjunction; `reason` says in words what to do when it does not
 * hold. */
struct term {
	bool ok;
	char reason[REASON_BYTES];
};

struct readiness {
	struct term terms[TERM_COUNT];
	bool ready;
	char reason
		[REASON_BYTES]; /* of the first term that keeps it out; "" when ready */
	struct instant again;   /* when time alone may change the answer; else NEVER */
};

/* What the supervisor found out besides what stands in the service itself. */
struct ready_facts {
	const struct service *service;
	bool was_ready;   /* the answer before: some terms gate only becoming ready */
	bool firewall_on; /* host.firewall.mode is not off */
	struct term port, vip;
	struct instant now;
};

void ready_judge(struct readiness *ret, const struct ready_facts *facts);

/* The verdict about the service as a whole: of its best instance, with the reason of the
 * worst check. */
enum verdict ready_verdict(
	const struct service *service, char reason[static REASON_BYTES]);
