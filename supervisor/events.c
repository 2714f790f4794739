/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.c - a ring by number, so that a reader who was away knows what it missed.
 */
#include "supervisor/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* The texts, each with its end, one behind the other. */
struct kept_event {
	unsigned char facts[offsetof(struct event, service)]; /* all before them */
	char texts[];
};

int events_init(struct events *events)
{
	*events = (struct events){ .ring = calloc(
					   EVENTS_KEPT, sizeof(struct kept_event *)) };
	return events->ring ? 0 : -ENOMEM;
}

void events_done(struct events *events)
{
	for (size_t i = 0; events->ring && i < EVENTS_KEPT; i++)
		free(events->ring[i]);
	free(events->ring);
	*events = (struct events){ 0 };
}

static struct kept_event *pack(const struct event *event)
{
	const char *const texts[] = { event->service, event->word, event->text };
	size_t size = 0;
	struct kept_event *kept;
	char *at;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		size += strlen(texts[i]) + 1;
	kept = malloc(sizeof(*kept) + size);
	if (!kept)
		return NULL;
	memcpy(kept->facts, event, sizeof(kept->facts));
	at = kept->texts;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		at = stpcpy(at, texts[i]) + 1;
	return kept;
}

static void unpack(struct event *ret, const struct kept_event *kept)
{
	const char *service = kept->texts, *word = service + strlen(service) + 1,
		   *text = word + strlen(word) + 1;

	memcpy(ret, kept->facts, sizeof(kept->facts));
	snprintf(ret->service, sizeof(ret->service), "%s", service);
	snprintf(ret->word, sizeof(ret->word), "%s", word);
	snprintf(ret->text, sizeof(ret->text), "%s", text);
}

void events_add(struct events *events, const struct event *event)
{
	struct event numbered = *event;
	struct kept_event **place = &events->ring[events->count % EVENTS_KEPT];

	numbered.number = ++events->count;
	free(*place);
	*place = pack(&numbered);
}

static uint64_t oldest(const struct events *events)
{
	return events->count > EVENTS_KEPT ? events->count - EVENTS_KEPT + 1 : 1;
}

static const struct kept_event *find(const struct events *events, uint64_t number)
{
	return events->ring[(number - 1) % EVENTS_KEPT];
}

bool events_after(const struct events *events, uint64_t number, struct event *ret)
{
	uint64_t next = MAX(number + 1, oldest(events));

	while (next <= events->count && !find(events, next))
		next++;
	if (next > events->count)
		return false;
	unpack(ret, find(events, next));
	return true;
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
		const struct kept_event *kept = find(events, number);
		struct event event;

		if (kept) {
			unpack(&event, kept);
			lines -= event_concerns(&event, names);
		}
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
