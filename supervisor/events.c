/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.c - a ring by number, so that a reader who was away knows what it missed.
 */
#include "supervisor/events.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

static const char *const level_words[] = {
	[LOG_EMERG] = "emergency",
	[LOG_ALERT] = "alert",
	[LOG_CRIT] = "critical",
	[LOG_ERR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

int events_init(struct events *events)
{
	*events = (struct events){ .ring = calloc(EVENTS_KEPT, sizeof(struct event)) };
	return events->ring ? 0 : -ENOMEM;
}

void events_done(struct events *events)
{
	free(events->ring);
	*events = (struct events){ 0 };
}

const struct event *events_add(struct events *events, const struct event *event)
{
	struct event *place = &events->ring[events->count % EVENTS_KEPT];

	*place = *event;
	place->number = ++events->count;
	return place;
}

static uint64_t oldest(const struct events *events)
{
	return events->count > EVENTS_KEPT ? events->count - EVENTS_KEPT + 1 : 1;
}

const struct event *events_after(const struct events *events, uint64_t number)
{
	uint64_t next = MAX(number + 1, oldest(events));

	return next > events->count ? NULL : &events->ring[(next - 1) % EVENTS_KEPT];
}

bool event_concerns(const struct event *event, const struct strings *names)
{
	return names->count == 0 || strings_have(names, event->service);
}

uint64_t events_before_last(
	const struct events *events, const struct strings *names, size_t lines)
{
	uint64_t number = events->count;

	while (number >= oldest(events) && lines > 0) {
		const struct event *event = &events->ring[(number - 1) % EVENTS_KEPT];

		if (event_concerns(event, names))
			lines--;
		number--;
	}
	return number;
}

static struct json_t *positive_or_null(int64_t number)
{
	return number > 0 ? json_new_int(number) : json_new_null();
}

struct json_t *event_print(const struct event *event)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	const struct event_exit *exit = &event->exit;
	char at[WALL_TEXT_BYTES];
	int r = 0;

	r |= json_set_text(json, "at", wall_format(event->at, at));
	r |= json_set_text(json, "service", event->service[0] ? event->service : NULL);
	r |= json_set(json, "instance", positive_or_null(event->instance));
	r |= json_set_text(json, "event", event->word);
	r |= json_set_text(json, "level", level_words[event->level]);
	r |= json_set_text(json, "text", event->text);
	r |= json_set(json, "uid",
		event->uid == NOBODY ? json_new_null() : json_new_int(event->uid));
	if (exit->known) {
		r |= json_set_text(json, "cause", exit_cause_words[exit->cause]);
		r |= json_set(json, "code",
			exit->code < 0 ? json_new_null() : json_new_int(exit->code));
		r |= json_set(json, "signal", positive_or_null(exit->signal));
	}
	return r ? NULL : TAKE(json);
}
