/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * launch.c - the process itself: cgroup, pipes, notify socket, clone; then whether it is
 * ready.
 */
#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/reason.h"

#include "service/command.h"
#include "spawn/spawn.h"

enum { FIRST_KEPT_FD = 3 };
static_assert(FDSTORE_MAX + 2 <= SPAWN_MAX_FDS, "with stdout and stderr");

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
		remark_set(&instance->note, "%s", cgroup_note(process->cgroup));
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
	int ends[2] = { -1, -1 }, r;

	if (instance->output[stream] >= 0)
		return 0;
	r = FAILPOINT_ERROR("launch.pipe");
	if (r == 0)
		r = pipe_new(ends);
	if (r < 0)
		return r;
	instance->output[stream] = ends[0];
	process->write_ends[stream] = ends[1];
	process_keep(process, kept_streams[stream], ends[0]);
	host->piped(host->owner, service_of(process), instance->number, streams[stream],
		ends[0]);
	return 0;
}

/* Opens the pipe of a stream for the service, which may run as another user by now. */
static int open_pipe(struct process *process, unsigned stream)
{
	const struct identity *identity = &service_of(process)->identity;
	int r = make_pipe(process, stream);

	return r < 0 ? r
		     : pipe_open_for(process->instance->output[stream], identity->uid,
			       identity->gid);
}

/* Connects stdout or stderr; fds[stream] is to be closed after the clone, -1: nothing is,
 * as it goes to /dev/null or where stdout goes. */
static int connect_stream(struct process *process, struct command *command,
	unsigned stream, int fds[static 2])
{
	const struct logs *logs = &service_of(process)->declaration->logs;
	const char *target = stream == 0 ? logs->out : logs->err;
	bool shared = stream == 1 && text_equal(logs->out, logs->err);
	size_t count = command->spec.fds_count;

	if (is_none(target))
		return 0;
	if (!shared)
		fds[stream] = open_pipe(process, stream);
	if (!shared && fds[stream] < 0)
		return fds[stream];
	command->spec.fds[count].fd = fds[shared ? 0 : stream];
	command->spec.fds[count].target = (int)stream + 1;
	command->spec.fds_count++;
	return 0;
}

/* Nobody but root leaves a cgroup, so for the main process it is enough that it lives. */
static bool is_main(const struct instance *instance, pid_t pid)
{
	return instance->pid > 0 && pid == instance->pid && instance->pidfd >= 0 &&
	       pidfd_send_signal(instance->pidfd, 0, NULL, 0) == 0;
}

static bool is_ours(void *owner, pid_t pid)
{
	const struct process *process = owner;

	return process->cgroup &&
	       (is_main(process->instance, pid) || cgroup_has(process->cgroup, pid));
}

/* `fd`: of an earlier svcd; -1: none. */
static int open_notify(struct process *process, int fd, struct error *err)
{
	const struct service *service = service_of(process);
	_cleanup_free_ char *directory =
		text_format("%s/notify", service->host->paths->run);
	_cleanup_free_ char *path = text_format("%s/%s.%u", directory ? directory : "",
		service->name, process->instance->number);
	struct notify_plan plan = { .path = path,
		.fd = fd,
		.uid = service->identity.uid,
		.gid = service->identity.gid,
		.user = { is_ours, process_told, process } };
	int r;

	if (!directory || !path) {
		if (fd >= 0)
			close(fd);
		return error_errno(err, -ENOMEM, "notify socket");
	}
	r = notify_new(&process->notify, service->host->loop, &plan, err);
	if (r != -ENOENT)
		return r;
	r = directory_make(directory, 0755);
	if (r < 0)
		return error_errno(err, r, "making %s", directory);
	plan.fd = -1;
	return notify_new(&process->notify, service->host->loop, &plan, err);
}

int process_open_notify(struct process *process, int fd, struct error *err)
{
	int r = open_notify(process, fd, err);

	if (r == 0 && notify_fd(process->notify) != fd) /* else it is kept already */
		process_keep(process, KEPT_NOTIFY, notify_fd(process->notify));
	return r;
}

static int make_notify(struct process *process, struct error *err)
{
	return process->notify ? 0 : process_open_notify(process, -1, err);
}

static int add_private(struct process *process, struct command *command)
{
	const struct run *run = &service_of(process)->declaration->run;
	char number[32];
	int r = environment_set(
		&command->environment, "NOTIFY_SOCKET", notify_path(process->notify));

	if (r < 0 || run->watchdog_ms <= 0)
		return r;
	command->spec.set_watchdog_pid = true;
	snprintf(number, sizeof(number), "%lld", (long long)run->watchdog_ms * US_PER_MS);
	return environment_set(&command->environment, "WATCHDOG_USEC", number);
}

/* What its predecessor gave us to keep. */
static int give_kept(const struct process *process, struct command *command)
{
	size_t count = process->kept ? fdstore_sweep(process->kept) : 0;
	struct text names = { 0 };
	char number[32];
	int r;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		size_t at = command->spec.fds_count++;

		command->spec.fds[at].fd = fdstore_fd(process->kept, i);
		command->spec.fds[at].target = FIRST_KEPT_FD + (int)i;
		text_addf(
			&names, "%s%s", i > 0 ? ":" : "", fdstore_name(process->kept, i));
	}
	snprintf(number, sizeof(number), "%zu", count);
	command->spec.set_listen_pid = true;
	r = text_failed(&names) ? -ENOMEM
				: environment_set(&command->environment, "LISTEN_FDNAMES",
					  names.bytes);
	text_done(&names);
	return r < 0 ? r : environment_set(&command->environment, "LISTEN_FDS", number);
}

/* ---- clone ------------------------------------------------------------------------ */

/* A limit that is a default may be less on this host: that is a note, and no failure. */
int process_read_report(struct process *process, char *reason, size_t size)
{
	struct remark *note = &process->instance->note;
	int r;

	while ((r = spawn_report_read(process->report_fd, reason, size)) == SPAWN_NOTED)
		remark_set(note, "%s%s%s", remark_text(note), note->text ? "; " : "",
			reason);
	return r;
}

static void on_report(void *owner, unsigned events, struct instant now)
{
	struct process *process = owner;
	char reason[REASON_BYTES] = "";
	int r = process_read_report(process, reason, sizeof(reason));

	(void)events;
	if (r == SPAWN_MUTE)
		return;
	process->report_watch = watch_free(process->report_watch);
	if (r == SPAWN_RUNS) {
		process_executed(process, now);
	} else {
		process_set_ending(process, CAUSE_START, "%s", reason);
	}
}

void process_note_main(struct process *process)
{
	struct instance *instance = process->instance;
	struct birth birth;

	instance->born = birth_read(&birth, instance->pid) == 0 ? birth.ticks : 0;
	process_keep(process, KEPT_PIDFD, instance->pidfd);
}

static int watch_child(struct process *process, const struct spawned *child)
{
	struct loop *loop = service_of(process)->host->loop;
	int r = watch_new(&process->exit_watch, loop, child->pidfd, WATCH_READ,
		process_exited, process);

	process->instance->pid = child->pid;
	process->instance->pidfd = child->pidfd;
	process->report_fd = child->report_fd;
	process->adopted = false;
	process_note_main(process);
	if (r == 0) {
		r = watch_new(&process->report_watch, loop, child->report_fd, WATCH_READ,
			on_report, process);
	}
	return r;
}

static int clone_child(
	struct process *process, struct command *command, struct error *err)
{
	int fds[2] = { -1, -1 }, r = 0;
	struct spawned child = { .pidfd = -1, .report_fd = -1 };

	for (unsigned stream = 0; r == 0 && stream < 2; stream++)
		r = connect_stream(process, command, stream, fds);
	if (r < 0)
		error_errno(err, r, "making the pipe for its output");
	if (r == 0) {
		command->spec.cgroup_fd = cgroup_fd(process->cgroup);
		FAILPOINT("launch.piped");
		r = spawn(&child, &command->spec, err);
		FAILPOINT("launch.cloned");
	}
	for (unsigned stream = 0; stream < 2; stream++) {
		if (fds[stream] >= 0)
			close(fds[stream]);
	}
	return r < 0 ? r : watch_child(process, &child);
}

static void forget_verdicts(struct service *service, unsigned instance)
{
	for (size_t i = 0; i < service->checks_count; i++) {
		if (service->checks[i].instance != instance)
			continue;
		service->checks[i].verdict = VERDICT_UNKNOWN;
		service->checks[i].reason[0] = '\0';
	}
}

int process_launch(struct process *process, char *reason, struct instant now)
{
	struct instance *instance = process->instance;
	struct service *service = service_of(process);
	const struct run *run = &service->declaration->run;
	struct command command = { 0 };
	struct error err = { 0 };
	int r = command_init(&command, process, &run->command, &err);

	if (r == 0)
		r = make_cgroup(process, &err);
	FAILPOINT("launch.leaf");
	if (r == 0)
		r = make_notify(process, &err);
	FAILPOINT("launch.notify");
	if (r == 0)
		r = add_private(process, &command);
	if (r == 0)
		r = give_kept(process, &command);
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
	process->began = process->ended = now;
	process->launched = true;
	process->sent_signal = 0;
	process->watchdog_us = run->watchdog_ms > 0 ? run->watchdog_ms * US_PER_MS : 0;
	instance_explain(instance, "", now);
	instance_set_deadline(instance, instant_add_ms(now, run->ready.timeout_ms));
	service->host->changed(service->host->owner, service, now); /* who runs */
	FAILPOINT("launch.launched");
	return 0;
}
