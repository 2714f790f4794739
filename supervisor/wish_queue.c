/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wish_queue.c - wishes in order, as many as fit.
 */
#include "supervisor/wish_queue.h"

#include <errno.h>
#include <stdlib.h>

struct queued_wish {
	struct apply_wish wish;
	struct queued_wish *next;
};

static void wish_done(struct apply_wish *wish)
{
	strings_done(&wish->names);
	strings_done(&wish->remove);
}

/* Nobody waits for its end, and it has not read yet: one is as good as two. */
static bool is_another(const struct queued_wish *queued, const struct apply_wish *wish)
{
	return queued->wish.mode == APPLY_SAFE && wish->mode == APPLY_SAFE &&
	       !queued->wish.done && !wish->done;
}

int wish_queue_add(struct wish_queue *queue, struct apply_wish *wish)
{
	struct queued_wish *queued = NULL, **at = &queue->first;
	size_t waiting = 0;

	for (; *at; at = &(*at)->next, waiting++) {
		if (waiting > 0 && is_another(*at, wish)) {
			wish_done(wish);
			return 0;
		}
	}
	if (waiting < WISHES_MAX)
		queued = calloc(1, sizeof(*queued));
	if (!queued) {
		wish_done(wish);
		return waiting >= WISHES_MAX ? -EBUSY : -ENOMEM;
	}
	queued->wish = *wish;
	*wish = (struct apply_wish){ 0 };
	*at = queued;
	return 0;
}

struct apply_wish *wish_queue_first(const struct wish_queue *queue)
{
	return queue->first ? &queue->first->wish : NULL;
}

void wish_queue_drop(struct wish_queue *queue)
{
	struct queued_wish *first = queue->first;

	queue->first = first->next;
	wish_done(&first->wish);
	free(first);
}

void wish_queue_done(struct wish_queue *queue)
{
	while (queue->first)
		wish_queue_drop(queue);
}
