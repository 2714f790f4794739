/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * answers.c - what a process that was launched tells of itself: that exec succeeded, that
 * it listens, that it is ready, that it lives.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/pidfd.h>
#include <syslog.h>

#include "base/file.h"
#include "base/reason.h"

#include "service/process.h"

enum {
	POLL_FIRST_MS = 10,
	POLL_MAX_MS = 250,
};
/* A service cannot put off its end for ever. */
static const int64_t extend_max_us = (int64_t)3600 * US_PER_S;

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

/* ---- ready? ----------------------------------------------------------------------- */

static void be_ready(struct process *process, struct instant now)
{
	instance_on(process->instance, EVENT_READY, NULL, now);
}

static void wait_for_notify(struct process *process, struct instant now)
{
	if (process->instance->notified_ready) {
		be_ready(process, now);
	} else {
		instance_explain(process->instance,
			"waits for READY=1 (sd_notify); for a program that "
			"does not send it: run.ready.by: listen",
			now);
	}
}

static void wait_for_checks(struct process *process, struct instant now)
{
	instance_explain(process->instance, "waits for its checks to pass", now);
}

static void begin_polling(struct process *process, struct instant now)
{
	process->poll_ms = POLL_FIRST_MS;
	process_poll_ready(process, now);
}

static void (*const ready_by[])(struct process *process, struct instant now) = {
	[READY_BY_LISTEN] = begin_polling,
	[READY_BY_NOTIFY] = wait_for_notify,
	[READY_BY_CHECK] = wait_for_checks,
	[READY_BY_STARTED] = be_ready,
};

void process_poll_ready(void *owner, struct instant now)
{
	struct process *process = owner;
	struct instance *instance = process->instance;
	char reason[REASON_BYTES] = "";
	int r;

	if (instance->state != STATE_STARTING)
		return;
	if (!process->launched) {
		process_go_on(process, now);
		return;
	}
	if (!instance->exec_done) {
		process_await_exec(process, now);
		return;
	}
	r = ports_are_ours(service_of(process)->declaration, instance->number,
		process->cgroup, reason, sizeof(reason));
	if (r > 0) {
		be_ready(process, now);
		return;
	}
	instance_explain(instance,
		r < 0 ? "waits: the kernel does not say who listens" : reason, now);
	timer_arm(process->poll, instant_add_ms(now, process->poll_ms));
	process->poll_ms = MIN(process->poll_ms * 2, POLL_MAX_MS);
}

void process_executed(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;

	instance->exec_done = true;
	process_feed_watchdog(process, now);
	if (instance->state == STATE_STARTING)
		process_await_ready(process, now);
}

void process_await_ready(struct process *process, struct instant now)
{
	const struct run *run = &service_of(process)->declaration->run;

	if (run->kind == RUN_ONESHOT) {
		be_ready(process, now);
	} else {
		ready_by[run->ready.by](process, now);
	}
}

void process_feed_watchdog(struct process *process, struct instant now)
{
	process->heard = now;
	timer_arm(process->watchdog, process->watchdog_us > 0 && process->instance->pid
					     ? instant_add_us(now, process->watchdog_us)
					     : NEVER);
}

/* ---- what it says ----------------------------------------------------------------- */

/* Said once for each process: it could say it for ever. */
static void refuse_main(struct process *process, pid_t pid)
{
	if (process->stranger_told)
		return;
	process->stranger_told = true;
	instance_tell(process->instance, "refused", LOG_WARNING,
		"MAINPID=%d is no process of this instance: not believed", pid);
}

/* The process behind `pid` now, if it is one of this instance; -1: it is not. */
static int open_main(struct process *process, pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);

	/* a pid comes again: who is still there afterwards is who was asked about */
	if (pidfd >= 0 && cgroup_has(process->cgroup, pid) &&
		pidfd_send_signal(pidfd, 0, NULL, 0) == 0)
		return pidfd;
	if (pidfd >= 0)
		close(pidfd);
	refuse_main(process, pid);
	return -1;
}

/* A daemon that forked names its heir. The former main process is left to the reaper,
 * and taken from it when it is named again. */
static void change_main(struct process *process, pid_t pid)
{
	struct instance *instance = process->instance;
	struct service_host *host = service_of(process)->host;
	struct watch *watch = NULL;
	int pidfd;

	if (pid == instance->pid || !instance->pid)
		return;
	pidfd = open_main(process, pid);
	if (pidfd < 0)
		return;
	if (watch_new(&watch, host->loop, pidfd, WATCH_READ, process_exited, process) <
		0) {
		close(pidfd);
		return;
	}
	watch_free(process->exit_watch);
	cgroups_reap(host->cgroups, instance->pid, instance->pidfd);
	cgroups_release(host->cgroups, pid);
	process->exit_watch = watch;
	instance->pidfd = pidfd;
	instance->pid = pid;
	process_note_main(process);
}

static void extend(struct process *process, int64_t extend_us, struct instant now)
{
	struct instance *instance = process->instance;
	struct instant wished = instant_add_us(now, extend_us);
	struct instant latest = instant_add_us(instance->since, extend_max_us);

	if (instance->state != STATE_STARTING && instance->state != STATE_STOPPING)
		return;
	wished = instant_earlier(wished, latest);
	if (wished.us > instance->deadline.us)
		instance_set_deadline(instance, wished);
}

static void take_watchdog(
	struct process *process, const struct notify_message *message, struct instant now)
{
	if (message->watchdog_us > 0)
		process->watchdog_us = message->watchdog_us;
	if (message->watchdog || message->watchdog_us != UNSET)
		process_feed_watchdog(process, now);
	if (message->watchdog_trigger) {
		instance_on(process->instance, EVENT_WATCHDOG,
			"asked for its watchdog itself", now);
	}
}

static void take_complaint(struct process *process, const struct notify_message *message)
{
	if (message->error)
		reason_set(process->complaint, sizeof(process->complaint), "%s",
			strerror(message->error));
	if (message->bus_error[0])
		reason_set(process->complaint, sizeof(process->complaint), "%s",
			message->bus_error);
}

/* What it says by itself is as good as being told: no new clients. */
static void take_stopping(
	struct process *process, const struct notify_message *message, struct instant now)
{
	struct instance *instance = process->instance;

	if (!message->stopping || instance->state != STATE_UP)
		return;
	instance->draining = true;
	instance_explain(instance, "it says that it is stopping", now);
}

static int keep_fds(struct process *process, struct notify_message *message)
{
	const struct fdstore_user user = process_fdstore_user(process);
	int r = process->kept ? 0 : fdstore_new(&process->kept, &user);

	for (size_t i = 0; r == 0 && i < message->fds_count; i++) {
		r = fdstore_add(process->kept, message->fds[i], message->fd_name,
			message->fdpoll);
		if (r == 0)
			message->fds[i] = -1;
		if (r == FDSTORE_E_THERE)
			r = 0;
	}
	return r;
}

static void take_fds(struct process *process, struct notify_message *message)
{
	static const char *const refusals[] = {
		[FDSTORE_E_FULL] = "so many are not kept",
		[FDSTORE_E_NAME] =
			"FDNAME must be 1 to 63 visible characters and no colon",
	};
	int r;

	if (message->fdstore_remove && process->kept)
		fdstore_remove(process->kept, message->fd_name);
	if (!message->fdstore)
		return;
	r = keep_fds(process, message);
	if (r == 0 || process->refusal_told)
		return;
	process->refusal_told = true; /* it could go on for ever */
	instance_tell(process->instance, "refused", LOG_WARNING, "FDSTORE=1: %s",
		r < 0 ? strerror(-r) : refusals[r]);
}

static void take_ready(
	struct process *process, const struct notify_message *message, struct instant now)
{
	struct instance *instance = process->instance;

	if (!message->ready || !instance->pid)
		return;
	instance->notified_ready = true;
	if (instance->exec_done &&
		service_of(process)->declaration->run.ready.by == READY_BY_NOTIFY)
		be_ready(process, now);
}

/* It lives, and says no more than that. */
static bool is_beat(const struct notify_message *message)
{
	const bool more = message->ready || message->reloading || message->stopping ||
			  message->watchdog_trigger || message->fdstore ||
			  message->fdstore_remove || message->has_status ||
			  message->main_pid || message->error || message->bus_error[0] ||
			  message->extend_us != UNSET || message->watchdog_us != UNSET;

	return message->watchdog && !more;
}

void process_told(void *owner, struct notify_message *message, struct instant now)
{
	struct process *process = owner;
	struct instance *instance = process->instance;
	struct service *service = service_of(process);

	if (is_beat(message)) { /* it comes for ever, and changes nothing */
		process_feed_watchdog(process, now);
		return;
	}
	if (message->has_status)
		remark_set(&instance->status, "%s", message->status);
	if (message->main_pid)
		change_main(process, message->main_pid);
	if (message->extend_us != UNSET)
		extend(process, message->extend_us, now);
	take_complaint(process, message);
	take_fds(process, message);
	process_told_reload(process, message, now);
	take_ready(process, message, now);
	take_stopping(process, message, now);
	take_watchdog(process, message, now);
	service->host->changed(service->host->owner, service, now);
}
