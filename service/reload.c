/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reload.c - whether a reload took effect, and what exactly is known about that.
 *
 * Who speaks sd_notify proves it: RELOADING=1 after it was asked, then READY=1. Of any
 * other program it is known that it is still there, and, where it has checks, that they
 * pass with answers from after the signal. Never more is said than that.
 *
 * Not here: sending the signal, running the command (steps.c).
 */
#include <string.h>
#include <syslog.h>

#include "base/reason.h"

#include "service/process.h"

enum {
	LOOK_FIRST_MS = 500,      /* a program without a handler is dead by then */
	SPEAKS_MS = 2 * MS_PER_S, /* who notifies begins with RELOADING=1 within */
	LOOK_AGAIN_MS = 200,
	ANSWER_SLACK_MS = 2 * MS_PER_S,
	ANSWER_MAX_MS = 2 * 60 * MS_PER_S,
	EXTEND_MAX_MS = 3600 * MS_PER_S,
};

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

/* ---- the end of it ------------------------------------------------------------- */

void process_reloaded(struct process *process, const char *proof, struct instant now)
{
	struct service *service = service_of(process);

	process->reloading = false;
	timer_arm(process->proof, NEVER);
	if (service_job_runs(service) && service->job.kind == JOB_RELOAD)
		remark_set(&service->job.reason, "%s", proof);
	instance_tell(process->instance, "reloaded", LOG_INFO, "%s", proof);
	service_noticed(process->instance, now);
}

static void fail(struct process *process, const char *reason, struct instant now)
{
	process->reloading = false;
	timer_arm(process->proof, NEVER);
	instance_tell(process->instance, "reload-failed", LOG_WARNING, "%s", reason);
	if (service_of(process)->job.kind == JOB_RELOAD)
		service_job_lost(process->instance, reason, now);
}

void process_reload_lost(struct process *process, struct instant now)
{
	char reason[REASON_BYTES];

	if (!process->reloading)
		return;
	reason_set(reason, sizeof(reason), "it ended while it reloaded%s%s",
		process->ending.known ? ": " : "",
		process->ending.known ? process->ending.reason : "");
	fail(process, reason, now);
}

/* ---- proof by checks ----------------------------------------------------------- */

static const struct check_fact *fact_of(
	const struct instance *instance, const struct check *check)
{
	const struct service *service = instance->service;

	for (size_t i = 0; i < service->checks_count; i++) {
		if (service->checks[i].instance == instance->number &&
			text_equal(service->checks[i].name, check->name))
			return &service->checks[i];
	}
	return NULL;
}

/* The first check beyond effect warn that has not answered since it was asked. */
static const struct check *unanswered(const struct process *process)
{
	const struct declaration *declaration = service_of(process)->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		const struct check *check = &declaration->health.checks[i];
		const struct check_fact *fact = fact_of(process->instance, check);

		if (check->effect != EFFECT_WARN &&
			(!fact || fact->at.us < process->reload.asked_wall.us))
			return check;
	}
	return NULL;
}

/* Two rounds of the slowest: the first may have been on its way. */
static struct instant answers_due(const struct process *process)
{
	const struct declaration *declaration = service_of(process)->declaration;
	int64_t longest_ms = 0;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		const struct check *check = &declaration->health.checks[i];

		if (check->effect != EFFECT_WARN)
			longest_ms = MAX(
				longest_ms, 2 * (check->interval_ms + check->timeout_ms));
	}
	return instant_add_ms(
		process->reload.asked, MIN(longest_ms + ANSWER_SLACK_MS, ANSWER_MAX_MS));
}

static void look_at_checks(struct process *process, struct instant now)
{
	const struct check *missing = unanswered(process);
	char text[REASON_BYTES];

	if (service_failing_check(service_of(process), process->instance->number, text)) {
		reason_add(text, sizeof(text), " (after the reload)");
		fail(process, text, now);
		return;
	}
	if (missing && !instant_reached(now, answers_due(process))) {
		timer_arm(process->proof, instant_add_ms(now, LOOK_AGAIN_MS));
		return;
	}
	if (missing) {
		reason_set(text, sizeof(text),
			"signal sent; it is still up, but check %s has not answered since",
			missing->name);
	} else if (service_has_gate(service_of(process))) {
		reason_set(text, sizeof(text),
			"signal sent; it is still up and its checks pass");
	} else {
		reason_set(text, sizeof(text),
			"signal sent; it is still up, nothing more can be known");
	}
	process_reloaded(process, text, now);
}

/* ---- proof by its own word ----------------------------------------------------- */

/* Later, never sooner, and not for ever. */
static void extend(struct process *process, int64_t extend_us, struct instant now)
{
	struct instant wished = instant_add_us(now, extend_us),
		       latest = instant_add_ms(process->reload.asked, EXTEND_MAX_MS);

	if (extend_us == UNSET)
		return;
	wished = instant_earlier(wished, latest);
	if (wished.us > process->reload.due.us)
		process->reload.due = wished;
}

void process_told_reload(
	struct process *process, const struct notify_message *message, struct instant now)
{
	const struct run *run = &service_of(process)->declaration->run;

	if (!process->reloading)
		return;
	if (message->reloading &&
		(message->monotonic_us == UNSET ||
			message->monotonic_us >= process->reload.asked.us)) {
		process->reload.announced = true;
		process->reload.due = instant_add_ms(now, run->ready.timeout_ms);
	}
	if (process->reload.announced) {
		extend(process, message->extend_us, now);
		timer_arm(process->proof, process->reload.due);
	}
	if (message->ready && process->reload.announced)
		process_reloaded(process, "it said RELOADING=1, then READY=1", now);
}

void process_look_at_reload(void *owner, struct instant now)
{
	struct process *process = owner;
	char lasted[DURATION_TEXT_BYTES], reason[REASON_BYTES];

	if (!process->reloading)
		return;
	if (!process->reload.announced) {
		look_at_checks(process, now);
		return;
	}
	duration_format(instant_since_us(now, process->reload.asked), lasted);
	reason_set(reason, sizeof(reason),
		"it said RELOADING=1, and not READY=1 within %s", lasted);
	fail(process, reason, now);
}

void process_prove_reload(struct process *process, struct instant now)
{
	bool speaks = process->instance->notified_ready;

	process->reload.asked = now;
	process->reload.asked_wall = loop_wall(service_of(process)->host->loop);
	process->reload.announced = false;
	timer_arm(
		process->proof, instant_add_ms(now, speaks ? SPEAKS_MS : LOOK_FIRST_MS));
}
