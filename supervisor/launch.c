/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * launch.c - the process itself: cgroup, pipes, notify socket, clone; then whether it is ready.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/file.h"
#include "base/paths.h"

#include "supervisor/command.h"
#include "supervisor/environment.h"
#include "supervisor/pipe.h"
#include "supervisor/reason.h"

enum {
	POLL_FIRST_MS = 10,
	POLL_MAX_MS = 250,
	STAT_MAX_BYTES = 4096,
	STAT_START_FIELD = 22,
};
/* A service cannot put off its end for ever. */
static const int64_t extend_max_us = (int64_t)3600 * US_PER_S;
static const char *const streams[2] = { "stdout", "stderr" };

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

/* ---- what it is given ------------------------------------------------------------- */

static int make_cgroup(struct process *process, struct error *err)
{
	struct instance *instance = process->instance;
	const struct service *service = service_of(process);
	char leaf[32];
	struct cgroup_plan plan = { .service = service->name,
		.leaf = leaf,
		.limits = &service->declaration->limits,
		.on_empty = process_emptied,
		.owner = process };
	int r;

	instance->generation++;
	snprintf(leaf, sizeof(leaf), "%u.%u", instance->number, instance->generation);
	process->cgroup = cgroup_free(process->cgroup);
	r = cgroup_new(&process->cgroup, service->host->cgroups, &plan, err);
	if (r == 0)
		reason_set(instance->note, sizeof(instance->note), "%s",
			cgroup_note(process->cgroup));
	return r;
}

static bool is_none(const char *target)
{
	return !target || text_equal(target, "none");
}

/* A pipe that exists is used on: what is in it belongs to the log. */
static int make_pipe(struct process *process, unsigned stream)
{
	struct service_host *host = service_of(process)->host;
	struct instance *instance = process->instance;
	int ends[2], r;

	if (instance->output[stream] >= 0)
		return 0;
	r = pipe_new(ends);
	if (r < 0)
		return r;
	instance->output[stream] = ends[0];
	process->write_ends[stream] = ends[1];
	host->piped(host->owner, service_of(process), instance->number, streams[stream],
		ends[0]);
	return 0;
}

/* Connects stdout or stderr; *ret_fd is to be closed after the clone, -1: /dev/null. */
static int connect_stream(
	struct process *process, struct command *command, unsigned stream, int *ret_fd)
{
	const struct service *service = service_of(process);
	const struct logs *logs = &service->declaration->logs;
	const char *target = stream == 0 ? logs->out : logs->err;
	bool shared = stream == 1 && text_equal(logs->out, logs->err);
	unsigned from = shared ? 0 : stream;
	size_t count = command->spec.fds_count;
	int r, fd;

	if (is_none(target))
		return 0;
	r = make_pipe(process, from);
	if (r < 0)
		return r;
	fd = pipe_open_for(process->instance->output[from], service->identity.uid,
		service->identity.gid);
	if (fd < 0)
		return fd;
	command->spec.fds[count].fd = *ret_fd = fd;
	command->spec.fds[count].target = (int)stream + 1;
	command->spec.fds_count++;
	return 0;
}

static bool is_ours(void *owner, pid_t pid)
{
	const struct process *process = owner;

	return process->cgroup && cgroup_has(process->cgroup, pid);
}

static int make_notify(struct process *process, struct error *err)
{
	const struct service *service = service_of(process);
	_cleanup_free_ char *directory = NULL, *path = NULL;
	struct notify_plan plan = { .uid = service->identity.uid,
		.gid = service->identity.gid,
		.user = { is_ours, process_told, process } };
	int r;

	if (process->notify)
		return 0;
	directory = text_format("%s/notify", service->host->paths->run);
	path = text_format("%s/%s.%u", directory ? directory : "", service->name,
		process->instance->number);
	if (!directory || !path)
		return error_errno(err, -ENOMEM, "notify socket");
	r = directory_make(directory, 0755);
	if (r < 0)
		return error_errno(err, r, "making %s", directory);
	plan.path = path;
	return notify_new(&process->notify, service->host->loop, &plan, err);
}

static int add_private(struct process *process, struct command *command)
{
	const struct run *run = &service_of(process)->declaration->run;
	char number[32];
	int r = environment_set(
		&command->environment, "NOTIFY_SOCKET", notify_path(process->notify));

	if (r < 0 || run->watchdog_ms <= 0)
		return r;
	snprintf(number, sizeof(number), "%lld", (long long)run->watchdog_ms * US_PER_MS);
	return environment_set(&command->environment, "WATCHDOG_USEC", number);
}

/* ---- clone ------------------------------------------------------------------------ */

/* With pid and boot id this says for ever which process it was. */
static uint64_t read_start_ticks(pid_t pid)
{
	_cleanup_free_ char *path = text_format("/proc/%d/stat", pid), *text = NULL;
	char *at;

	if (!path || file_read(&text, NULL, AT_FDCWD, path, STAT_MAX_BYTES) < 0)
		return 0;
	at = strrchr(text, ')'); /* the name may hold anything, also blanks */
	for (int field = 2; at && field < STAT_START_FIELD; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoull(at, NULL, 10) : 0;
}

static void on_exec_done(struct process *process, struct instant now);

static void on_report(void *owner, unsigned events, struct instant now)
{
	struct process *process = owner;
	char reason[REASON_BYTES];
	int r = spawn_report_read(process->report_fd, reason, sizeof(reason));

	(void)events;
	process->report_watch = watch_free(process->report_watch);
	if (r == 0)
		on_exec_done(process, now);
	else
		process_set_ending(process, CAUSE_START, "%s", reason);
}

static int watch_child(struct process *process, const struct spawned *child)
{
	struct loop *loop = service_of(process)->host->loop;
	int r = watch_new(&process->exit_watch, loop, child->pidfd, WATCH_READ,
		process_exited, process);

	process->instance->pid = child->pid;
	process->instance->pidfd = child->pidfd;
	process->report_fd = child->report_fd;
	if (r == 0)
		r = watch_new(&process->report_watch, loop, child->report_fd, WATCH_READ,
			on_report, process);
	return r;
}

static int clone_child(
	struct process *process, struct command *command, struct error *err)
{
	int fds[2] = { -1, -1 }, r = 0;
	struct spawned child;

	for (unsigned stream = 0; r == 0 && stream < 2; stream++)
		r = connect_stream(process, command, stream, &fds[stream]);
	if (r < 0)
		error_errno(err, r, "making the pipe for its output");
	if (r == 0) {
		command->spec.cgroup_fd = cgroup_fd(process->cgroup);
		r = spawn(&child, &command->spec, err);
	}
	for (unsigned stream = 0; stream < 2; stream++)
		if (fds[stream] >= 0)
			close(fds[stream]);
	return r < 0 ? r : watch_child(process, &child);
}

static void forget_verdicts(struct service *service, unsigned instance)
{
	for (size_t i = 0; i < service->checks_count; i++)
		if (service->checks[i].instance == instance)
			service->checks[i].verdict = VERDICT_UNKNOWN;
}

int process_launch(struct process *process, char *reason, struct instant now)
{
	struct instance *instance = process->instance;
	struct service *service = service_of(process);
	const struct run *run = &service->declaration->run;
	struct command command = { 0 };
	struct error err = { 0 };
	int r = command_init(&command, process, &run->command, &err);

	strings_done(&process->environment);
	if (r == 0)
		r = make_cgroup(process, &err);
	if (r == 0)
		r = make_notify(process, &err);
	if (r == 0)
		r = add_private(process, &command);
	if (r == 0)
		r = command_seal(&command);
	if (r == 0)
		r = clone_child(process, &command, &err);
	command_done(&command);
	if (r < 0) {
		reason_set(reason, REASON_BYTES, "%s",
			err.text[0] ? err.text : strerror(-r));
		return r;
	}
	forget_verdicts(service, instance->number);
	instance->started = loop_wall(service->host->loop);
	instance->start_ticks = read_start_ticks(instance->pid);
	process->began = process->ended = now;
	process->launched = true;
	process->watchdog_us = run->watchdog_ms > 0 ? run->watchdog_ms * US_PER_MS : 0;
	instance_explain(instance, "", now);
	instance_set_deadline(instance, instant_add_ms(now, run->ready.timeout_ms));
	return 0;
}

/* ---- ready? ----------------------------------------------------------------------- */

static void be_ready(struct process *process, struct instant now)
{
	instance_on(process->instance, EVENT_READY, NULL, now);
}

static void wait_for_notify(struct process *process, struct instant now)
{
	if (process->instance->notified_ready)
		be_ready(process, now);
	else
		instance_explain(
			process->instance, "waits for READY=1 on its notify socket", now);
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

	if (instance->state != STATE_STARTING || !process->cgroup)
		return;
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

static void on_exec_done(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;
	const struct run *run = &service_of(process)->declaration->run;

	instance->exec_done = true;
	process_feed_watchdog(process, now);
	if (instance->state != STATE_STARTING)
		return;
	if (run->kind == RUN_ONESHOT)
		be_ready(process, now);
	else
		ready_by[run->ready.by](process, now);
}

void process_feed_watchdog(struct process *process, struct instant now)
{
	timer_arm(process->watchdog, process->watchdog_us > 0 && process->instance->pid
					     ? instant_add_us(now, process->watchdog_us)
					     : NEVER);
}

/* ---- what it says ----------------------------------------------------------------- */

/* A daemon that forked names its heir. The former main process is left to the reaper. */
static void change_main(struct process *process, pid_t pid)
{
	struct instance *instance = process->instance;
	struct service_host *host = service_of(process)->host;
	struct watch *watch = NULL;
	int pidfd;

	if (pid == instance->pid || !instance->pid || !cgroup_has(process->cgroup, pid))
		return;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return;
	if (watch_new(&watch, host->loop, pidfd, WATCH_READ, process_exited, process) <
		0) {
		close(pidfd);
		return;
	}
	watch_free(process->exit_watch);
	cgroups_reap(host->cgroups, instance->pidfd);
	process->exit_watch = watch;
	instance->pidfd = pidfd;
	instance->pid = pid;
	instance->start_ticks = read_start_ticks(pid);
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
	if (message->watchdog_us != UNSET && message->watchdog_us > 0)
		process->watchdog_us = message->watchdog_us;
	if (message->watchdog || message->watchdog_us != UNSET)
		process_feed_watchdog(process, now);
	if (message->watchdog_trigger)
		instance_on(process->instance, EVENT_WATCHDOG,
			"asked for its watchdog itself", now);
}

void process_told(void *owner, const struct notify_message *message, struct instant now)
{
	struct process *process = owner;
	struct instance *instance = process->instance;
	struct service *service = service_of(process);

	if (message->has_status)
		reason_set(instance->status, sizeof(instance->status), "%s",
			message->status);
	if (message->main_pid)
		change_main(process, message->main_pid);
	if (message->extend_us != UNSET)
		extend(process, message->extend_us, now);
	if (message->ready && instance->pid) {
		instance->notified_ready = true;
		if (instance->exec_done &&
			service->declaration->run.ready.by == READY_BY_NOTIFY)
			be_ready(process, now);
	}
	take_watchdog(process, message, now);
	service->host->changed(service->host->owner, service, now);
}
