/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verbs.c - the methods that act on services: Start, Stop, Restart, Reload, Kill.
 *
 * Every act is an event with who, what and why, and (start, stop) goes to the disk, so
 * that it still holds after a reboot.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "supervisor/control.h"
#include "supervisor/shutdown.h"
#include "supervisor/supervisor.h"

typedef void act_fn(
	struct service *service, const char *who, const char *why, struct instant now);
struct verb_row {
	const char *word;
	act_fn *act;
	act_fn *in_order; /* the same, when several are asked; NULL: in any order */
	bool kept;        /* changes what is wanted, over reboots */
};

static void note(struct member *member, const struct varlink_call *call, const char *word,
	const char *why)
{
	struct event event = { .uid = varlink_peer(call)->uid, .level = LOG_NOTICE };
	char who[WHO_BYTES];

	control_who(member->supervisor, call, who);
	snprintf(event.service, sizeof(event.service), "%s", member->name);
	snprintf(event.word, sizeof(event.word), "%s", word);
	snprintf(event.text, sizeof(event.text), "%s by %s%s%.200s", word, who,
		why[0] ? ": " : "", why);
	supervisor_event(member->supervisor, &event);
}

static void act(struct member *member, const struct varlink_call *call,
	const struct verb_row *row, const char *why)
{
	struct supervisor *supervisor = member->supervisor;
	char who[WHO_BYTES];

	if (!member->service || member->leaving)
		return; /* its result says so */
	control_who(supervisor, call, who);
	note(member, call, row->word, why);
	row->act(member->service, who, why, loop_now(supervisor->loop));
	if (row->kept)
		supervisor_keep_wish(supervisor, member);
	member_changed(member);
}

static void run(struct supervisor *supervisor, struct varlink_call *call,
	const struct json_t *parameters, const struct verb_row *row)
{
	_cleanup_(selection_done) struct selection selection = { 0 };
	const char *why = json_get_text(parameters, "reason", "");
	struct verb_row way = *row;

	if (!control_select(&selection, supervisor, call, parameters, false) ||
		!control_may_operate(supervisor, call, &selection))
		return;
	if (supervisor->stopping) {
		control_fail(call, "svcd is about to end");
		return;
	}
	if (selection.count > 1 && row->in_order)
		way.act = row->in_order;
	for (size_t i = 0; i < selection.count; i++)
		act(selection.items[i], call, &way, why);
	jobs_wait(control_jobs(supervisor->control), call,
		&(struct jobs_plan){ .selection = &selection,
			.wait = json_get_bool(parameters, "wait", true),
			.kept = row->kept });
}

void verb_start(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	static const struct verb_row row = { "start", service_start, service_start_later,
		.kept = true };

	if (json_get_bool(parameters, "wanted", false))
		shutdown_undo(owner, call, parameters, now);
	else
		run(owner, call, parameters, &row);
}

static void stop_later(
	struct service *service, const char *who, const char *why, struct instant now)
{
	const struct decision decision = { CAUSE_OPERATOR, who, why };

	service_stop_later(service, &decision, now);
}

void verb_stop(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	static const struct verb_row row = { "stop", service_stop, stop_later,
		.kept = true };

	if (json_get_bool(parameters, "shutdown", false))
		shutdown_stop(owner, call, parameters, now);
	else
		run(owner, call, parameters, &row);
}

void verb_restart(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	static const struct verb_row row = { "restart", service_restart, .kept = true };

	(void)now;
	run(owner, call, parameters, &row);
}

void verb_reload(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	static const struct verb_row row = { "reload", service_reload, .kept = false };

	(void)now;
	run(owner, call, parameters, &row);
}

/* ---- kill ---------------------------------------------------------------------- */

/* "TERM", "SIGTERM", "15"; -1 when it is none. */
static int signal_number(const char *word)
{
	char *end = NULL;
	long number = strtol(word, &end, 10);

	if (end != word && !*end)
		return number > 0 && number <= SIGRTMAX ? (int)number : -1;
	if (text_starts(word, "SIG"))
		word += strlen("SIG");
	for (int at = 1; at < SIGRTMIN; at++)
		if (text_equal(sigabbrev_np(at), word))
			return at;
	return -1;
}

static struct json_t *kill_one(
	struct member *member, const struct varlink_call *call, int number)
{
	_cleanup_(json_freep) struct json_t *row = json_new_object();
	char why[32], who[WHO_BYTES];
	int r = -ESRCH, failed = 0;

	snprintf(why, sizeof(why), "signal %d", number);
	if (member->service) {
		note(member, call, "kill", why);
		control_who(member->supervisor, call, who);
		r = service_kill(member->service, number, who);
	}
	failed |= json_set_text(row, "service", member->name);
	failed |= json_set_bool(row, "ok", r == 0);
	failed |= json_set_text(row, "reason",
		r == 0        ? ""
		: r == -ESRCH ? "no process runs"
			      : strerror(-r));
	return failed ? NULL : TAKE(row);
}

void verb_kill(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct supervisor *supervisor = owner;
	_cleanup_(selection_done) struct selection selection = { 0 };
	int number = signal_number(json_get_text(parameters, "signal", "TERM"));
	struct json_t *results, *reply;

	(void)now;
	if (number < 0) {
		control_invalid(call, "signal");
		return;
	}
	if (!control_select(&selection, supervisor, call, parameters, false) ||
		!control_may_operate(supervisor, call, &selection))
		return;
	results = json_new_array();
	for (size_t i = 0; i < selection.count; i++)
		(void)json_append(results, kill_one(selection.items[i], call, number));
	reply = json_new_object();
	(void)json_set(reply, "results", results);
	varlink_reply(call, reply, false);
}
