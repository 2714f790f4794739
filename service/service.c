/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service.c - a declared service: its instances, and what someone asked of them as a
 * whole.
 *
 * Not here: jobs (job.c), the facts that engines tell (service_facts.c), one instance
 * (instance.c).
 */
#include "service/service.h"

#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <syslog.h>

#include "base/reason.h"

#include "service/limits.h"
#include "service/process.h"
#include "spawn/spawn.h"

static void changed(struct service *service, struct instant now)
{
	service->host->changed(service->host->owner, service, now);
}

/* As text it takes a tenth of the memory. Hashed once: status shows it after each change
 * of anything. */
static void keep_effective(struct service *service, char *effective)
{
	free(service->effective);
	service->effective = effective;
	snprintf(service->hash, sizeof(service->hash), "%016llx",
		text_hash(effective, strlen(effective)));
}

int service_new(struct service **ret, struct service_host *host,
	struct declaration *declaration, const char *effective)
{
	_cleanup_free_ char *text = strdup(effective);
	struct service *service = text ? calloc(1, sizeof(*service)) : NULL;
	int r = -ENOMEM;

	if (!service) {
		declaration_free(declaration);
		return -ENOMEM;
	}
	keep_effective(service, TAKE(text));
	service->host = host;
	service->name = strdup(declaration->service);
	service->declaration = declaration;
	service->readers_gid = GROUP_UNKNOWN;
	service->wish.since = loop_wall(host->loop);
	if (service->name)
		r = task_new(&service->settle, host->loop, service_settle, service);
	if (r == 0)
		r = timer_new(
			&service->roll_limit, host->loop, service_roll_due, service);
	if (r == 0)
		r = service_make_slots(service, declaration);
	if (r < 0) {
		service_free(service);
		return r;
	}
	service_allot(service, loop_now(host->loop));
	*ret = service;
	return 0;
}

struct service *service_free(struct service *service)
{
	if (!service)
		return NULL;
	for (unsigned i = 0; i < service->instances_count; i++)
		process_free(service->instances[i].process);
	task_free(service->settle);
	timer_free(service->roll_limit);
	for (size_t i = 0; i < service->checks_count; i++)
		free(service->checks[i].name);
	free(service->checks);
	exits_done(service);
	free(service->instances);
	remark_clear(&service->wish.why);
	remark_clear(&service->told.why);
	remark_clear(&service->job.reason);
	remark_clear(&service->firewall_reason);
	identity_done(&service->identity);
	declaration_free(service->declaration);
	json_free(service->rest);
	free(service->effective);
	free(service->name);
	free(service);
	return NULL;
}

/* ---- what is asked ----------------------------------------------------------------- */

static void wish(
	struct service *service, enum wanted wanted, const char *who, const char *why)
{
	service->wanted = wanted;
	service->wish.since = loop_wall(service->host->loop);
	service->wish.until = (struct wall){ 0 };
	reason_set(service->wish.who, sizeof(service->wish.who), "%s", who ? who : "");
	remark_set(&service->wish.why, "%s", why ? why : "");
}

void service_decide(struct service *service, const struct decision *decision)
{
	const char *who = decision->who, *why = decision->why;

	service->told.cause = decision->cause;
	reason_set(service->told.who, sizeof(service->told.who), "%s", who ? who : "");
	remark_set(&service->told.why, "%s", why ? why : "");
}

void service_describe_told(const struct service *service, const char *what, char *ret)
{
	const char *who = service->told.who, *why = remark_text(&service->told.why);

	reason_set(ret, REASON_BYTES, "%s%s%s%s%s", what, *who ? " by " : "", who,
		*why ? ": " : "", why);
}

static void all_on(
	struct service *service, enum event event, const char *why, struct instant now)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		if (!service->instances[i].spare || event == EVENT_STOP)
			instance_on(&service->instances[i], event, why, now);
	}
}

/* Who asks may know that something is different now: all is prepared anew. */
static void wish_up(struct service *service, const char *who, const char *why)
{
	wish(service, WANTED_UP, who, why);
	service->prepared = false;
}

void service_start_later(
	struct service *service, const char *who, const char *why, struct instant now)
{
	wish_up(service, who, why);
	service_job_begin(service, JOB_START, now);
	service->held = JOB_START;
}

void service_start(
	struct service *service, const char *who, const char *why, struct instant now)
{
	service_start_later(service, who, why, now);
	service_let_go(service, now);
}

void service_stop_later(
	struct service *service, const struct decision *decision, struct instant now)
{
	wish(service, WANTED_DOWN, decision->who, decision->why);
	service_decide(service, decision);
	service_job_begin(service, JOB_STOP, now);
	service->held = JOB_STOP;
}

void service_stop_for(
	struct service *service, const struct decision *decision, struct instant now)
{
	service_stop_later(service, decision, now);
	service_let_go(service, now);
}

void service_let_go(struct service *service, struct instant now)
{
	enum job_kind held = service->held;
	char text[REASON_BYTES];

	service->held = JOB_NONE;
	if (held == JOB_START)
		all_on(service, EVENT_START, NULL, now);
	if (held != JOB_STOP)
		return;
	service_describe_told(service, "stopped", text);
	all_on(service, EVENT_STOP, text, now);
}

void service_stop(
	struct service *service, const char *who, const char *why, struct instant now)
{
	const struct decision decision = { CAUSE_OPERATOR, who, why };

	service_stop_for(service, &decision, now);
}

void service_restart_for(
	struct service *service, const struct decision *decision, struct instant now)
{
	service_decide(service, decision);
	service_job_begin(service, JOB_RESTART, now);
	service_roll(service, now);
}

void service_restart(
	struct service *service, const char *who, const char *why, struct instant now)
{
	const struct decision decision = { CAUSE_OPERATOR, who, why };

	wish_up(service, who, why);
	service_restart_for(service, &decision, now);
}

/* What starts may have read its files already, as they were: it is reloaded when it is
 * up. */
static bool owe_reload(struct service *service)
{
	bool owed = false;

	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];

		if (instance->state != STATE_STARTING ||
			instance->process->declared == service->declared)
			continue;
		instance->process->owes_reload = owed = true;
	}
	return owed;
}

void service_reload(
	struct service *service, const char *who, const char *why, struct instant now)
{
	struct service_event event = {
		.service = service, .word = "reload", .level = LOG_INFO
	};
	bool is_up = service_state(service) == STATE_UP, owed = owe_reload(service);
	char text[REASON_BYTES];

	reason_set(text, sizeof(text), "reload asked%s%s%s%s", who ? " by " : "",
		who ? who : "", why && *why ? ": " : "", why ? why : "");
	event.text = text;
	service->host->event(service->host->owner, &event);
	if (owed && !is_up && service_job_runs(service))
		return; /* who waits for the start goes on to wait */
	service_job_begin(service, JOB_RELOAD, now);
	if (!is_up && !owed)
		service_job_failed(service, "it is not up: start it", now);
	all_on(service, EVENT_RELOAD, NULL, now);
}

int service_kill(struct service *service, int signal, const char *who)
{
	int r = -ESRCH;

	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];
		struct process *process = instance->process;

		if (!instance->pid)
			continue;
		process->sent_signal = signal;
		reason_set(
			process->sent_by, sizeof(process->sent_by), "%s", who ? who : "");
		if (pidfd_send_signal(instance->pidfd, signal, NULL, 0) < 0)
			return -errno;
		r = 0;
	}
	return r;
}

static void forget_identity(
	struct service *service, const struct run *before, const struct run *after)
{
	if (!text_equal(before->user, after->user) ||
		!text_equal(before->group, after->group))
		identity_done(&service->identity);
}

/* A roll that goes on must find the slots where it left them. */
static bool slots_differ(const struct declaration *a, const struct declaration *b)
{
	return a->run.instances != b->run.instances ||
	       config_starts_first(a) != config_starts_first(b);
}

/* Who declared it waits until those that come are there and those that leave are gone. */
static void begin_allotting(struct service *service, struct instant now)
{
	static const struct decision fewer = { CAUSE_APPLY, NULL,
		"run.instances is less now" };
	bool begun = service->held == JOB_NONE;

	if (service_job_runs(service) && service->job.kind == JOB_STOP)
		return; /* as many as there are: it goes on */
	if (begun)
		service_job_failed(service, "superseded by another declaration", now);
	service_decide(service, &fewer);
	if (begun && service->wanted == WANTED_UP && service->job.id > 0)
		service_job_begin(service, JOB_START, now);
}

int service_declare(struct service *service, struct declaration *declaration,
	const struct json_t *effective, struct instant now)
{
	const struct limits limits = service->declaration->limits;
	bool differ = slots_differ(service->declaration, declaration);
	_cleanup_free_ char *text = json_print(effective, JSON_ONE_LINE);
	int r = text ? service_make_slots(service, declaration) : -ENOMEM;

	if (r < 0) {
		declaration_free(declaration);
		return r;
	}
	forget_identity(service, &service->declaration->run, &declaration->run);
	declaration_free(service->declaration);
	service->declaration = declaration;
	keep_effective(service, TAKE(text));
	service->declared++;
	service->prepared = false;
	if (differ)
		begin_allotting(service, now);
	service_limit(service, &limits);
	service_allot(service, now);
	for (unsigned i = 0; i < service->instances_count; i++)
		process_declare_upkeep(service->instances[i].process, now);
	task_schedule(service->settle);
	changed(service, now);
	return 0;
}

/* ---- questions -------------------------------------------------------------------- */

/* Best first: the state of a service is that of its best instance. */
static const enum state ranks[] = { STATE_UP, STATE_DONE, STATE_STARTING, STATE_STOPPING,
	STATE_WAITING, STATE_FAILED, STATE_DOWN };

enum state service_state(const struct service *service)
{
	for (size_t rank = 0; rank < ARRAY_LEN(ranks); rank++) {
		for (unsigned i = 0; i < service->instances_count; i++) {
			if (service->instances[i].state == ranks[rank])
				return ranks[rank];
		}
	}
	return STATE_DOWN;
}

bool instance_is_ready(const struct instance *instance)
{
	return instance->state == STATE_UP && !instance->draining &&
	       instance->verdict != VERDICT_FAIL;
}

unsigned service_ready_instances(const struct service *service)
{
	unsigned ready = 0;

	for (unsigned i = 0; i < service->instances_count; i++)
		ready += instance_is_ready(&service->instances[i]);
	return ready;
}

bool service_is_stopped(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++) {
		if (!process_is_idle(service->instances[i].process) ||
			service->instances[i].state == STATE_WAITING)
			return false;
	}
	return true;
}

/* Worst first: what needs a person. */
const char *service_why(const struct service *service)
{
	for (size_t rank = ARRAY_LEN(ranks) - 1; rank-- > 0;) {
		for (unsigned i = 0; i < service->instances_count; i++) {
			const struct instance *instance = &service->instances[i];

			if (instance->state == ranks[rank] && instance->why[0] &&
				!instance->spare)
				return instance->why;
		}
	}
	for (unsigned i = 0; i < service->instances_count; i++) {
		if (service->instances[i].why[0] && !service->instances[i].spare)
			return service->instances[i].why;
	}
	return "";
}

void instance_usage(const struct instance *instance, struct usage *ret)
{
	*ret = (struct usage){ UNSET, UNSET, UNSET, UNSET, UNSET };
	if (instance->process->cgroup)
		cgroup_usage(instance->process->cgroup, ret);
}

void instance_pressure(const struct instance *instance, struct pressure *ret)
{
	pressure_unknown(ret);
	if (instance->process->cgroup)
		cgroup_pressure(instance->process->cgroup, ret);
}
