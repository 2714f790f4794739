/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shutdown.c - what svcd-services.service asks for: all services stopped in order before
 * the host goes down, or begun again.
 *
 * A service is down "by shutdown" in memory alone, so that a boot begins it.
 * Not here: the order (order.c), the end of svcd itself (supervisor.c).
 */
#include "supervisor/shutdown.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "service/service.h"
#include "supervisor/control.h"
#include "supervisor/order.h"
#include "supervisor/supervisor.h"

typedef bool concerns_fn(const struct member *member);

static bool is_begun(const struct member *member)
{
	return member->service->wanted == WANTED_UP ||
	       !service_is_stopped(member->service);
}

static bool is_shut_down(const struct member *member)
{
	const struct service *service = member->service;
	struct wish wish;

	return service->wanted == WANTED_DOWN && service->told.cause == CAUSE_SHUTDOWN &&
	       !(wanted_get(&member->supervisor->wanted, member->name, &wish) &&
		       wish.value != WANTED_UP);
}

/* False: the call was answered with an error. */
static bool select_all(struct selection *ret, const struct supervisor *supervisor,
	struct varlink_call *call, concerns_fn *concerns)
{
	const struct members *members = &supervisor->members;

	if (!control_may_all(call))
		return false;
	if (supervisor->stopping) {
		control_fail(call, "svcd is about to end");
		return false;
	}
	ret->items = calloc(members->count + 1, sizeof(struct member *));
	if (!ret->items) {
		control_fail(call, "out of memory");
		return false;
	}
	for (size_t i = 0; i < members->count; i++) {
		struct member *member = members->items[i];

		if (member->service && !member->leaving && concerns(member))
			ret->items[ret->count++] = member;
	}
	return true;
}

static void note(struct supervisor *supervisor, const struct varlink_call *call,
	const char *word, const char *what)
{
	struct event event = { .uid = varlink_peer(call)->uid, .level = LOG_NOTICE };
	char who[WHO_BYTES];

	control_who(supervisor, call, who);
	snprintf(event.word, sizeof(event.word), "%s", word);
	snprintf(event.text, sizeof(event.text), "%s by %s", what, who);
	supervisor_event(supervisor, &event);
}

static void answer(const struct supervisor *supervisor, struct varlink_call *call,
	const struct json_t *parameters, const struct selection *selection)
{
	jobs_wait(control_jobs(supervisor->control), call,
		&(struct jobs_plan){ .selection = selection,
			.wait = json_get_bool(parameters, "wait", true) });
}

void shutdown_stop(struct supervisor *supervisor, struct varlink_call *call,
	const struct json_t *parameters, struct instant now)
{
	static const struct decision decision = { CAUSE_SHUTDOWN, "svcd",
		"the services of the host are stopped" };
	_cleanup_(selection_done) struct selection selection = { 0 };

	if (!select_all(&selection, supervisor, call, is_begun))
		return;
	note(supervisor, call, "shutdown", "all services are stopped");
	for (size_t i = 0; i < selection.count; i++)
		order_stop_drained(selection.items[i], &decision, now);
	answer(supervisor, call, parameters, &selection);
}

void shutdown_undo(struct supervisor *supervisor, struct varlink_call *call,
	const struct json_t *parameters, struct instant now)
{
	_cleanup_(selection_done) struct selection selection = { 0 };

	if (!select_all(&selection, supervisor, call, is_shut_down))
		return;
	if (selection.count > 0)
		note(supervisor, call, "begin", "what is wanted is begun");
	for (size_t i = 0; i < selection.count; i++) {
		service_start_later(selection.items[i]->service, "svcd", "declared", now);
		member_changed(selection.items[i]);
	}
	answer(supervisor, call, parameters, &selection);
}
