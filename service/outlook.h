/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * outlook.h - pure: what comes next by itself, or what a person has to do, in one line.
 */
#pragma once

#include "service/service.h"

/* "restart in 3.2s (4th death in a row)"; the first says no number. A pause that is over
 * is none. */
void outlook_again(char ret[static REASON_BYTES], int64_t pause_us, unsigned deaths);
/* "gave up after 10 deaths in 10m: fix it, then `svcctl start mathoid`" */
void outlook_gave_up(char ret[static REASON_BYTES], const struct service *service);
/* "not started again (run.restart.policy): `svcctl start mathoid`" */
void outlook_not_again(char ret[static REASON_BYTES], const struct service *service);
/* Of the instance that needs a person most; "" when nothing is to come. */
void outlook_service(
	char ret[static REASON_BYTES], const struct service *service, struct instant now);
