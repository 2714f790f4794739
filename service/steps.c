/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * steps.c - the way up: steps before a start, a restart or a reload, one after the other.
 *
 * A restart goes through its first steps while the old process still serves: when one
 * fails, the old one was never touched. Not here: the process itself (launch.c), the way
 * down (ending.c).
 */
#include <sys/pidfd.h>
#include <syslog.h>

#include "base/reason.h"

#include "service/command.h"
#include "service/prepare.h"
#include "service/process.h"
#include "service/signals.h"
#include "spawn/spawn.h"

enum {
	BEFORE_TIMEOUT_MS = 10 * 60 * MS_PER_S, /* a migration may take its time */
	RELOAD_TIMEOUT_MS = 60 * MS_PER_S,
	PORT_OWNER_TIMEOUT_MS = 5 * MS_PER_S,
	LEFTOVERS_WAIT_MS = 2 * MS_PER_S,
	LEFTOVERS_POLL_MS = 20,
	MAX_OWN_CGROUPS = 256,
};

enum step_result {
	STEP_NEXT,
	STEP_WAITS, /* a deed goes on with process_continue() */
	STEP_FAILED /* process->ending says why */
};
typedef enum step_result step_fn(struct process *process, struct instant now);

static struct service *service_of(const struct process *process)
{
	return process->instance->service;
}

static enum step_result fail(
	struct process *process, enum exit_cause cause, const char *reason)
{
	process_set_ending(process, cause, "%s", reason);
	return STEP_FAILED;
}

/* ---- steps ----------------------------------------------------------------------- */

/* The cgroup is the truth: two copies of a service are worse than none. What was killed a
 * moment ago may still be about to die. */
static enum step_result step_leftovers(struct process *process, struct instant now)
{
	const struct service *service = service_of(process);
	struct cgroups *cgroups = service->host->cgroups;
	_cleanup_(strings_done) struct strings leaves = { 0 };

	if (cgroups_unexplained(cgroups, service->name, &leaves) < 0 || leaves.count == 0)
		return STEP_NEXT;
	if (instant_since_ms(now, process->instance->since) < LEFTOVERS_WAIT_MS) {
		process->step--;
		timer_arm(process->poll, instant_add_ms(now, LEFTOVERS_POLL_MS));
		return STEP_WAITS;
	}
	process_set_ending(process, CAUSE_START,
		"cgroup %s has processes that svcd did not start; end them with: "
		"echo 1 >%s/%s/cgroup.kill",
		leaves.items[0], cgroups_base(cgroups), leaves.items[0]);
	return STEP_FAILED;
}

static void on_port_owner(
	void *owner, const struct deed_result *result, struct instant now)
{
	struct process *process = owner;
	struct text who = { 0 };

	/* a process may call itself anything */
	text_add_shown(&who, result->output, result->output_size);
	process_set_ending(process, CAUSE_START, "port %u is in use by %s",
		process->port_taken.port,
		result->ok && who.size ? who.bytes : "a process that could not be found");
	text_done(&who);
	process->deed = deed_free(process->deed);
	process_start_failed(process, now);
}

static enum step_result start_deed(struct process *process, struct deed_plan *plan)
{
	struct service_host *host = service_of(process)->host;

	plan->service = service_of(process)->name;
	plan->owner = process;
	if (deed_start(&process->deed, host->loop, host->cgroups, plan) < 0)
		return fail(process, CAUSE_START, "no memory for a side job");
	return STEP_WAITS;
}

static enum step_result step_ports(struct process *process, struct instant now)
{
	const struct service *service = service_of(process);
	struct cgroup *own[MAX_OWN_CGROUPS];
	size_t count = 0;
	struct spawn_spec spec = spawn_plain("port owner");
	struct deed_plan plan = {
		.spec = &spec, .timeout_ms = PORT_OWNER_TIMEOUT_MS, .done = on_port_owner
	};

	(void)now;
	for (unsigned i = 0; i < service->instances_count && count < MAX_OWN_CGROUPS;
		i++) {
		if (service->instances[i].process->cgroup)
			own[count++] = service->instances[i].process->cgroup;
	}
	/* A kernel that does not answer is no reason to stay down: bind() will tell. */
	if (ports_are_free(service->declaration, process->instance->number,
		    (struct cgroup_set){ own, count }, &process->port_taken) < 0 ||
		process->port_taken.port == 0)
		return STEP_NEXT;
	spec.function = port_owner_run;
	spec.data = &process->port_taken;
	return start_deed(process, &plan);
}

/* Takes what the deed found. */
static void take_prepared(struct process *process, struct prepared *prepared)
{
	struct service *service = service_of(process);

	if (prepared->identity.known) {
		identity_done(&service->identity);
		service->identity = prepared->identity;
		prepared->identity = (struct identity){ 0 };
	}
	strings_done(&process->environment);
	process->environment = prepared->environment;
	prepared->environment = (struct strings){ 0 };
	service->prepared = true;
}

static void on_prepared(void *owner, struct prepared *prepared, struct instant now)
{
	struct process *process = owner;

	process->preparing = preparing_free(process->preparing);
	if (prepared->reason[0]) {
		fail(process, CAUSE_START, prepared->reason);
		process_start_failed(process, now);
		return;
	}
	take_prepared(process, prepared);
	process_go_on(process, now);
}

static enum step_result step_prepare(struct process *process, struct instant now)
{
	const struct service *service = service_of(process);
	const struct declaration *declaration = service->declaration;
	struct preparer_wish wish = { .service = service,
		.instance = process->instance->number,
		.done = on_prepared,
		.owner = process };

	(void)now;
	/* A restart after a death is not to wait for a child that finds nothing to do. */
	if (process->prepared || (service->prepared && service->identity.known &&
					 declaration->files_count == 0 &&
					 !declaration_secrets(declaration) &&
					 !declaration->run.environment_file))
		return STEP_NEXT;
	if (preparer_ask(&process->preparing, service->host->preparer, &wish) < 0)
		return fail(process, CAUSE_START, "no memory for a side job");
	return STEP_WAITS;
}

static void on_before(void *owner, const struct deed_result *result, struct instant now)
{
	struct process *process = owner;

	if (!result->ok)
		fail(process, CAUSE_BEFORE, result->reason);
	process->deed = deed_free(process->deed);
	if (process->ending.known) {
		process_start_failed(process, now);
		return;
	}
	process->before_index++;
	process_go_on(process, now);
}

static enum step_result start_command(struct process *process,
	const struct strings *words, const char *name, struct deed_plan *plan)
{
	struct command command = { 0 };
	struct error err = { 0 };
	enum step_result result;

	if (command_init(&command, process, words, &err) < 0 ||
		command_seal(&command) < 0) {
		process_set_ending(process, CAUSE_START, "%s: %s", name, err.text);
		command_done(&command);
		return STEP_FAILED;
	}
	command.spec.name = name;
	command.spec.limits = &service_of(process)->declaration->limits;
	if (process->reloading)
		command_join(&command, process);
	plan->spec = &command.spec;
	result = start_deed(process, plan);
	command_done(&command);
	return result;
}

static enum step_result step_before(struct process *process, struct instant now)
{
	const struct argvs *before = &service_of(process)->declaration->run.before;
	struct deed_plan plan = { .timeout_ms = BEFORE_TIMEOUT_MS, .done = on_before };
	char name[REASON_BYTES];

	if (process->prepared || process->before_index >= before->count) {
		process->instance->ran_before = before->count > 0;
		return STEP_NEXT;
	}
	process->step--; /* here again for the next command */
	reason_set(name, sizeof(name), "before[%zu] %s", process->before_index,
		before->items[process->before_index].items[0]);
	if (process->instance->state == STATE_STARTING) {
		char why[REASON_BYTES];

		reason_set(why, sizeof(why), "runs %s", name);
		instance_explain(process->instance, why, now);
	}
	return start_command(process, &before->items[process->before_index], name, &plan);
}

static enum step_result step_replace(struct process *process, struct instant now)
{
	process->prepared = true;
	instance_on(process->instance, EVENT_PREPARED, "replaced by a new process", now);
	return STEP_WAITS;
}

static enum step_result step_launch(struct process *process, struct instant now)
{
	char reason[REASON_BYTES];

	if (process_launch(process, reason, now) < 0)
		return fail(process, CAUSE_START, reason);
	process->prepared = false;
	return STEP_NEXT;
}

static void on_reloaded(void *owner, const struct deed_result *result, struct instant now)
{
	struct process *process = owner;

	if (!result->ok)
		fail(process, CAUSE_OPERATOR, result->reason);
	process->deed = deed_free(process->deed);
	if (process->ending.known) {
		process_start_failed(process, now);
	} else {
		process_go_on(process, now);
	}
}

static enum step_result step_reload(struct process *process, struct instant now)
{
	const struct run *run = &service_of(process)->declaration->run;
	struct deed_plan plan = { .timeout_ms = RELOAD_TIMEOUT_MS, .done = on_reloaded };

	if (!run->reload.possible) {
		return fail(process, CAUSE_OPERATOR,
			"run.reload is none: use restart, or declare how to reload");
	}
	if (run->reload.command.count > 0)
		return start_command(process, &run->reload.command, "reload", &plan);
	if (pidfd_send_signal(process->instance->pidfd, signal_number(run->reload.signal),
		    NULL, 0) < 0)
		return fail(process, CAUSE_OPERATOR, "reload: the process is gone");
	process_prove_reload(process, now);
	return STEP_WAITS;
}

/* A command says by itself whether it worked; who sends a signal does not come here. */
static enum step_result step_reload_done(struct process *process, struct instant now)
{
	process_reloaded(process, "the reload command succeeded", now);
	return STEP_NEXT;
}

static const struct step {
	unsigned purposes;
	step_fn *run;
} steps[] = {
	{ FOR_START, step_leftovers },
	{ FOR_START, step_ports },
	{ FOR_START | FOR_RESTART | FOR_RELOAD, step_prepare },
	{ FOR_START | FOR_RESTART, step_before },
	{ FOR_RESTART, step_replace },
	{ FOR_START, step_launch },
	{ FOR_RELOAD, step_reload },
	{ FOR_RELOAD, step_reload_done },
};

void process_go_on(struct process *process, struct instant now)
{
	while (process->step < ARRAY_LEN(steps)) {
		const struct step *step = &steps[process->step++];
		enum step_result result;

		if (!(step->purposes & process->purpose))
			continue;
		result = step->run(process, now);
		if (result == STEP_FAILED)
			process_start_failed(process, now);
		if (result != STEP_NEXT)
			return;
	}
}

void process_begin(struct process *process, enum purpose purpose, struct instant now)
{
	process->purpose = purpose;
	process->step = process->before_index = 0;
	process->reloading = purpose == FOR_RELOAD;
	process->deed = deed_free(process->deed);
	process->preparing = preparing_free(process->preparing);
	process->ending = (struct ending){ 0 };
	process_go_on(process, now);
}
