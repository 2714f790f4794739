/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adopt.c - a service goes on where an earlier svcd-supervisor left it: its record is
 * recalled, then each slot is given back what runs and what is open, then goes on with
 * the state that it is in.
 *
 * Who a process is, is said by its pid and its birth, and that it lives in the leaf which
 * was made for it. What cannot be proven to be ours is told, and left alone. A leaf
 * without a record is an intent that was carried out: what runs there was just started.
 *
 * Not here: what is remembered (record.c), where it is kept (supervisor/estate.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/reason.h"

#include "service/process.h"
#include "service/record.h"

enum {
	EXEC_POLL_MS = 10,
	MAX_NEWBORNS = 1024,
	/* who is older did not just start: its record was lost, and its READY=1 went to
	 * who lost it */
	RECORD_LOST_US = 5 * US_PER_S,
	ENVIRON_MAX_BYTES = 4 * 1024 * 1024,
};

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

/* ---- what is open ----------------------------------------------------------------- */

/* Its own end of the pipe still knows the pipe. */
static int reopen_stream(const struct process *process, unsigned stream)
{
	char path[64];
	struct stat info;

	if (process->instance->pid == 0)
		return -1;
	snprintf(
		path, sizeof(path), "/proc/%d/fd/%u", process->instance->pid, stream + 1);
	if (stat(path, &info) < 0 || !S_ISFIFO(info.st_mode))
		return -1;
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static bool has_stream(const struct process *process, unsigned stream)
{
	const struct logs *logs = &service_of(process)->declaration->logs;
	const char *target = stream == 0 ? logs->out : logs->err;

	return target && !text_equal(target, "none") &&
	       !(stream == 1 && text_equal(logs->out, logs->err));
}

static void attach_stream(struct process *process, unsigned stream)
{
	struct instance *instance = process->instance;
	char path[64];
	int fd = process_kept(process, kept_streams[stream]);

	if (fd < 0 && has_stream(process, stream)) {
		fd = reopen_stream(process, stream);
		if (fd >= 0)
			process_keep(process, kept_streams[stream], fd);
	}
	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	process->write_ends[stream] = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	instance->output[stream] = fd;
}

static void attach_notify(struct process *process)
{
	int fd = process_kept(process, KEPT_NOTIFY);
	struct error err = { 0 };

	if (fd < 0 && process->instance->pid == 0)
		return;
	if (process_open_notify(process, fd, &err) < 0)
		instance_tell(process->instance, "adopted", LOG_WARNING,
			"what it says is not heard: %s", err.text);
}

static bool attach_cgroup(struct process *process, unsigned generation)
{
	const struct service *service = service_of(process);
	char leaf[32];
	struct cgroup_plan plan = { .service = service->name,
		.leaf = leaf,
		.on_empty = process_emptied,
		.owner = process };
	struct error err = { 0 };

	snprintf(leaf, sizeof(leaf), "%u.%u", process->instance->number, generation);
	return cgroup_adopt(&process->cgroup, service->host->cgroups, &plan, &err) == 0;
}

/* ---- who runs --------------------------------------------------------------------- */

/* First the pidfd, then the questions, then whether who was asked about is still there:
 * so all answers are about one process. -1: it is not that one, or not any more. */
static int open_proven(const struct process *process, pid_t pid, uint64_t born)
{
	_cleanup_close_ int pidfd = pidfd_open(pid, 0);
	struct birth birth;

	if (pidfd < 0 || birth_read(&birth, pid) < 0 || birth.ticks != born ||
		!cgroup_has(process->cgroup, pid) ||
		pidfd_send_signal(pidfd, 0, NULL, 0) < 0)
		return -1;
	return TAKE_FD(pidfd);
}

static int watch_main(struct process *process)
{
	struct instance *instance = process->instance;

	return watch_new(&process->exit_watch, service_of(process)->host->loop,
		instance->pidfd, WATCH_READ, process_exited, process);
}

/* The pid stays that of the record when it has ended: how, is asked in resume(). */
static void attach_main(struct process *process)
{
	struct instance *instance = process->instance;

	if (instance->pid == 0)
		return;
	instance->pidfd = process->cgroup && instance->born
				  ? open_proven(process, instance->pid, instance->born)
				  : -1;
	if (instance->pidfd < 0)
		return;
	if (watch_main(process) < 0) {
		close(instance->pidfd);
		instance->pidfd = -1;
	}
}

static bool runs(const struct process *process)
{
	return process->exit_watch != NULL;
}

/* What svcd-supervisor says to one process is of no use to another. */
static bool is_private(const char *pair)
{
	return text_starts(pair, "NOTIFY_SOCKET=") || text_starts(pair, "LISTEN_") ||
	       text_starts(pair, "WATCHDOG_");
}

/* Its checks are to have what it was given, secrets too: those are in no record. */
static void attach_environment(struct process *process)
{
	const struct declaration *declaration = service_of(process)->declaration;
	_cleanup_free_ char *bytes = NULL;
	char path[64];
	size_t size;

	if (!declaration_secrets(declaration) && !declaration->run.environment_file)
		return;
	snprintf(path, sizeof(path), "/proc/%d/environ", process->instance->pid);
	if (file_read(&bytes, &size, AT_FDCWD, path, ENVIRON_MAX_BYTES) < 0)
		return;
	for (char *at = bytes; at < bytes + size; at += strlen(at) + 1) {
		char *equals = strchr(at, '=');

		if (!equals || equals == at || is_private(at))
			continue;
		*equals = '\0';
		(void)environment_set(&process->environment, at, equals + 1);
		*equals = '=';
	}
	explicit_bzero(bytes, size);
}

static void attach(struct process *process, const struct json_t *record)
{
	struct instance *instance = process->instance;

	if (instance->pid || instance->state == STATE_STOPPING || process->launched)
		(void)attach_cgroup(process, instance->generation);
	FAILPOINT("adopt.attach");
	attach_main(process);
	if (runs(process))
		attach_environment(process);
	for (unsigned stream = 0; stream < 2; stream++)
		attach_stream(process, stream);
	attach_notify(process);
	process_recall_stored(process, json_get(record, "kept"));
}

/* ---- what runs without a record --------------------------------------------------- */

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Whose parent lives elsewhere, whoever inherited it; of those the one that was there
 * first; 0: none. */
static pid_t find_main(struct cgroup *cgroup, struct birth *ret)
{
	pid_t pids[MAX_NEWBORNS], found = 0;
	size_t count = cgroup_pids(cgroup, pids, MAX_NEWBORNS);

	for (size_t i = 0; i < count; i++) {
		struct birth birth;

		if (birth_read(&birth, pids[i]) < 0 ||
			is_among(birth.parent, pids, count))
			continue;
		if (found && (birth.ticks > ret->ticks ||
				     (birth.ticks == ret->ticks && pids[i] > found)))
			continue;
		found = pids[i];
		*ret = birth;
	}
	return found;
}

static int64_t age_us(uint64_t ticks)
{
	struct timespec booted;
	int64_t hz = sysconf(_SC_CLK_TCK), born_us;

	clock_gettime(CLOCK_BOOTTIME, &booted);
	born_us = (int64_t)ticks * US_PER_S / hz;
	return MAX(
		(int64_t)booted.tv_sec * US_PER_S + booted.tv_nsec / 1000 - born_us, 0);
}

/* As it was right after the clone. */
static void be_newborn(
	struct process *process, const struct birth *birth, pid_t pid, struct instant now)
{
	struct instance *instance = process->instance;
	struct service *service = service_of(process);
	int64_t age = age_us(birth->ticks);

	instance->pid = pid;
	instance->born = birth->ticks;
	instance->state = STATE_STARTING;
	instance->spare = false;
	instance->since = process->began = instant_add_us(now, -age);
	instance->started = instance->since_wall =
		(struct wall){ loop_wall(service->host->loop).us - age };
	instance->deadline = instant_add_ms(
		process->began, service->declaration->run.ready.timeout_ms);
	instance->ready = instance->exec_done = instance->draining = false;
	instance->notified_ready = age > RECORD_LOST_US;
	process->launched = true;
	process->leaving = process->served = process->aborting = false;
	process->ending = (struct ending){ 0 };
	process->afterwards = AFTER_DECIDE;
	process->declared = service->declared;
	if (service->declaration->run.watchdog_ms > 0)
		process->watchdog_us = service->declaration->run.watchdog_ms * US_PER_MS;
	if (service->job.id == 0)
		service->job = (struct job){
			.id = 1, .kind = JOB_START, .result = JOB_RUNNING, .began = now
		};
}

static void tell_left(struct service *service, const char *leaf, const char *why)
{
	_cleanup_free_ char *text = text_format(
		"cgroup %s/%s has processes that svcd does not know (%s): left alone",
		service->name, leaf, why);
	struct service_event event = { .service = service,
		.word = "adopted",
		.level = LOG_WARNING,
		.text = text ? text : "" };

	service->host->event(service->host->owner, &event);
}

static bool take_newborn(struct process *process, unsigned generation, struct instant now)
{
	struct instance *instance = process->instance;
	struct birth birth = { 0 };
	pid_t pid;

	process->cgroup = cgroup_free(process->cgroup);
	if (!attach_cgroup(process, generation))
		return false;
	pid = find_main(process->cgroup, &birth);
	if (!pid) {
		process->cgroup = cgroup_free(process->cgroup);
		return false;
	}
	FAILPOINT("adopt.newborn");
	if (instance->pid)
		process_end_former(process, now);
	instance->generation = generation;
	be_newborn(process, &birth, pid, now);
	attach_main(process);
	for (unsigned stream = 0; stream < 2; stream++) {
		if (instance->output[stream] < 0)
			attach_stream(process, stream);
	}
	if (!process->notify)
		attach_notify(process);
	if (runs(process))
		process_note_main(process);
	return true;
}

/* 0: `text` is no such number, or something else than `end` follows it. */
static unsigned read_number(const char *text, const char **ret_rest, char end)
{
	unsigned long number;
	char *rest;

	errno = 0;
	number = *text >= '0' && *text <= '9' ? strtoul(text, &rest, 10) : 0;
	if (number == 0 || number > UINT_MAX || errno || *rest != end)
		return 0;
	*ret_rest = rest + 1;
	return (unsigned)number;
}

/* "2.17" -> the slot and its generation; NULL: no leaf of a process. */
static struct instance *slot_of_leaf(
	const struct service *service, const char *leaf, unsigned *ret_generation)
{
	unsigned number = read_number(leaf, &leaf, '.');

	if (number == 0 || number > service->instances_count)
		return NULL;
	*ret_generation = read_number(leaf, &leaf, '\0');
	return *ret_generation ? &service->instances[number - 1] : NULL;
}

static void look_at_leaf(struct service *service, const char *leaf, struct instant now)
{
	struct cgroups *cgroups = service->host->cgroups;
	unsigned generation = 0;
	struct instance *instance = slot_of_leaf(service, leaf, &generation);
	_cleanup_free_ char *path = text_format("%s/%s", service->name, leaf);

	if (!path || cgroups_explain(cgroups, path))
		return;
	if (text_starts(leaf, "deed-")) { /* its step begins again */
		(void)cgroups_kill(cgroups, path);
		return;
	}
	if (instance && generation > instance->generation && !runs(instance->process) &&
		cgroups_is_populated(cgroups, path)) {
		if (!take_newborn(instance->process, generation, now))
			tell_left(service, leaf, "no main process is found");
		return;
	}
	if (cgroups_is_populated(cgroups, path)) {
		tell_left(service, leaf, "no record explains it");
		return;
	}
	if (instance)
		instance->generation = MAX(instance->generation, generation);
	cgroups_remove(cgroups, path);
}

static unsigned count_leaves(const struct service *service)
{
	unsigned count = 0;

	for (unsigned i = 0; i < service->instances_count; i++)
		count += service->instances[i].process->cgroup != NULL;
	return count;
}

/* Whatever else is there: most often nothing, and that is seen by one question. False:
 * something was. */
static bool look_at_leaves(struct service *service, struct instant now)
{
	_cleanup_(strings_done) struct strings leaves = { 0 };
	struct cgroups *cgroups = service->host->cgroups;

	if (cgroups_count(cgroups, service->name) == (int)count_leaves(service) ||
		cgroups_leaves(cgroups, service->name, &leaves) < 0)
		return true;
	for (size_t i = 0; i < leaves.count; i++)
		look_at_leaf(service, leaves.items[i], now);
	return false;
}

/* ---- going on --------------------------------------------------------------------- */

/* The kernel tells when who was cloned has become the service. */
static bool has_executed(const struct process *process)
{
	char path[64], program[4096];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/exe", process->instance->pid);
	size = readlink(path, program, sizeof(program) - 1);
	if (size < 0)
		return false;
	program[size] = '\0';
	return !text_ends(program, "/svcd-spawner") &&
	       !text_ends(program, "/svcd-supervisor");
}

void process_await_exec(struct process *process, struct instant now)
{
	if (has_executed(process))
		process_executed(process, now);
	else
		timer_arm(process->poll, instant_add_ms(now, EXEC_POLL_MS));
}

static void resume_starting(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;

	if (!runs(process)) {
		process_begin(process, FOR_START, now);
		return;
	}
	instance_set_deadline(instance, instance->deadline);
	if (instance->exec_done)
		process_await_ready(process, now);
	else
		process_await_exec(process, now);
}

/* A restart in its own slot had begun to prepare its next process: it begins again. */
static bool was_preparing(const struct process *process)
{
	const struct instance *instance = process->instance;

	return process->roll == ROLL_NOW && !process->leaving &&
	       process->roll_from == instance->generation && !service_successor(instance);
}

static void resume_up(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;

	instance_set_deadline(instance, instance->deadline);
	process_declare_upkeep(process, now);
	process_look_at_liveness(process, now);
	if (process->leaving)
		timer_arm(process->drained, process->leave_at);
	if (was_preparing(process))
		process_prepare_restart(process, now);
}

static void resume_stopping(struct process *process, struct instant now)
{
	instance_set_deadline(process->instance, process->instance->deadline);
	process_emptied(process, now);
}

static void resume_waiting(struct process *process, struct instant now)
{
	(void)now;
	instance_set_deadline(process->instance, process->instance->deadline);
}

static void (*const resumes[])(struct process *process, struct instant now) = {
	[STATE_STARTING] = resume_starting,
	[STATE_UP] = resume_up,
	[STATE_STOPPING] = resume_stopping,
	[STATE_WAITING] = resume_waiting,
	[STATE_DONE] = NULL,
};

/* When it spoke last is not remembered of each beat: it has its whole time again. */
static void hear_watchdog(struct process *process, struct instant now)
{
	if (runs(process) && process->watchdog_us > 0 && process->instance->exec_done)
		timer_arm(process->watchdog, instant_add_us(now, process->watchdog_us));
}

/* In these, what goes on is what was recorded. */
static bool is_settled(const struct process *process)
{
	const struct instance *instance = process->instance;

	if (instance->pid)
		return instance->state == STATE_UP && runs(process) &&
		       !was_preparing(process);
	return instance->state == STATE_DOWN || instance->state == STATE_WAITING ||
	       instance->state == STATE_DONE || instance->state == STATE_FAILED;
}

static bool all_settled(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++)
		if (!is_settled(service->instances[i].process))
			return false;
	return true;
}

static void resume(struct process *process, struct instant now)
{
	struct instance *instance = process->instance;

	if (instance->pid && !runs(process)) {
		process_end_unwatched(process, now);
		return;
	}
	hear_watchdog(process, now);
	if (instance->state < (int)ARRAY_LEN(resumes) && resumes[instance->state])
		resumes[instance->state](process, now);
}

int service_adopt(struct service *service, struct json_t *record, struct instant now)
{
	const struct json_t *instances = json_get(record, "instances");
	int r = record ? service_recall(service, record) : 0;
	bool as_recorded = record;

	if (r < 0)
		return r;
	FAILPOINT("adopt.recalled");
	for (unsigned i = 0; i < service->instances_count; i++)
		attach(service->instances[i].process, json_item(instances, i));
	as_recorded &= look_at_leaves(service, now);
	FAILPOINT("adopt.attached");
	service_allot(service, now);
	as_recorded &= all_settled(service);
	for (unsigned i = 0; i < service->instances_count; i++)
		resume(service->instances[i].process, now);
	task_schedule(service->settle);
	if (as_recorded && service->host->refreshed)
		service->host->refreshed(service->host->owner, service);
	else
		service->host->changed(service->host->owner, service, now);
	FAILPOINT("adopt.adopted");
	return 0;
}
