/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * visitors.h - who is connected, what each is doing, and for how long that may take.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

enum step {
	STEP_HEAD,   /* the request's line and headers arrive */
	STEP_ANSWER, /* it takes our answer */
	STEP_IDLE,   /* between two requests */
};

struct visitors {
	struct visitor *first;
	size_t count, crowded; /* above `crowded`, the idle ones must leave */
};
struct visitor;

/* NULL: no memory. `fd` is borrowed. */
struct visitor *visitor_new(struct visitors *visitors, int fd, struct instant now);
struct visitor *visitor_free(struct visitor *visitor);
void visitor_step(struct visitor *visitor, enum step step, struct instant now);
bool visitor_is_overdue(const struct visitor *visitor, struct instant now);
/* One of them is not between two requests. */
bool visitors_are_busy(const struct visitors *visitors);
/* Ends the connections of those that are overdue; their fds stay open. */
void visitors_sweep(struct visitors *visitors, struct instant now);
