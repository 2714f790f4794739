/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_reexec.c - the method Reexec: the keeper is asked to execute itself anew.
 *
 * It tries the program first, and says whether it does; then it ends us. Whoever asked
 * sees the connection end, if the answer does not come before.
 */
#include <errno.h>
#include <stdio.h>
#include <syslog.h>

#include "supervisor/control.h"
#include "supervisor/store.h"
#include "supervisor/supervisor.h"

void verb_reexec(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct supervisor *supervisor = owner;
	char who[WHO_BYTES];
	struct event event = {
		.uid = varlink_peer(call)->uid, .word = "reexec", .level = LOG_NOTICE
	};
	int r;

	(void)parameters;
	(void)now;
	if (!control_may_all(call))
		return;
	if (supervisor->stopping) {
		control_fail(call, "svcd is about to end");
		return;
	}
	if (supervisor->reexec) {
		control_fail(call, "svcd has been asked to already");
		return;
	}
	r = store_reexec(supervisor->store);
	if (r < 0) {
		control_fail(call, r == -ENOTCONN
					   ? "there is no keeper: svcd-supervisor was "
					     "started by hand"
					   : "the keeper (svcd) does not hear");
		return;
	}
	supervisor->reexec = call;
	control_who(supervisor, call, who);
	snprintf(event.text, sizeof(event.text), "reexec by %s", who);
	supervisor_event(supervisor, &event);
}

void reexec_answered(void *owner, const char *refusal, struct instant now)
{
	struct supervisor *supervisor = owner;
	struct varlink_call *call = TAKE(supervisor->reexec);

	(void)now;
	if (!call)
		return; /* an earlier supervisor was asked */
	if (refusal[0])
		control_fail(call, refusal);
	else
		varlink_reply(call, json_new_object(), false);
}
