/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ending.c - the way down: told to stop, died, or never began; and what follows when
 * nothing of it is left.
 *
 * An instance is gone only when its main process is reaped and its cgroup is empty.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/failpoint.h"
#include "base/reason.h"

#include "service/oom.h"
#include "service/process.h"
#include "service/signals.h"

enum {
	KILL_AGAIN_MS = 5 * MS_PER_S,
	CORE_GRACE_MS = 10 * MS_PER_S, /* to write a core */
	HEAR_EXIT_MS = 2 * MS_PER_S,
	REAP_MAX_MS = 30 * MS_PER_S, /* a keeper may be busy, or be stopped */
	HEAR_AGAIN_MS = 50,
	MAX_LEFT = 1024,
};

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

void process_set_ending(
	struct process *process, enum exit_cause cause, const char *format, ...)
{
	struct ending *ending = &process->ending;
	struct text text = { 0 };
	va_list args;

	if (ending->known)
		return;
	va_start(args, format);
	text_addv(&text, format, args);
	va_end(args);
	ending->known = true;
	ending->cause = cause;
	reason_set(ending->reason, sizeof(ending->reason), "%s",
		text_failed(&text) ? "no memory to say why" : text.bytes);
	text_done(&text);
}

/* As with the reason, the first one counts. */
static void set_author(struct process *process, const char *who)
{
	struct ending *ending = &process->ending;

	if (!ending->known)
		reason_set(ending->by, sizeof(ending->by), "%s", who);
}

/* ---- told to end ------------------------------------------------------------------ */

static void finish_when_gone(struct process *process, struct instant now)
{
	if (process->instance->state != STATE_STOPPING || process->instance->pid ||
		(process->cgroup && cgroup_is_populated(process->cgroup)))
		return;
	process_conclude(process, now);
}

void process_emptied(void *owner, struct instant now)
{
	finish_when_gone(owner, now);
}

static void disarm(struct process *process, struct instant now)
{
	struct timer *const timers[] = { process->poll, process->watchdog, process->ill,
		process->drained, process->upkeep };

	process->deed = deed_free(process->deed);
	process->preparing = preparing_free(process->preparing);
	process_reload_lost(process, now);
	process->leaving = false;
	process->instance->ready = process->instance->draining = false;
	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		timer_arm(timers[i], NEVER);
}

static void end(struct process *process, int signal, struct instant now)
{
	const struct run *run = &service_of(process)->declaration->run;

	disarm(process, now);
	FAILPOINT("ending.signal");
	if (process->instance->pid)
		(void)pidfd_send_signal(process->instance->pidfd, signal, NULL, 0);
	FAILPOINT("ending.signalled");
	instance_set_deadline(
		process->instance, instant_add_ms(now, run->stop.timeout_ms));
	finish_when_gone(process, now);
}

static int stop_signal(const struct process *process)
{
	const char *name = service_of(process)->declaration->run.stop.signal;
	int number = name ? signal_number(name) : 0;

	return number ? number : SIGTERM;
}

static void remember_who_told(struct process *process, const char *what)
{
	const struct service *service = service_of(process);
	char reason[REASON_BYTES];

	if (!process->launched)
		return;
	service_describe_told(service, what, reason);
	set_author(process, service->told.who);
	process_set_ending(process, service->told.cause, "%s", reason);
}

void process_stop(struct process *process, struct instant now)
{
	remember_who_told(process, "stopped");
	process->afterwards = AFTER_DOWN;
	process->prepared = false;
	end(process, stop_signal(process), now);
}

void process_leave(struct process *process, struct instant now)
{
	bool is_replaced =
		!process->instance->spare || service_successor(process->instance);

	service_hand_over(process->instance);
	remember_who_told(process, is_replaced ? "restarted" : "stopped");
	process->afterwards = process->instance->spare ? AFTER_DOWN : AFTER_START;
	end(process, stop_signal(process), now);
}

void process_end_unready(struct process *process, struct instant now)
{
	process_set_ending(process, CAUSE_TIMEOUT, "%s", process->instance->why);
	end(process, stop_signal(process), now);
}

/* It hangs: where a core may be written it gets a short time to leave one behind; then,
 * or at once, the usual way. */
static void end_hung(struct process *process, enum exit_cause cause, struct instant now)
{
	process_set_ending(process, cause, "%s", process->instance->why);
	process->aborting = service_of(process)->declaration->limits.core_bytes != 0;
	end(process, process->aborting ? SIGABRT : stop_signal(process), now);
	if (process->aborting && process->instance->state == STATE_STOPPING)
		instance_set_deadline(
			process->instance, instant_add_ms(now, CORE_GRACE_MS));
}

void process_end_silent(struct process *process, struct instant now)
{
	end_hung(process, CAUSE_WATCHDOG, now);
}

void process_end_ill(struct process *process, struct instant now)
{
	end_hung(process, CAUSE_CHECK, now);
}

void process_then_start(struct process *process, struct instant now)
{
	(void)now;
	process->afterwards = AFTER_START;
}

void process_then_down(struct process *process, struct instant now)
{
	(void)now;
	process->afterwards = AFTER_DOWN;
	process->prepared = false;
}

void process_kill(struct process *process, struct instant now)
{
	char lasted[DURATION_TEXT_BYTES], why[REASON_BYTES];

	if (process->aborting) {
		process->aborting = false;
		end(process, stop_signal(process), now);
		return;
	}
	FAILPOINT("ending.kill");
	if (process->cgroup)
		(void)cgroup_kill(process->cgroup);
	FAILPOINT("ending.killed");
	duration_format(instant_since_us(now, process->instance->since), lasted);
	reason_set(why, sizeof(why), "killed: it did not stop within %s", lasted);
	if (!process->ending.killed)
		reason_add(process->ending.reason, sizeof(process->ending.reason), "; %s",
			why);
	process->ending.killed = true;
	instance_explain(process->instance, why, now);
	/* What hangs in the kernel dies when the kernel lets go of it. */
	instance_set_deadline(process->instance, instant_add_ms(now, KILL_AGAIN_MS));
	finish_when_gone(process, now);
}

/* ---- ended ------------------------------------------------------------------------ */

/* "" when the kernel killed no process of it. */
static void explain_oom(struct process *process, char why[static REASON_BYTES])
{
	struct pressure pressure;

	pressure_unknown(&pressure);
	if (process->cgroup)
		cgroup_pressure_events(process->cgroup, &pressure);
	oom_explain(why, &pressure, &service_of(process)->declaration->limits);
}

static void describe_signal(struct process *process, const char *oom)
{
	int number = process->ending.signal;
	const char *word = signal_word(number), *who = process->sent_by;

	if (number == SIGKILL && *oom) {
		process_set_ending(process, CAUSE_OOM, "SIGKILL (%s)", oom);
	} else if (process->sent_signal == number) {
		set_author(process, who);
		process_set_ending(process, CAUSE_OPERATOR, "SIG%s (%s%s)", word,
			*who ? "sent by " : "as an operator asked", who);
	} else if (number == SIGKILL) {
		process_set_ending(process, CAUSE_SIGNAL, "SIGKILL (not from svcd)");
	} else {
		process_set_ending(process, CAUSE_SIGNAL, "SIG%s%s", word,
			process->ending.core ? " (core dumped)" : "");
	}
}

static void describe_exit(struct process *process, const siginfo_t *info)
{
	struct ending *ending = &process->ending;
	char oom[REASON_BYTES];

	if (info->si_pid == 0) {
		ending->code = -1;
		process_set_ending(process, CAUSE_UNKNOWN,
			"ended while nobody watched: its exit is not known");
		return;
	}
	ending->code = info->si_code == CLD_EXITED ? info->si_status : -1;
	ending->signal = info->si_code == CLD_EXITED ? 0 : info->si_status;
	ending->core = info->si_code == CLD_DUMPED;
	explain_oom(process, oom);
	if (ending->signal) {
		describe_signal(process, oom);
	} else {
		process_set_ending(process, CAUSE_EXIT, "exit %d%s%s", ending->code,
			*oom ? "; one of its processes was killed, " : "", oom);
	}
}

/* The report of a step that failed comes before the exit it caused. */
static void take_report(struct process *process)
{
	char reason[REASON_BYTES] = "";

	if (process->report_watch &&
		process_read_report(process, reason, sizeof(reason)) < 0)
		process_set_ending(process, CAUSE_START, "%s", reason);
	process->report_watch = watch_free(process->report_watch);
	if (process->report_fd >= 0)
		close(process->report_fd);
	process->report_fd = -1;
}

/* `process->ended` says when. */
static void exited(struct process *process, const siginfo_t *info, struct instant now)
{
	struct instance *instance = process->instance;

	take_report(process);
	describe_exit(process, info);
	if (process->complaint[0])
		reason_add(process->ending.reason, sizeof(process->ending.reason),
			" (it said: %s)", process->complaint);
	process->exit_watch = watch_free(process->exit_watch);
	timer_arm(process->unheard, NEVER);
	if (instance->pidfd >= 0)
		close(instance->pidfd);
	process_drop(process, KEPT_PIDFD);
	process->last_pid = instance->pid;
	instance->pidfd = -1;
	instance->pid = 0;
	instance->born = 0;
	instance->exec_done = false;
	instance_on(instance, EVENT_EXITED,
		instance->state == STATE_STOPPING ? NULL : process->ending.reason, now);
}

/* It is no child of ours: the keeper reaps it, and says how it ended. Who reaped it
 * instead, when a keeper died, says nothing; then the kernel is asked. */
static bool learn_how(const struct process *process, siginfo_t *ret)
{
	const struct instance *instance = process->instance;
	const struct service_host *host = service_of(process)->host;

	return !host->ended ||
	       host->ended(host->owner, instance->pid, instance->born, ret) ||
	       pidfd_exit(instance->pidfd, ret) >= 0;
}

static void await_word(struct process *process, struct instant now)
{
	struct service_host *host = service_of(process)->host;

	if (process->exit_watch)
		watch_set(process->exit_watch, 0);
	timer_arm(process->unheard, instant_add_ms(now, HEAR_AGAIN_MS));
	process->instance->draining = true; /* nobody is there, whatever the outcome */
	host->changed(host->owner, service_of(process), now);
}

static void ask_how(struct process *process, struct instant now)
{
	const bool waits = timer_is_armed(process->unheard);
	siginfo_t info = { 0 };

	if (!waits)
		process->ended = now;
	if (learn_how(process, &info))
		exited(process, &info, now);
	else if (!waits)
		await_word(process, now);
}

void process_exited(void *owner, unsigned events, struct instant now)
{
	struct process *process = owner;
	siginfo_t info = { 0 };
	int r;

	(void)events;
	FAILPOINT("ending.reap");
	r = waitid(P_PIDFD, (id_t)process->instance->pidfd, &info, WEXITED | WNOHANG);
	FAILPOINT("ending.reaped");
	if (r < 0) {
		ask_how(process, now);
	} else if (info.si_pid != 0) {
		process->ended = now;
		exited(process, &info, now);
	}
}

void process_end_unwatched(struct process *process, struct instant now)
{
	process->instance->pidfd = process_kept(process, KEPT_PIDFD);
	ask_how(process, now);
}

void process_end_former(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;
	struct service_host *host = service_of(process)->host;
	siginfo_t info = { 0 };

	if (!host->ended ||
		!host->ended(host->owner, instance->pid, instance->born, &info))
		info.si_pid = 0;
	describe_exit(process, &info);
	process->last_pid = instance->pid;
	process->ended = now;
	instance->pid = 0;
	instance->born = 0;
	process_conclude_former(process);
}

/* What the keeper, our parent, has yet to reap: it will say how that ended. */
static bool is_keepers(const struct instance *instance)
{
	struct birth birth;

	return birth_read(&birth, instance->pid) == 0 && birth.ticks == instance->born &&
	       birth.parent == getppid();
}

static bool may_be_told(const struct process *process, struct instant now)
{
	int64_t since_ms = instant_since_ms(now, process->ended);

	return since_ms < HEAR_EXIT_MS ||
	       (since_ms < REAP_MAX_MS && is_keepers(process->instance));
}

void process_unheard(void *owner, struct instant now)
{
	struct process *process = owner;
	siginfo_t info = { 0 };

	if (learn_how(process, &info)) {
		exited(process, &info, now);
	} else if (may_be_told(process, now)) {
		timer_arm(process->unheard, instant_add_ms(now, HEAR_AGAIN_MS));
	} else {
		info = (siginfo_t){ 0 };
		exited(process, &info, now);
	}
}

void service_heard_exit(
	struct service *service, pid_t pid, uint64_t born, struct instant now)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];

		if (instance->pid == pid && instance->born == born &&
			timer_is_armed(instance->process->unheard))
			ask_how(instance->process, now);
	}
}

/* Workers of a main process that ended as told may end as told, too. */
static void signal_left(struct process *process)
{
	pid_t pids[MAX_LEFT];
	size_t count = cgroup_pids(process->cgroup, pids, MAX_LEFT);

	for (size_t i = 0; i < count; i++)
		(void)kill(pids[i], stop_signal(process));
}

/* It ended by itself, and something of it goes on without it. */
static void kill_left(struct process *process, struct instant now)
{
	struct ending *ending = &process->ending;

	(void)cgroup_kill(process->cgroup);
	reason_add(ending->reason, sizeof(ending->reason),
		", and left processes behind%s",
		ending_is_success(ending) ? " (run it in the foreground)" : "");
	instance_set_deadline(process->instance, instant_add_ms(now, KILL_AGAIN_MS));
}

void process_clear(struct process *process, struct instant now)
{
	disarm(process, now);
	if (!process->cgroup || !cgroup_is_populated(process->cgroup)) {
		process_conclude(process, now);
	} else if (process->afterwards != AFTER_DECIDE) {
		signal_left(process);
	} else {
		kill_left(process, now);
	}
}

/* A clone that could not be watched: nobody would see it end. */
static void abandon_child(struct process *process)
{
	struct instance *instance = process->instance;

	if (!instance->pid)
		return;
	(void)cgroup_kill(process->cgroup);
	process->exit_watch = watch_free(process->exit_watch);
	process->report_watch = watch_free(process->report_watch);
	cgroups_reap(service_of(process)->host->cgroups, instance->pid, instance->pidfd);
	instance->pid = 0;
	instance->pidfd = -1;
}

void process_start_failed(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;
	char reason[REASON_BYTES];

	process->reloading = process->prepared = false;
	timer_arm(process->proof, NEVER);
	if (instance->state != STATE_UP) {
		abandon_child(process);
		process->began = process->ended = now;
		process_conclude(process, now);
		return;
	}
	memcpy(reason, process->ending.reason, sizeof(reason));
	process->ending = (struct ending){ 0 };
	instance_tell(
		instance, "refused", LOG_WARNING, "%s; the old process runs on", reason);
	service_job_lost(instance, reason, now);
}

/* ---- acts without a process ------------------------------------------------------- */

void process_pause(struct process *process, struct instant now)
{
	(void)now;
	instance_set_deadline(process->instance, process->again_at);
}

void process_rest(struct process *process, struct instant now)
{
	(void)now;
	process->prepared = false;
	process->roll = ROLL_NONE;
	strings_done(&process->environment);
	process->kept = fdstore_free(process->kept);
	if (process->instance->spare)
		service_forget_facts(service_of(process), process->instance->number);
}

void process_forget_deaths(struct process *process, struct instant now)
{
	struct service *service = service_of(process);

	service->deaths_in_a_row = 0;
	service->host->changed(service->host->owner, service, now);
}
