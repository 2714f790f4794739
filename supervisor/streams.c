/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * streams.c - calls that follow what happens: Watch (documents that changed) and Events.
 *
 * A caller that reads slowly gets newer documents and fewer of them; it is never waited
 * for.
 */
#include <errno.h>
#include <stdlib.h>

#include "supervisor/control.h"
#include "supervisor/measure.h"
#include "supervisor/status.h"
#include "supervisor/supervisor.h"

enum {
	EVENTS_DEFAULT_LINES = 20,
	EVENTS_PER_REPLY = EVENTS_KEPT,
	WATCH_FRESH_MS = 1000, /* usage in what a watcher is shown */
};

struct stream {
	struct stream *next;
	struct varlink_call *call; /* NULL: hung up */
	bool (*advance)(struct stream *stream, struct supervisor *supervisor,
		struct instant now); /* whether it ended */
	struct strings names;        /* empty: all */
	uint64_t seen;               /* index or number that the caller knows */
	bool follow;
};

struct streams {
	struct supervisor *supervisor;
	struct stream *first;
};

int streams_new(struct streams **ret, struct supervisor *supervisor)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->supervisor = supervisor;
	return 0;
}

static struct stream *stream_free(struct stream *stream)
{
	if (!stream)
		return NULL;
	strings_done(&stream->names);
	free(stream);
	return NULL;
}

struct streams *streams_free(struct streams *streams)
{
	if (!streams)
		return NULL;
	while (streams->first) {
		struct stream *stream = streams->first;

		streams->first = stream->next;
		if (stream->call)
			control_fail(stream->call, "svcd ends");
		stream_free(stream);
	}
	free(streams);
	return NULL;
}

void streams_settled(struct streams *streams, struct instant now)
{
	struct stream **at = &streams->first;

	while (*at) {
		struct stream *stream = *at;

		if (stream->call && !stream->advance(stream, streams->supervisor, now)) {
			at = &stream->next;
			continue;
		}
		*at = stream->next;
		stream_free(stream);
	}
}

/* The stream is forgotten at the next settling. */
static void on_gone(void *data, struct varlink_call *call)
{
	struct streams *streams = data;

	for (struct stream *at = streams->first; at; at = at->next)
		if (at->call == call)
			at->call = NULL;
	control_fail(call, "the caller hung up");
	task_schedule(streams->supervisor->settle);
}

static void on_drained(void *data, struct instant now)
{
	struct streams *streams = data;

	(void)now;
	task_schedule(streams->supervisor->settle);
}

/* Takes the stream and its call. */
static void begin(
	struct supervisor *supervisor, struct stream *stream, struct instant now)
{
	struct streams *streams = control_streams(supervisor->control);

	if (stream->advance(stream, supervisor, now)) {
		stream_free(stream);
		return;
	}
	stream->next = streams->first;
	streams->first = stream;
	varlink_on_gone(stream->call, on_gone, streams);
	varlink_on_drained(stream->call, on_drained, streams);
}

static struct stream *new_stream(
	struct varlink_call *call, const struct json_t *parameters)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream) {
		control_fail(call, "out of memory");
		return NULL;
	}
	stream->call = call;
	if (control_strings(&stream->names, call, parameters, "names"))
		return stream;
	return stream_free(stream);
}

/* ---- Watch --------------------------------------------------------------------- */

static bool concerns(const struct stream *stream, const struct member *member)
{
	return member->index > stream->seen &&
	       (stream->names.count == 0 || strings_have(&stream->names, member->name));
}

static struct json_t *changed_since(
	const struct stream *stream, struct supervisor *supervisor, struct instant now)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	struct status_facts facts = { .host = supervisor->config->host.fqdn,
		.now = now,
		.wall = loop_wall(supervisor->loop),
		.not_kept = supervisor->wanted_failure };
	int r = 0;

	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (!concerns(stream, member))
			continue;
		measure_usage(member, WATCH_FRESH_MS, now);
		r |= json_append(list, status_print(member, &facts));
	}
	return r ? NULL : TAKE(list);
}

static bool advance_watch(
	struct stream *stream, struct supervisor *supervisor, struct instant now)
{
	struct json_t *services = NULL, *reply;
	bool more = varlink_wants_more(stream->call);

	if (varlink_queued(stream->call) > 0)
		return false;
	services = changed_since(stream, supervisor, now);
	if (json_size(services) == 0 && more) {
		json_free(services);
		return false;
	}
	stream->seen = supervisor->index;
	reply = json_new_object();
	(void)json_set_int(reply, "index", (int64_t)supervisor->index);
	(void)json_set(reply, "services", services);
	varlink_reply(stream->call, reply, more);
	return !more;
}

void stream_watch(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct supervisor *supervisor = owner;
	int64_t index = json_get_int(parameters, "index", 0);
	struct stream *stream;

	if (!control_may_read(supervisor, call))
		return;
	stream = new_stream(call, parameters);
	if (!stream)
		return;
	stream->advance = advance_watch;
	/* an index of another life of ours: everything is news */
	if (index > 0 && (uint64_t)index <= supervisor->index)
		stream->seen = (uint64_t)index;
	begin(supervisor, stream, now);
}

/* ---- Events -------------------------------------------------------------------- */

static struct json_t *events_since(struct stream *stream, const struct events *events)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	struct event event;

	while (json_size(list) < EVENTS_PER_REPLY &&
		events_after(events, stream->seen, &event)) {
		stream->seen = event.number;
		if (event_concerns(&event, &stream->names) &&
			json_append(list, event_print(&event)) < 0)
			return NULL;
	}
	return TAKE(list);
}

static void reply_events(struct stream *stream, struct json_t *list, bool more)
{
	struct json_t *reply = json_new_object();

	(void)json_set(reply, "events", list);
	varlink_reply(stream->call, reply, more);
}

static bool advance_events(
	struct stream *stream, struct supervisor *supervisor, struct instant now)
{
	struct json_t *list;

	(void)now;
	if (varlink_queued(stream->call) > 0)
		return false;
	list = events_since(stream, &supervisor->events);
	if (!stream->follow) {
		reply_events(stream, list, false);
		return true;
	}
	if (json_size(list) == 0)
		json_free(list);
	else
		reply_events(stream, list, true);
	return false;
}

void stream_events(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct supervisor *supervisor = owner;
	int64_t lines = json_get_int(parameters, "lines", EVENTS_DEFAULT_LINES);
	struct stream *stream;

	if (!control_may_read(supervisor, call))
		return;
	if (lines < 0) {
		control_invalid(call, "lines");
		return;
	}
	stream = new_stream(call, parameters);
	if (!stream)
		return;
	stream->advance = advance_events;
	stream->follow =
		json_get_bool(parameters, "follow", false) && varlink_wants_more(call);
	stream->seen = events_before_last(
		&supervisor->events, &stream->names, (size_t)MIN(lines, EVENTS_KEPT));
	begin(supervisor, stream, now);
}
