/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * outcome.c - nothing of it runs any more: how that is remembered, and what follows.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "base/reason.h"

#include "supervisor/process.h"

const char *const exit_cause_words[10] = {
	[CAUSE_EXIT] = "exit",
	[CAUSE_SIGNAL] = "signal",
	[CAUSE_OOM] = "oom",
	[CAUSE_START] = "start",
	[CAUSE_BEFORE] = "before",
	[CAUSE_TIMEOUT] = "timeout",
	[CAUSE_WATCHDOG] = "watchdog",
	[CAUSE_CHECK] = "check",
	[CAUSE_OPERATOR] = "operator",
	[CAUSE_UNKNOWN] = "unknown",
};

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

static void record(struct process *process)
{
	struct service *service = service_of(process);
	struct instance *instance = process->instance;
	const struct ending *ending = &process->ending;
	struct exit_record *exits = service->exits;
	bool asked = ending->cause == CAUSE_OPERATOR;

	memmove(exits + 1, exits, (EXITS_KEPT - 1) * sizeof(*exits));
	exits[0] = (struct exit_record){
		.at = loop_wall(service->host->loop),
		.instance = instance->number,
		.generation = instance->generation + !process->launched,
		.pid = process->last_pid,
		.cause = ending->cause,
		.code = ending->code,
		.signal = ending->signal,
		.core = ending->core,
		.ran_us = instant_since_us(process->ended, process->began),
	};
	memcpy(exits[0].reason, ending->reason, sizeof(exits[0].reason));
	service->exits_count = MIN(service->exits_count + 1, EXITS_KEPT);
	if (!asked)
		service->deaths_in_a_row++;
	instance_tell(
		instance, "exited", asked ? LOG_INFO : LOG_WARNING, "%s", ending->reason);
}

static void say_how(const struct process *process, char *why)
{
	char ran[DURATION_TEXT_BYTES];

	reason_set(why, REASON_BYTES, "%s", process->ending.reason);
	if (!process->launched)
		return;
	duration_format(instant_since_us(process->ended, process->began), ran);
	reason_add(why, REASON_BYTES, " after %s", ran);
}

static enum event decide_after_death(
	struct process *process, char *why, struct instant now)
{
	const struct service *service = service_of(process);
	const struct run *run = &service->declaration->run;
	struct instance *instance = process->instance;
	char pause[DURATION_TEXT_BYTES];
	struct death death = { .success = ending_is_success(&process->ending),
		.now = now };

	say_how(process, why);
	if (run->kind == RUN_ONESHOT && death.success)
		return EVENT_GONE_DONE;
	death.ran_ms = instant_since_ms(process->ended, process->began);
	(void)!getrandom(&death.random, sizeof(death.random), GRND_NONBLOCK);
	switch (restart_on_death(
		&instance->restart, &run->restart, &death, &process->again_at)) {
	case RESTART_AGAIN:
		duration_format(instant_since_us(process->again_at, now), pause);
		reason_add(why, REASON_BYTES, ", again in %s (try %u)", pause,
			instance->restarts + 2);
		return EVENT_GONE_AGAIN;
	case RESTART_NOT:
		if (death.success)
			return EVENT_GONE_DONE;
		reason_add(why, REASON_BYTES,
			"; not started again (run.restart.policy): `svcctl start %s`",
			service->name);
		return EVENT_GONE_FAILED;
	case RESTART_GIVE_UP:
		reason_add(why, REASON_BYTES,
			"; gave up after %" PRId64 " deaths: see `svcctl logs %s`, then "
			"`svcctl start %s`",
			run->restart.give_up_after, service->name, service->name);
		return EVENT_GONE_FAILED;
	}
	abort(); /* a value outside the enum: memory is broken */
}

static enum event decide(struct process *process, char *why, struct instant now)
{
	const struct service *service = service_of(process);

	switch (process->afterwards) {
	case AFTER_DOWN:
		service_describe_wish(service, "stopped", why);
		return EVENT_GONE_DOWN;
	case AFTER_START: why[0] = '\0'; return EVENT_GONE_START;
	case AFTER_DECIDE: return decide_after_death(process, why, now);
	}
	abort(); /* a value outside the enum: memory is broken */
}

void process_conclude(struct process *process, struct instant now)
{
	char why[REASON_BYTES];
	enum event event;

	if (process->ending.known)
		record(process);
	event = decide(process, why, now);
	process->launched = false;
	process->last_pid = 0;
	process->ending = (struct ending){ 0 };
	process->cgroup = cgroup_free(process->cgroup);
	instance_on(process->instance, event, why, now);
}
