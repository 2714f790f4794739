/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * visitors.c - a deadline for each step of a connection. A client that drips a byte now
 * and then is never silent, so only the whole step can be timed.
 */
#include "health/visitors.h"

#include <stdlib.h>
#include <sys/socket.h>

static const int64_t allowed_ms[] = {
	[STEP_HEAD] = 5000,
	[STEP_ANSWER] = 10000,
	[STEP_IDLE] = 60000,
};
enum { IDLE_WHEN_CROWDED_MS = 1000 };

struct visitor {
	struct visitors *visitors;
	struct visitor *next, **link;
	int fd;
	enum step step;
	struct instant since;
};

struct visitor *visitor_new(struct visitors *visitors, int fd, struct instant now)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));

	if (!visitor)
		return NULL;
	visitor->visitors = visitors;
	visitor->fd = fd;
	visitor->link = &visitors->first;
	visitor->next = visitors->first;
	if (visitor->next)
		visitor->next->link = &visitor->next;
	visitors->first = visitor;
	visitors->count++;
	visitor_step(visitor, STEP_HEAD, now);
	return visitor;
}

struct visitor *visitor_free(struct visitor *visitor)
{
	if (!visitor)
		return NULL;
	*visitor->link = visitor->next;
	if (visitor->next)
		visitor->next->link = visitor->link;
	visitor->visitors->count--;
	free(visitor);
	return NULL;
}

void visitor_step(struct visitor *visitor, enum step step, struct instant now)
{
	visitor->step = step;
	visitor->since = now;
}

bool visitor_is_overdue(const struct visitor *visitor, struct instant now)
{
	bool crowded = visitor->visitors->count > visitor->visitors->crowded;
	int64_t allowed = crowded && visitor->step == STEP_IDLE
				  ? IDLE_WHEN_CROWDED_MS
				  : allowed_ms[visitor->step];

	return instant_since_ms(now, visitor->since) >= allowed;
}

void visitors_sweep(struct visitors *visitors, struct instant now)
{
	for (struct visitor *visitor = visitors->first; visitor; visitor = visitor->next)
		if (visitor_is_overdue(visitor, now))
			shutdown(visitor->fd, SHUT_RDWR);
}

bool visitors_are_busy(const struct visitors *visitors)
{
	for (const struct visitor *at = visitors->first; at; at = at->next)
		if (at->step != STEP_IDLE)
			return true;
	return false;
}
