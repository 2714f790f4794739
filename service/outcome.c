/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * outcome.c - nothing of it runs any more: how that is remembered, and what follows.
 */
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "base/reason.h"

#include "service/outlook.h"
#include "service/process.h"

/* What follows: the event for the state table, why the state is then as it is, and the
 * same for the record of the exit. */
struct outcome {
	enum event event;
	char why[REASON_BYTES], next[REASON_BYTES];
};

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

/* ---- what follows ---------------------------------------------------------------- */

static void say_how(const struct process *process, char *why)
{
	char ran[DURATION_TEXT_BYTES];

	reason_set(why, REASON_BYTES, "%s", process->ending.reason);
	/* how long it was waited for stands there already */
	if (!process->launched || process->ending.cause == CAUSE_TIMEOUT)
		return;
	duration_format(instant_since_us(process->ended, process->began), ran);
	reason_add(why, REASON_BYTES, " after %s", ran);
}

static enum event go_again(
	struct process *process, struct outcome *outcome, struct instant now)
{
	int64_t pause_us = instant_since_us(process->again_at, now);
	char pause[DURATION_TEXT_BYTES];

	outlook_again(outcome->next, pause_us, process->instance->deaths);
	if (pause_us <= 0)
		return EVENT_GONE_NOW;
	reason_add(outcome->why, REASON_BYTES, ", again in %s",
		duration_format(pause_us, pause));
	return EVENT_GONE_AGAIN;
}

static enum event stay_failed(
	const struct process *process, struct outcome *outcome, bool gave_up)
{
	if (gave_up) {
		outlook_gave_up(outcome->next, service_of(process));
	} else {
		outlook_not_again(outcome->next, service_of(process));
	}
	reason_add(outcome->why, REASON_BYTES, "; %s", outcome->next);
	return EVENT_GONE_FAILED;
}

static enum event be_done(struct outcome *outcome)
{
	reason_set(outcome->next, REASON_BYTES, "done");
	return EVENT_GONE_DONE;
}

static enum event decide_after_death(
	struct process *process, struct outcome *outcome, struct instant now)
{
	const struct run *run = &service_of(process)->declaration->run;
	struct death death = { .success = ending_is_success(&process->ending),
		.served = process->served,
		.now = now };

	say_how(process, outcome->why);
	if (run->kind == RUN_ONESHOT && death.success)
		return be_done(outcome);
	death.ran_ms = instant_since_ms(process->ended, process->began);
	(void)!getrandom(&death.random, sizeof(death.random), GRND_NONBLOCK);
	switch (restart_on_death(
		&process->instance->restart, &run->restart, &death, &process->again_at)) {
	case RESTART_AGAIN: return go_again(process, outcome, now);
	case RESTART_NOT:
		return death.success ? be_done(outcome)
				     : stay_failed(process, outcome, false);
	case RESTART_GIVE_UP: return stay_failed(process, outcome, true);
	}
	abort(); /* a value outside the enum: memory is broken */
}

static void decide(struct process *process, struct outcome *outcome, struct instant now)
{
	const struct service *service = service_of(process);

	/* nobody waits for a process in a spare slot: it was relieved, or did not prove
	 * itself */
	if (process->instance->spare &&
		(service->wanted == WANTED_UP || process->afterwards == AFTER_DECIDE)) {
		say_how(process, outcome->why);
		reason_set(outcome->next, REASON_BYTES, "others serve in its place");
		outcome->event = EVENT_GONE_DOWN;
		return;
	}
	switch (process->afterwards) {
	case AFTER_DOWN:
		service_describe_told(service, "stopped", outcome->why);
		reason_set(outcome->next, REASON_BYTES, "stays down");
		outcome->event = EVENT_GONE_DOWN;
		return;
	case AFTER_START:
		reason_set(outcome->next, REASON_BYTES, "starts again at once");
		outcome->event = EVENT_GONE_START;
		return;
	case AFTER_DECIDE:
		outcome->event = decide_after_death(process, outcome, now);
		return;
	}
	abort(); /* a value outside the enum: memory is broken */
}

/* ---- how it is remembered -------------------------------------------------------- */

/* A one-shot that ended well did what it was for. */
static bool has_died(const struct process *process)
{
	const struct ending *ending = &process->ending;

	return exit_cause_is_death(ending->cause) &&
	       !(service_of(process)->declaration->run.kind == RUN_ONESHOT &&
		       ending_is_success(ending));
}

static void count_death(struct process *process)
{
	struct service *service = service_of(process);
	const struct restart_policy_spec *spec = &service->declaration->run.restart;
	struct instance *instance = process->instance;

	if (!has_died(process)) {
		instance->deaths = 0;
		return;
	}
	/* what did not prove itself in a spare slot says nothing about who serves */
	service->deaths_in_a_row += !instance->spare;
	if (instant_since_ms(process->ended, process->began) >= spec->stable_ms)
		instance->deaths = 0;
	instance->deaths++;
}

/* `kept` is the same among the others; NULL: no memory. */
static void tell(const struct process *process, const struct exit_record *exit,
	const struct exit_record *kept)
{
	struct service_host *host = service_of(process)->host;
	struct service_event event = { .service = service_of(process),
		.instance = exit->instance,
		.word = "exited",
		.level = exit->died ? LOG_WARNING : LOG_INFO,
		.exit = kept };
	char text[2 * REASON_BYTES];

	say_how(process, text);
	reason_add(text, sizeof(text), "; %s", exit->next);
	event.text = text;
	host->event(host->owner, &event);
}

static void record(struct process *process, const struct outcome *outcome)
{
	struct service *service = service_of(process);
	struct instance *instance = process->instance;
	const struct ending *ending = &process->ending;
	struct exit_record exit = {
		.at = loop_wall(service->host->loop),
		.instance = instance->number,
		.generation = instance->generation + !process->launched,
		.pid = process->last_pid,
		.cause = ending->cause,
		.died = has_died(process),
		.code = ending->code,
		.signal = ending->signal,
		.core = ending->core,
		.ran_us = instant_since_us(process->ended, process->began),
	};

	memcpy(exit.reason, ending->reason, sizeof(exit.reason));
	memcpy(exit.next, outcome->next, sizeof(exit.next));
	if (!exit_cause_is_death(ending->cause))
		memcpy(exit.by, ending->by, sizeof(exit.by));
	tell(process, &exit, exits_add(service, &exit));
}

static void forget_ending(struct process *process)
{
	process->launched = false;
	process->last_pid = 0;
	process->ending = (struct ending){ 0 };
}

void process_conclude_former(struct process *process)
{
	static const struct outcome outcome = { .why = "", .next = "started again" };

	count_death(process);
	record(process, &outcome);
	process->instance->restarts++;
	forget_ending(process);
}

void process_conclude(struct process *process, struct instant now)
{
	struct outcome outcome = { .why = "", .next = "" };

	if (process->ending.known)
		count_death(process);
	decide(process, &outcome, now);
	if (process->ending.known)
		record(process, &outcome);
	forget_ending(process);
	process->cgroup = cgroup_free(process->cgroup);
	instance_on(process->instance, outcome.event, outcome.why, now);
}
