/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * job.c - what someone asked of a service as a whole: when it is done, when it failed,
 * and the rolling restart.
 *
 * A job is judged once per turn of the loop, in service_settle(), whatever happened
 * before in that turn.
 */
#include <string.h>

#include "base/reason.h"

#include "supervisor/process.h"

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

bool instance_is_surplus(const struct instance *instance)
{
	return instance->number > instance->service->declaration->run.instances;
}

static void job_end(struct service *service, enum job_result result, const char *reason,
	struct instant now)
{
	service->job.result = result;
	reason_set(service->job.reason, sizeof(service->job.reason), "%s", reason);
	changed(service, now);
}

void service_job_begin(struct service *service, enum job_kind kind, struct instant now)
{
	char reason[REASON_BYTES];

	if (service->job.kind != JOB_NONE && service->job.result == JOB_RUNNING) {
		reason_set(reason, sizeof(reason), "superseded by %s", job_words[kind]);
		job_end(service, JOB_FAILED, reason, now);
	}
	for (unsigned i = 0; i < service->instances_count; i++)
		service->instances[i].process->roll = ROLL_NONE;
	service->job = (struct job){ .id = service->job.id + 1,
		.kind = kind,
		.result = JOB_RUNNING,
		.began = now };
	task_schedule(service->settle);
	changed(service, now);
}

static bool job_runs(const struct service *service)
{
	return service->job.kind != JOB_NONE && service->job.result == JOB_RUNNING;
}

void service_job_failed(struct service *service, const char *reason, struct instant now)
{
	for (unsigned i = 0; i < service->instances_count; i++)
		service->instances[i].process->roll = ROLL_NONE;
	if (job_runs(service))
		job_end(service, JOB_FAILED, reason, now);
}

static bool has_arrived(const struct instance *instance)
{
	return instance->state == STATE_UP || instance->state == STATE_DONE ||
	       instance_is_surplus(instance);
}

static bool all_arrived(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		if (!has_arrived(&service->instances[i]))
			return false;
	}
	return true;
}

static bool all_rolled(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		if (service->instances[i].process->roll != ROLL_NONE)
			return false;
	}
	return all_arrived(service);
}

static bool all_reloaded(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		if (service->instances[i].process->reloading)
			return false;
	}
	return true;
}

static bool (*const is_done[])(const struct service *service) = {
	[JOB_NONE] = all_arrived,
	[JOB_START] = all_arrived,
	[JOB_STOP] = service_is_stopped,
	[JOB_RESTART] = all_rolled,
	[JOB_RELOAD] = all_reloaded,
};

static bool wants_up(enum job_kind kind)
{
	return kind == JOB_START || kind == JOB_RESTART;
}

/* Whoever asked waits for the first outcome; the back-off goes on without a job. */
void service_noticed(struct instance *instance, struct instant now)
{
	struct service *service = instance->service;
	bool failed = instance->state == STATE_WAITING || instance->state == STATE_FAILED;

	if (has_arrived(instance) && instance->process->roll == ROLL_NOW &&
		instance->generation != instance->process->roll_from)
		instance->process->roll = ROLL_NONE;
	if (failed && job_runs(service) && wants_up(service->job.kind))
		service_job_failed(service, instance->why, now);
	task_schedule(service->settle);
}

/* At most run.batch instances are away at a time. */
void service_roll_on(struct service *service, struct instant now)
{
	int64_t away = 0;

	for (unsigned i = 0; i < service->instances_count; i++)
		away += service->instances[i].process->roll == ROLL_NOW;
	for (unsigned i = 0; i < service->instances_count; i++) {
		struct instance *instance = &service->instances[i];

		if (instance->process->roll != ROLL_NEXT ||
			away >= MAX(service->declaration->run.batch, 1))
			continue;
		away++;
		instance->process->roll = ROLL_NOW;
		instance->process->roll_from = instance->generation;
		instance_on(instance, EVENT_RESTART, NULL, now);
	}
}

/* The last ones go first, so that numbers stay 1..N. */
static void drop_surplus(struct service *service, struct instant now)
{
	while (service->instances_count > 0) {
		struct instance *last = &service->instances[service->instances_count - 1];

		if (!instance_is_surplus(last) || !process_is_idle(last->process))
			break;
		process_free(last->process);
		service->instances_count--;
		changed(service, now);
	}
}

void service_settle(void *owner, struct instant now)
{
	struct service *service = owner;

	drop_surplus(service, now);
	if (!job_runs(service))
		return;
	service_roll_on(service, now);
	if (job_runs(service) && is_done[service->job.kind](service))
		job_end(service, JOB_DONE, "", now);
}
