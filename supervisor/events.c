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

struct json_t *event_print(const struct event *event)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	char at[WALL_TEXT_BYTES];

	if (json_set_text(json, "at", wall_format(event->at, at)) < 0 ||
		json_set_text(
			json, "service", event->service[0] ? event->service : NULL) < 0 ||
		json_set(json, "instance",
			event->instance ? json_new_int(event->instance)
					: json_new_null()) < 0 ||
		json_set_text(json, "event", event->word) < 0 ||
		json_set_text(json, "level", level_words[event->level]) < 0 ||
		json_set_text(json, "text", event->text) < 0 ||
		json_set(json, "uid",
			event->uid == NOBODY ? json_new_null()
					     : json_new_int(event->uid)) < 0)
		return NULL;
	return TAKE(json);
}
