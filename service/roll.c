/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * roll.c - a restart of a whole service: run.batch processes at a time, the next ones
 * only when the former have proven themselves.
 *
 * start-first: the new process gets the free slot; once it is up and its checks pass it
 * relieves the old one, which is drained, and whose slot is free then. One that does not
 * get there, or dies before the old one is drained, is thrown away, and the old one
 * serves on. stop-first: the process is replaced in its own slot.
 * Either way the first that does not come back ends the roll: the rest is not touched.
 *
 * Looked at once per turn of the loop, from service_settle(). Not here: draining and
 * stopping (ending.c).
 */
#include <syslog.h>

#include "base/reason.h"

#include "service/process.h"

/* It is there, and its checks say that it serves. */
static bool has_proven_itself(const struct instance *instance)
{
	return instance_has_arrived(instance) &&
	       (instance->state == STATE_DONE || !service_has_gate(instance->service) ||
		       instance->verdict == VERDICT_PASS ||
		       instance->verdict == VERDICT_WARN);
}

static bool is_newcomer(const struct instance *instance)
{
	return instance->process->replaces > 0;
}

/* Up, and no check has said yes: until when. */
static struct instant probation_ends(const struct instance *instance)
{
	const struct process *process = instance->process;
	bool replaced =
		process->roll == ROLL_NOW && instance->generation != process->roll_from;

	if ((!is_newcomer(instance) && !replaced) || instance->state != STATE_UP ||
		has_proven_itself(instance))
		return NEVER;
	return instant_add_ms(
		instance->since, instance->service->declaration->run.ready.timeout_ms);
}

/* ---- one leaves, one comes ----------------------------------------------------- */

static struct instance *predecessor(const struct instance *newcomer)
{
	return &newcomer->service->instances[newcomer->process->replaces - 1];
}

struct instance *service_successor(const struct instance *old)
{
	const struct service *service = old->service;

	for (unsigned i = 0; i < service->instances_count; i++) {
		if (service->instances[i].process->replaces == old->number)
			return &service->instances[i];
	}
	return NULL;
}

void service_hand_over(struct instance *old)
{
	struct instance *newcomer = service_successor(old);

	if (!newcomer)
		return;
	newcomer->process->replaces = 0;
	newcomer->spare = false;
	old->spare = true;
	old->process->roll = ROLL_NONE;
}

/* Until the old one is drained nothing is lost: should the newcomer die, it stays. */
static void relieve(
	struct instance *old, const struct instance *newcomer, struct instant now)
{
	char why[REASON_BYTES];

	if (old->process->leaving)
		return;
	reason_set(why, sizeof(why), "instance %u takes over", newcomer->number);
	if (old->state == STATE_UP) {
		instance_on(old, EVENT_RELIEVED, why, now);
		return;
	}
	service_hand_over(old);
	instance_on(old, EVENT_STOP, why, now);
}

void service_lose_newcomer(struct instance *newcomer, struct instant now)
{
	struct instance *old = predecessor(newcomer);

	newcomer->process->replaces = 0;
	process_stay(old->process, now);
}

static void fail_probation(struct instance *instance, struct instant now)
{
	char why[REASON_BYTES], lasted[DURATION_TEXT_BYTES];

	if (!service_failing_check(instance->service, instance->number, why)) {
		duration_format(instant_since_us(now, instance->since), lasted);
		reason_set(
			why, sizeof(why), "up, but no check has passed for %s", lasted);
	}
	if (is_newcomer(instance)) { /* its end tells who asked */
		process_set_ending(instance->process, CAUSE_CHECK, "%s", why);
		instance_on(instance, EVENT_STOP, why, now);
	} else {
		service_job_lost(instance, why, now);
	}
}

static void judge(struct instance *instance, struct instant now)
{
	struct process *process = instance->process;

	if (instant_reached(now, probation_ends(instance))) {
		fail_probation(instance, now);
	} else if (!has_proven_itself(instance)) {
		return;
	} else if (is_newcomer(instance)) {
		relieve(predecessor(instance), instance, now);
	} else if (process->roll == ROLL_NOW &&
		   instance->generation != process->roll_from) {
		process->roll = ROLL_NONE;
	}
}

/* What does not serve has nothing to lose: it is replaced where it is. */
static bool starts_first(const struct instance *instance)
{
	return instance->state == STATE_UP &&
	       config_starts_first(instance->service->declaration);
}

static void replace_in_place(struct instance *instance, struct instant now)
{
	instance->process->roll = ROLL_NOW;
	instance->process->roll_from = instance->generation;
	instance_on(instance, EVENT_RESTART, NULL, now);
}

/* What the old one gave us to keep, the new one gets as well. */
static void inherit_kept(struct process *process, const struct process *old)
{
	const struct fdstore_user user = process_fdstore_user(process);

	process->kept = fdstore_free(process->kept);
	if (old->kept && fdstore_copy(&process->kept, old->kept, &user) < 0)
		instance_tell(process->instance, "refused", LOG_WARNING,
			"too few descriptors: what instance %u stored is not given to it",
			old->instance->number);
}

/* False: it has to wait for a free slot. */
static bool replace(struct instance *instance, struct instant now)
{
	struct instance *newcomer;

	if (!starts_first(instance)) {
		replace_in_place(instance, now);
		return true;
	}
	newcomer = service_free_slot(instance->service);
	if (!newcomer)
		return false;
	instance->process->roll = ROLL_NOW;
	instance->process->roll_from = instance->generation;
	newcomer->process->replaces = instance->number;
	inherit_kept(newcomer->process, instance->process);
	instance_on(newcomer, EVENT_START, NULL, now);
	return true;
}

/* ---- all of them --------------------------------------------------------------- */

static void arm_limit(struct service *service)
{
	struct instant at = NEVER;

	for (unsigned i = 0; i < service->instances_count; i++)
		at = instant_earlier(at, probation_ends(&service->instances[i]));
	timer_arm(service->roll_limit, at);
}

static unsigned count_rolling(const struct service *service, enum roll roll)
{
	unsigned count = 0;

	for (unsigned i = 0; i < service->instances_count; i++)
		count += service->instances[i].process->roll == roll;
	return count;
}

unsigned service_rolls_later(const struct service *service)
{
	return count_rolling(service, ROLL_NEXT);
}

void service_roll_on(struct service *service, struct instant now)
{
	int64_t batch = MAX(service->declaration->run.batch, 1);

	for (unsigned i = 0; i < service->instances_count; i++)
		judge(&service->instances[i], now);
	for (unsigned i = 0; i < service->instances_count; i++) {
		struct instance *instance = &service->instances[i];

		if (instance->process->roll == ROLL_NEXT &&
			count_rolling(service, ROLL_NOW) < batch &&
			!replace(instance, now))
			break;
	}
	arm_limit(service);
}

/* An apply has nothing to change about a process that began with the new declaration. */
static bool is_up_to_date(const struct instance *instance)
{
	const struct service *service = instance->service;

	return service->told.cause == CAUSE_APPLY &&
	       instance->process->declared == service->declared &&
	       (instance->state == STATE_STARTING || instance->state == STATE_UP);
}

void service_roll(struct service *service, struct instant now)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		struct instance *instance = &service->instances[i];

		if (!instance->spare && !is_up_to_date(instance))
			instance->process->roll = ROLL_NEXT;
	}
	service_roll_on(service, now);
}

bool service_has_rolled(const struct service *service)
{
	return count_rolling(service, ROLL_NONE) == service->instances_count &&
	       service_has_arrived(service);
}

/* Whoever was to relieve another is not needed any more; who was to go stays. */
void service_roll_forget(struct service *service, struct instant now)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		struct instance *instance = &service->instances[i];

		if (instance->process->roll == ROLL_NOW)
			process_stay(instance->process, now);
		instance->process->roll = ROLL_NONE;
		if (!is_newcomer(instance))
			continue;
		service_lose_newcomer(instance, now);
		instance_on(instance, EVENT_STOP, "not needed any more", now);
	}
	timer_arm(service->roll_limit, NEVER);
}

void service_roll_due(void *owner, struct instant now)
{
	struct service *service = owner;

	(void)now;
	task_schedule(service->settle);
}

bool service_renew(
	struct instance *instance, const struct decision *decision, struct instant now)
{
	struct service *service = instance->service;

	if (service_job_runs(service) || instance->spare)
		return false;
	service_decide(service, decision);
	service_job_begin(service, JOB_RESTART, now);
	instance->process->roll = ROLL_NEXT;
	return true;
}
