/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ask.c - the methods that only answer: Status and Version.
 */
#include "supervisor/control.h"
#include "supervisor/measure.h"
#include "supervisor/status.h"
#include "supervisor/supervisor.h"

enum { STATUS_FRESH_MS = 200 };

void ask_status(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct supervisor *supervisor = owner;
	_cleanup_(selection_done) struct selection selection = { 0 };
	struct status_facts facts = { .host = supervisor->config->host.fqdn,
		.now = now,
		.wall = loop_wall(supervisor->loop),
		.not_kept = supervisor->wanted_failure };
	_cleanup_(json_freep) struct json_t *list = NULL, *reply = NULL;
	int r = 0;

	if (!control_may_read(supervisor, call) ||
		!control_select(&selection, supervisor, call, parameters, true))
		return;
	look_at_counters(supervisor, now);
	list = json_new_array();
	for (size_t i = 0; i < selection.count; i++) {
		measure_usage(selection.items[i], STATUS_FRESH_MS, now);
		r |= json_append(list, status_print(selection.items[i], &facts));
	}
	reply = json_new_object();
	r |= json_set(reply, "services", TAKE(list));
	if (r != 0)
		control_fail(call, "out of memory");
	else
		varlink_reply(call, TAKE(reply), false);
}

void ask_version(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct supervisor *supervisor = owner;
	_cleanup_(json_freep) struct json_t *reply = json_new_object(),
					    *engines = json_new_array();
	char since[WALL_TEXT_BYTES];
	int r = 0;

	(void)parameters;
	(void)now;
	if (!control_may_read(supervisor, call))
		return;
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		r |= json_append(engines, engine_print(supervisor->engines[i]));
	r |= json_set_text(reply, "version", SVCD_VERSION);
	r |= json_set_text(reply, "build", SVCD_VERSION);
	r |= json_set_int(reply, "pid", getpid());
	r |= json_set_text(reply, "since", wall_format(supervisor->since, since));
	r |= json_set_int(reply, "loop_lag_us", loop_lag_us(supervisor->loop));
	r |= json_set(reply, "engines", TAKE(engines));
	if (r != 0)
		control_fail(call, "out of memory");
	else
		varlink_reply(call, TAKE(reply), false);
}
