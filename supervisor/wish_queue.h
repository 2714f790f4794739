/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wish_queue.h - what was asked of apply.c, in order: the first is at work.
 */
#pragma once

#include "supervisor/apply.h"

enum { WISHES_MAX = 64 };

struct wish_queue {
	struct queued_wish *first;
};

/* Takes `wish`, also when it fails. One that nobody waits for is left out when such a one
 * waits already. -ENOMEM, -EBUSY when too many wait. */
int wish_queue_add(struct wish_queue *queue, struct apply_wish *wish);
struct apply_wish *wish_queue_first(const struct wish_queue *queue); /* NULL: none */
void wish_queue_drop(struct wish_queue *queue);                      /* the first */
void wish_queue_done(struct wish_queue *queue);
