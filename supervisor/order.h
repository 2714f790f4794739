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

struct supervisor;

/* Lets go who has nobody to wait for, and says of the others for whom they wait. Once
 * per settling. */
void order_settle(struct supervisor *supervisor, struct instant now);
