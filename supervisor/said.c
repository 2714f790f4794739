/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * said.c - what is worth a line: kept in the ring of events, and in the journal unless it
 * would only repeat itself there; and what services tell, on its way to who must know.
 *
 * Not here: the ring (events.c), the fields of the journal (journal.c).
 */
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "base/reason.h"

#include "supervisor/journal.h"
#include "supervisor/supervisor.h"

/* ---- events -------------------------------------------------------------------- */

/* The ring has every event; `quiet` ones are not also a line of the journal. */
static void keep_event(
	struct supervisor *supervisor, const struct event *event, bool quiet)
{
	struct event dated = *event;

	dated.at = loop_wall(supervisor->loop);
	events_add(&supervisor->events, &dated);
	journal_event(&dated, quiet ? LOG_DEBUG : event->level);
	if (supervisor->settle)
		task_schedule(supervisor->settle);
}

void supervisor_event(struct supervisor *supervisor, const struct event *event)
{
	keep_event(supervisor, event, false);
}

void supervisor_say(
	struct supervisor *supervisor, struct about about, const char *format, ...)
{
	struct event event = { .level = about.level, .uid = NOBODY };
	va_list args;

	snprintf(event.service, sizeof(event.service), "%s",
		about.service ? about.service : "");
	snprintf(event.word, sizeof(event.word), "%s", about.word);
	va_start(args, format);
	vsnprintf(event.text, sizeof(event.text), format, args);
	va_end(args);
	supervisor_event(supervisor, &event);
}

/* ---- what services tell -------------------------------------------------------- */

static void on_changed(void *owner, struct service *service, struct instant now)
{
	struct member *member = service->user;

	(void)owner;
	(void)now;
	if (!member) /* while it is being made */
		return;
	member->unrecorded = true;
	member_changed(member);
}

static void on_refreshed(void *owner, struct service *service)
{
	(void)owner;
	if (service->user)
		member_changed(service->user);
}

/* The exit has said why one waits; and whoever dies again and again is said at the 1st,
 * 2nd, 4th, 8th … time. Events and status have the rest. */
static bool is_said_elsewhere(const struct service_event *said)
{
	unsigned deaths = said->service->deaths_in_a_row;

	return text_equal(said->word, state_words[STATE_WAITING]) ||
	       (deaths > 1 && (deaths & (deaths - 1)) != 0);
}

static void on_event(void *owner, const struct service_event *said)
{
	struct supervisor *supervisor = owner;
	struct event event = {
		.instance = said->instance, .level = said->level, .uid = NOBODY
	};

	snprintf(event.service, sizeof(event.service), "%s", said->service->name);
	snprintf(event.word, sizeof(event.word), "%s", said->word);
	reason_set(event.text, sizeof(event.text), "%s", said->text);
	if (said->exit)
		event.exit = (struct event_exit){ true, said->exit->cause,
			said->exit->code, said->exit->signal };
	keep_event(supervisor, &event, is_said_elsewhere(said));
	if (said->exit)
		facts_ask_tail(supervisor, said->service->name, said->exit);
}

static void on_piped(void *owner, struct service *service, unsigned instance,
	const char *stream, int fd)
{
	(void)owner;
	if (service->user)
		told_pipe(service->user, instance, stream, fd);
}

void said_connect(struct supervisor *supervisor)
{
	supervisor->host.owner = supervisor;
	supervisor->host.changed = on_changed;
	supervisor->host.refreshed = on_refreshed;
	supervisor->host.event = on_event;
	supervisor->host.piped = on_piped;
}
