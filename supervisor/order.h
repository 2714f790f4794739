/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * order.h - who starts after whom, and who stops before whom, by depends.services.
 *
 * A start or a stop that may have to wait is asked by service_start_later() or
 * service_stop_later(); here it is let go. What is not here, or not wanted up, is not
 * waited for.
 */
#pragma once

#include "base/time.h"

struct decision;
struct member;
struct supervisor;

/* Stops a service as service_stop_later() does, and not before its clients, if it may
 * have any, had run.drain.settle to look elsewhere. */
void order_stop_drained(
	struct member *member, const struct decision *decision, struct instant now);
/* Lets go who has nobody to wait for, and says of the others for whom they wait. Once
 * per settling. */
void order_settle(struct supervisor *supervisor, struct instant now);
