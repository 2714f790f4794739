/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * control.h - control.sock: who may ask what, and the callers that wait.
 */
#pragma once

#include "protocol/protocol.h"
#include "supervisor/member.h"

struct supervisor;
struct event;

struct control;
int control_new(struct control **ret, struct supervisor *supervisor); /* -ENOMEM */
/* Begins to answer; while not every service is known, what is about services waits.
 * -errno. */
int control_open(struct control *control, struct supervisor *supervisor);
/* They are known. */
void control_release(struct control *control);
/* The group whose members may operate every service. */
const char *control_operators(const struct host *host);
/* {GROUP: null} of all whose members may ask or act: of what runs, and of what was read
 * (may be NULL) and does not run yet. NULL: no memory. */
struct json_t *control_groups(
	const struct supervisor *supervisor, const struct config *read);
struct control *control_free(struct control *control);
/* Things changed: waiting calls are answered, watchers shown. */
void control_settled(struct control *control, struct instant now);
/* Whether somebody still waits for the end of its job. */
bool control_waits_for(const struct control *control, const struct service *service);

/* ---- for the methods ----------------------------------------------------------- */

/* The names that a call is about. */
struct selection {
	struct member **items;
	size_t count;
};
void selection_done(struct selection *selection);
/* By {names, all, tag}; no word of them is all when `all_by_default`. False: the call
 * was answered with an error (NotFound with a suggestion, InvalidParameter). */
bool control_select(struct selection *ret, struct supervisor *supervisor,
	struct varlink_call *call, const struct json_t *parameters, bool all_by_default);
/* False: the call was answered with NotAllowed. */
bool control_may_read(const struct supervisor *supervisor, struct varlink_call *call);
bool control_may_operate(const struct supervisor *supervisor, struct varlink_call *call,
	const struct selection *selection);
bool control_may_all(struct varlink_call *call); /* root only */
/* "root", "uid 1000" */
void control_who(const struct supervisor *supervisor, const struct varlink_call *call,
	char ret[static WHO_BYTES]);
/* Reads an optional list of words; false: answered with InvalidParameter. */
bool control_strings(struct strings *ret, struct varlink_call *call,
	const struct json_t *parameters, const char *key);
void control_fail(struct varlink_call *call, const char *reason);
void control_invalid(struct varlink_call *call, const char *parameter);

/* ---- jobs.c: calls that wait for jobs to end ----------------------------------- */

struct jobs;
struct jobs *jobs_free(struct jobs *jobs);
int jobs_new(struct jobs **ret, struct supervisor *supervisor);
struct jobs_plan {
	const struct selection *selection; /* read now, not kept */
	bool wait;
	bool applied;         /* else a verb: who is being removed had no part in it */
	bool kept;            /* done only when what operators want is on the disk */
	struct json_t *extra; /* taken, may be NULL: what the last answer has besides */
};
/* Takes the call: it is answered when the jobs that `selection` has now are over; at
 * once without `wait`. */
void jobs_wait(
	struct jobs *jobs, struct varlink_call *call, const struct jobs_plan *plan);
void jobs_settled(struct jobs *jobs);
bool jobs_wait_for(const struct jobs *jobs, const struct service *service);

/* ---- streams.c: calls that follow ---------------------------------------------- */

struct streams;
int streams_new(struct streams **ret, struct supervisor *supervisor);
struct streams *streams_free(struct streams *streams);
void streams_settled(struct streams *streams, struct instant now);

struct jobs *control_jobs(const struct control *control);
struct streams *control_streams(const struct control *control);

typedef void control_method(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now);
control_method ask_status, ask_version;                          /* ask.c */
control_method stream_watch, stream_events;                      /* streams.c */
control_method verb_start, verb_stop, verb_restart, verb_reload; /* verbs.c */
control_method verb_kill;
control_method verb_diff, verb_apply; /* verbs_apply.c */
control_method verb_reexec;           /* verb_reexec.c */
/* What the keeper answers to it: store.h. `owner` is the supervisor. */
void reexec_answered(void *owner, const char *refusal, struct instant now);
