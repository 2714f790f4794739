/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * job.c - what someone asked of a service as a whole: when it is done, when it failed.
 *
 * A job is judged once per turn of the loop, in service_settle(), whatever happened
 * before in that turn.
 */
#include <string.h>

#include "base/reason.h"

#include "service/process.h"

static const char *const job_words[] = {
	[JOB_NONE] = "nothing",
	[JOB_START] = "start",
	[JOB_STOP] = "stop",
	[JOB_RESTART] = "restart",
	[JOB_RELOAD] = "reload",
};

static void changed(struct service *service, struct instant now)
{
	service->host->changed(service->host->owner, service, now);
}

static void job_end(struct service *service, enum job_result result, const char *reason,
	struct instant now)
{
	service->job.result = result;
	if (result != JOB_DONE) /* what proves a reload stays */
		remark_set(&service->job.reason, "%s", reason);
	changed(service, now);
}

void service_job_begin(struct service *service, enum job_kind kind, struct instant now)
{
	char reason[REASON_BYTES];

	if (service->job.kind != JOB_NONE && service->job.result == JOB_RUNNING) {
		reason_set(reason, sizeof(reason), "superseded by %s", job_words[kind]);
		job_end(service, JOB_FAILED, reason, now);
	}
	service_roll_forget(service, now);
	if (kind != JOB_RELOAD) /* that is no word about what is wanted */
		service->held = JOB_NONE;
	remark_clear(&service->job.reason);
	service->job = (struct job){ .id = service->job.id + 1,
		.kind = kind,
		.result = JOB_RUNNING,
		.began = now };
	task_schedule(service->settle);
	changed(service, now);
}

bool service_job_runs(const struct service *service)
{
	return service->job.kind != JOB_NONE && service->job.result == JOB_RUNNING;
}

void service_job_failed(struct service *service, const char *reason, struct instant now)
{
	bool runs = service_job_runs(service);

	if (runs)
		job_end(service, JOB_FAILED, reason, now);
	service_roll_forget(service, now);
}

void service_job_lost(
	const struct instance *instance, const char *why, struct instant now)
{
	struct service *service = instance->service;
	unsigned untouched = service_rolls_later(service);
	char reason[REASON_BYTES] = "";

	if (service->declaration->run.instances > 1)
		reason_add(reason, sizeof(reason), "instance %u: ", instance->number);
	if (untouched > 0)
		reason_add(reason, sizeof(reason), "(%u more not touched) ", untouched);
	reason_add(reason, sizeof(reason), "%s", why);
	service_job_failed(service, reason, now);
}

bool instance_has_arrived(const struct instance *instance)
{
	bool stays = instance->service->declaration->run.kind == RUN_SERVICE;

	return instance->state == STATE_DONE || (stays && instance->state == STATE_UP);
}

bool service_has_arrived(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];

		if (instance->spare ? !instance_is_free(instance)
				    : !instance_has_arrived(instance))
			return false;
	}
	return true;
}

static bool all_reloaded(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];

		if (instance->process->reloading ||
			(instance->process->owes_reload &&
				instance->state == STATE_STARTING))
			return false;
	}
	return true;
}

static bool (*const is_done[])(const struct service *service) = {
	[JOB_NONE] = service_has_arrived,
	[JOB_START] = service_has_arrived,
	[JOB_STOP] = service_is_stopped,
	[JOB_RESTART] = service_has_rolled,
	[JOB_RELOAD] = all_reloaded,
};

/* A process in whose place another was to come, and it did not. */
static void lose_newcomer(struct instance *instance, struct instant now)
{
	const struct instance *old =
		&instance->service->instances[instance->process->replaces - 1];
	bool serves = old->state == STATE_UP;
	char reason[REASON_BYTES];

	reason_set(reason, sizeof(reason),
		"the new process was thrown away, the old one (instance %u) %s%s: %s",
		old->number, serves ? "serves on" : "is ",
		serves ? "" : state_words[old->state], instance->why);
	service_lose_newcomer(instance, now);
	service_job_lost(instance, reason, now);
}

/* It had its turn, and it died. */
static bool is_lost(const struct instance *instance)
{
	return (instance->state == STATE_WAITING || instance->state == STATE_FAILED) &&
	       instance->process->roll != ROLL_NEXT && !service_successor(instance);
}

static bool wants_up(enum job_kind kind)
{
	return kind == JOB_START || kind == JOB_RESTART;
}

/* Whoever asked waits for the first outcome; the back-off goes on without a job. */
void service_noticed(struct instance *instance, struct instant now)
{
	struct service *service = instance->service;

	if (instance->process->replaces > 0 && instance->state == STATE_DOWN) {
		lose_newcomer(instance, now);
	} else if (is_lost(instance) && service_job_runs(service) &&
		   wants_up(service->job.kind)) {
		service_job_lost(instance, instance->why, now);
	}
	task_schedule(service->settle);
}

void service_settle(void *owner, struct instant now)
{
	struct service *service = owner;

	service_drop_slots(service, now);
	if (!service_job_runs(service))
		return;
	service_roll_on(service, now);
	if (service_job_runs(service) && is_done[service->job.kind](service))
		job_end(service, JOB_DONE, "", now);
}
