/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * process.c - what stands behind an instance: made, forgotten, and the acts that begin
 * something.
 *
 * Not here: the steps of a start (steps.c), the clone (launch.c), the end (ending.c).
 */
#include "service/process.h"

#include "base/reason.h"

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

static void on_deadline(void *owner, struct instant now)
{
	struct process *process = owner;
	struct instance *instance = process->instance;
	char why[REASON_BYTES], lasted[DURATION_TEXT_BYTES];

	if (instance->state != STATE_STARTING) {
		instance_on(instance, EVENT_DEADLINE, NULL, now);
		return;
	}
	duration_format(instant_since_us(now, process->began), lasted);
	reason_set(why, sizeof(why), "not ready after %s%s%s", lasted,
		instance->why[0] ? ": " : "", instance->why);
	instance_on(instance, EVENT_DEADLINE, why, now);
}

static void on_watchdog(void *owner, struct instant now)
{
	struct process *process = owner;
	char why[REASON_BYTES], silent[DURATION_TEXT_BYTES];

	duration_format(process->watchdog_us, silent);
	reason_set(why, sizeof(why), "no WATCHDOG=1 for %s", silent);
	instance_on(process->instance, EVENT_WATCHDOG, why, now);
}

static const struct {
	size_t at;
	timer_fn *fn;
} timers[] = {
	{ offsetof(struct process, deadline), on_deadline },
	{ offsetof(struct process, poll), process_poll_ready },
	{ offsetof(struct process, watchdog), on_watchdog },
	{ offsetof(struct process, ill), process_look_at_liveness },
	{ offsetof(struct process, drained), process_drained },
	{ offsetof(struct process, proof), process_look_at_reload },
	{ offsetof(struct process, upkeep), process_look_after },
	{ offsetof(struct process, unheard), process_unheard },
};

static struct timer **timer_at(struct process *process, size_t index)
{
	return (struct timer **)(void *)((char *)process + timers[index].at);
}

int process_new(struct instance *instance)
{
	struct loop *loop = instance->service->host->loop;
	struct process *process = calloc(1, sizeof(*process));
	int r = 0;

	if (!process)
		return -ENOMEM;
	process->instance = instance;
	process->report_fd = process->write_ends[0] = process->write_ends[1] = -1;
	instance->process = process;
	instance->pidfd = instance->output[0] = instance->output[1] = -1;
	instance->deadline = process->leave_at = NEVER;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(timers); i++)
		r = timer_new(timer_at(process, i), loop, timers[i].fn, process);
	if (r < 0)
		process_free(process);
	return r;
}

static void close_all(struct process *process)
{
	struct instance *instance = process->instance;

	for (unsigned stream = 0; stream < 2; stream++) {
		if (process->write_ends[stream] >= 0)
			close(process->write_ends[stream]);
		if (instance->output[stream] >= 0)
			close(instance->output[stream]);
	}
	if (process->report_fd >= 0)
		close(process->report_fd);
	if (instance->pidfd >= 0)
		cgroups_reap(service_of(process)->host->cgroups, instance->pid,
			instance->pidfd);
}

void process_free(struct process *process)
{
	if (process->cgroup)
		(void)cgroup_kill(process->cgroup);
	process->instance->process = NULL;
	remark_clear(&process->instance->status);
	remark_clear(&process->instance->note);
	restart_begin_anew(&process->instance->restart);
	deed_free(process->deed);
	preparing_free(process->preparing);
	watch_free(process->exit_watch);
	watch_free(process->report_watch);
	close_all(process);
	cgroup_free(process->cgroup);
	notify_free(process->notify);
	fdstore_free(process->kept);
	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		timer_free(*timer_at(process, i));
	strings_done(&process->environment);
	json_free(process->rest);
	free(process);
}

bool process_is_idle(const struct process *process)
{
	return !process->instance->pid && !process->cgroup && !process->deed &&
	       !process->preparing;
}

/* ---- acts of the state table ----------------------------------------------------- */

static void start(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;

	process->afterwards = AFTER_DECIDE;
	instance->ready = instance->notified_ready = instance->exec_done = false;
	instance->ran_before = instance->draining = false;
	process->aborting = process->leaving = process->served = false;
	process->owes_reload = false;
	process->stranger_told = process->refusal_told = false;
	process->declared = service_of(process)->declared;
	process->complaint[0] = '\0';
	instance->verdict = VERDICT_UNKNOWN;
	remark_clear(&instance->status);
	process_begin(process, FOR_START, now);
}

void process_start_anew(struct process *process, struct instant now)
{
	process->instance->restarts = 0;
	restart_begin_anew(&process->instance->restart);
	start(process, now);
}

void process_start_again(struct process *process, struct instant now)
{
	process->instance->restarts++;
	start(process, now);
}

void process_prepare_restart(struct process *process, struct instant now)
{
	process->prepared = false;
	process_begin(process, FOR_RESTART, now);
}

void process_prepare_reload(struct process *process, struct instant now)
{
	process_begin(process, FOR_RELOAD, now);
}

void process_settle(struct process *process, struct instant now)
{
	const struct run *run = &service_of(process)->declaration->run;

	process->instance->ready = process->served = true;
	timer_arm(process->poll, NEVER);
	process_begin_upkeep(process, now);
	instance_set_deadline(
		process->instance, instant_add_ms(now, run->restart.stable_ms));
	if (process->owes_reload)
		instance_on(process->instance, EVENT_RELOAD, NULL, now);
	process->owes_reload = false;
}
