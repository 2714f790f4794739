/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * slots.c - which slots of a service are to hold a process, and which are spare.
 *
 * A slot is an instance with its number, and with that its ports. Where a restart starts
 * the new process first there is one slot more than run.instances; every restart moves
 * the gap. Not here: moving it (roll.c).
 */
#include "service/process.h"

bool instance_is_free(const struct instance *instance)
{
	return instance->spare && instance->state == STATE_DOWN &&
	       process_is_idle(instance->process);
}

int service_make_slots(struct service *service, const struct declaration *declaration)
{
	return service_add_slots(service, config_slots(declaration));
}

int service_add_slots(struct service *service, unsigned count)
{
	unsigned before = service->instances_count;
	struct instance *instances;

	if (count <= before)
		return 0;
	instances = reallocarray(service->instances, count, sizeof(*instances));
	if (!instances)
		return -ENOMEM;
	service->instances = instances;
	for (unsigned i = 0; i < before; i++)
		instances[i].process->instance = &instances[i];
	for (unsigned i = before; i < count; i++) {
		int r;

		instances[i] = (struct instance){
			.service = service, .number = i + 1, .spare = true
		};
		r = process_new(&instances[i]);
		if (r < 0)
			return r;
		service->instances_count++;
	}
	return 0;
}

static bool is_declared(const struct instance *instance)
{
	return instance->number <= config_slots(instance->service->declaration);
}

/* Who serves has its clients look elsewhere first. */
static void leave_slot(struct instance *instance, struct instant now)
{
	instance->spare = true;
	instance->process->roll = ROLL_NONE;
	instance_on(instance, instance->state == STATE_UP ? EVENT_RELIEVED : EVENT_STOP,
		"run.instances is less now", now);
}

static void take_slot(struct instance *instance, struct instant now)
{
	const struct service *service = instance->service;

	instance->spare = false;
	process_stay(instance->process, now); /* it was about to leave */
	/* before the first start someone else says when it begins */
	if (service->wanted == WANTED_UP && service->job.id > 0 &&
		service->held != JOB_START)
		instance_on(instance, EVENT_START, NULL, now);
}

/* The last ones go first, the first ones come first: numbers stay low. */
void service_allot(struct service *service, struct instant now)
{
	unsigned wanted = (unsigned)service->declaration->run.instances, taken = 0;

	for (unsigned i = 0; i < service->instances_count; i++) {
		struct instance *instance = &service->instances[i];

		if (!instance->spare && (!is_declared(instance) || taken == wanted))
			leave_slot(instance, now);
		taken += !instance->spare;
	}
	for (unsigned i = 0; i < service->instances_count && taken < wanted; i++) {
		struct instance *instance = &service->instances[i];

		if (!instance->spare || !is_declared(instance))
			continue;
		take_slot(instance, now);
		taken++;
	}
}

/* From the end, so that the index of a slot stays its number less one. */
void service_drop_slots(struct service *service, struct instant now)
{
	while (service->instances_count > 0) {
		struct instance *last = &service->instances[service->instances_count - 1];

		if (is_declared(last) || !instance_is_free(last))
			break;
		process_free(last->process);
		service->instances_count--;
		service->host->changed(service->host->owner, service, now);
	}
}

struct instance *service_free_slot(struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		struct instance *instance = &service->instances[i];

		if (is_declared(instance) && instance_is_free(instance))
			return instance;
	}
	return NULL;
}
