/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * drain.c - a process that is about to go is not ready first, and stays for a while.
 *
 * Not here: what relieves it (roll.c), how it is stopped then (ending.c).
 */
#include <string.h>

#include "service/process.h"

/* Another process that clients can be sent to meanwhile. */
static bool others_serve(const struct process *process)
{
	const struct service *service = process->instance->service;

	for (unsigned i = 0; i < service->instances_count; i++) {
		if (&service->instances[i] != process->instance &&
			instance_is_ready(&service->instances[i]))
			return service->declaration->listen_count > 0;
	}
	return false;
}

/* Not ready first; then who asks for readiness has the time to look elsewhere. Where
 * nobody else is, waiting would only make the gap longer. */
void process_drain(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;
	struct service *service = instance->service;
	char why[REASON_BYTES];

	if (!others_serve(process)) {
		memcpy(why, instance->why, sizeof(why));
		instance_on(instance, EVENT_DRAINED, why, now);
		return;
	}
	process->leaving = instance->draining = true;
	process->leave_at =
		instant_add_ms(now, service->declaration->run.drain.settle_ms);
	timer_arm(process->drained, process->leave_at);
	service->host->changed(service->host->owner, service, now);
}

void process_drained(void *owner, struct instant now)
{
	struct process *process = owner;
	char why[REASON_BYTES];

	memcpy(why, process->instance->why, sizeof(why));
	instance_on(process->instance, EVENT_DRAINED, why, now);
}

void process_stay(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;

	if (instance->state != STATE_UP)
		return;
	if (process->purpose == FOR_RESTART) {
		process->deed = deed_free(process->deed);
		process->preparing = preparing_free(process->preparing);
		process->prepared = false;
	}
	if (!process->leaving)
		return;
	process->leaving = instance->draining = false;
	timer_arm(process->drained, NEVER);
	instance_explain(instance, "", now);
}
