/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verbs_apply.c - the methods Diff and Apply: what is declared against what runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "supervisor/apply.h"
#include "supervisor/control.h"
#include "supervisor/supervisor.h"

struct asked {
	struct supervisor *supervisor;
	struct varlink_call *call;
};

static void refuse(struct varlink_call *call, const struct apply_outcome *outcome)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	struct json_t *list = json_new_array();
	int r = json_append_text(list, outcome->reason);

	for (size_t i = 0; outcome->problems && i < outcome->problems->count; i++)
		r |= json_append_text(list, outcome->problems->items[i]);
	r |= json_set(json, "problems", list);
	varlink_error(call, VARLINK_REFUSED, r ? NULL : TAKE(json));
}

static void on_compared(
	void *owner, const struct apply_outcome *outcome, struct instant now)
{
	struct asked *asked = owner;
	struct json_t *reply;

	(void)now;
	if (outcome->reason) {
		refuse(asked->call, outcome);
	} else {
		reply = json_new_object();
		(void)json_set(reply, "changes", outcome->changes);
		if (outcome->shown)
			(void)json_set_text(reply, "shown", outcome->shown);
		varlink_reply(asked->call, reply, false);
	}
	free(asked);
}

/* The changes come before they are made: who looks on may follow. */
static void on_shown(void *owner, const struct json_t *changes)
{
	struct asked *asked = owner;
	struct json_t *reply;

	if (!varlink_wants_more(asked->call))
		return;
	reply = json_new_object();
	(void)json_set(reply, "changes", json_clone(changes));
	varlink_reply(asked->call, reply, true);
}

static void on_applied(
	void *owner, const struct apply_outcome *outcome, struct instant now)
{
	struct asked *asked = owner;
	struct selection acted = { outcome->acted, outcome->acted_count };
	struct json_t *extra;

	(void)now;
	if (outcome->reason) {
		refuse(asked->call, outcome);
	} else {
		extra = json_new_object();
		(void)json_set(extra, "changes", outcome->changes);
		jobs_wait(control_jobs(asked->supervisor->control), asked->call,
			&(struct jobs_plan){ .selection = &acted,
				.wait = true,
				.applied = true,
				.extra = extra });
	}
	free(asked);
}

static void begin(struct supervisor *supervisor, struct varlink_call *call,
	const struct json_t *parameters, enum apply_mode mode)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	const char *shown = json_get_text(parameters, "shown", "");
	struct apply_wish wish = { .mode = mode,
		/* it costs memory, and only who may apply it can use it */
		.keep = varlink_peer(call)->uid == 0 &&
			json_get_bool(parameters, "keep", false),
		.done = mode == APPLY_COMPARE ? on_compared : on_applied,
		.show = mode == APPLY_COMPARE ? NULL : on_shown,
		.owner = asked };

	if (!asked || !control_strings(&wish.names, call, parameters, "names") ||
		!control_strings(&wish.remove, call, parameters, "remove")) {
		if (!asked)
			control_fail(call, "out of memory");
		strings_done(&wish.names);
		strings_done(&wish.remove);
		free(asked);
		return;
	}
	*asked = (struct asked){ supervisor, call };
	snprintf(wish.shown, sizeof(wish.shown), "%s", shown);
	control_who(supervisor, call, wish.who);
	if (apply_begin(supervisor->apply, &wish) < 0) {
		control_fail(call, "too many applies wait; try again");
		free(asked);
	}
}

void verb_diff(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	(void)now;
	if (control_may_read(owner, call))
		begin(owner, call, parameters, APPLY_COMPARE);
}

void verb_apply(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct supervisor *supervisor = owner;

	(void)now;
	if (!control_may_all(call))
		return;
	if (json_get_bool(parameters, "dry_run", false)) {
		verb_diff(owner, call, parameters, now);
		return;
	}
	if (supervisor->stopping) {
		control_fail(call, "svcd is about to end");
		return;
	}
	supervisor_event(supervisor, &(struct event){ .uid = varlink_peer(call)->uid,
					     .word = "apply",
					     .text = "apply by root",
					     .level = LOG_NOTICE });
	begin(supervisor, call, parameters, APPLY_ALL);
}
