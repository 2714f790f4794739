/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * record.h - what of a service is remembered, so that the next svcd-supervisor goes on
 * where this one was: memory to JSON and back, a row for each member.
 *
 * Instants are of this boot's monotonic clock, and mean nothing to another. What is not
 * in the record: what runs and what is open (adopt.c), secrets, and what the engines or
 * the kernel tell again.
 */
#pragma once

#include "service/service.h"

/* Pure. NULL: no memory. */
struct json_t *service_record(const struct service *service);
/* Pure: into a service that was just made of its declaration. Keys that are not known are
 * kept, and are in the next record again. Instances that the declaration has no slot for
 * are left out: adopt.c sees to them. -ENOMEM. */
int service_recall(struct service *service, struct json_t *record);
