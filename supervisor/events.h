/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.h - what happened, with causes: the latest in a ring, each also a line of the
 * journal.
 */
#pragma once

#include <sys/types.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

#include "service/service.h"

enum {
	EVENTS_KEPT = 2000,
	EVENT_TEXT_BYTES = 320,
	EVENT_NAME_BYTES = 32, /* a service's name has at most 31 */
	EVENT_WORD_BYTES = 24,
	NOBODY = -1, /* uid of what svcd did by itself */
};

/* How a process ended, when that is what happened. */
struct event_exit {
	bool known;
	enum exit_cause cause;
	int code, signal; /* code is -1 when a signal ended it; signal 0: none did */
};

struct event {
	uint64_t number; /* counts from 1 */
	struct wall at;
	unsigned instance; /* 0: the service as a whole */
	int level;         /* LOG_* */
	int64_t uid;       /* of the operator; NOBODY */
	struct event_exit exit;
	/* texts last: what is kept has no unused room behind each */
	char service[EVENT_NAME_BYTES]; /* "": about svcd itself */
	char word[EVENT_WORD_BYTES];
	char text[EVENT_TEXT_BYTES];
};

struct events {
	struct kept_event **ring; /* of EVENTS_KEPT; NULL: no memory for that one */
	uint64_t count;           /* ever */
};

int events_init(struct events *events); /* -ENOMEM */
void events_done(struct events *events);
/* Copies `event` as the next. */
void events_add(struct events *events, const struct event *event);
/* The oldest event after `number` that is still kept. False: there is none. */
bool events_after(const struct events *events, uint64_t number, struct event *ret);
/* The number after which the last `lines` events of `names` (empty: all) come. */
uint64_t events_before_last(
	const struct events *events, const struct strings *names, size_t lines);
bool event_concerns(const struct event *event, const struct strings *names);
/* {at, service, instance, event, level, text, uid}; NULL: no memory. */
struct json_t *event_print(const struct event *event);
