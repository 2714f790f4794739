/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * jobs.c - calls that end when what they asked for has ended: start, stop, restart,
 * reload, apply.
 *
 * The service's own job tells how it went; here is only who waits for which one. A
 * client that hangs up stops waiting, the job goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reason.h"

#include "supervisor/control.h"
#include "supervisor/keeping.h"
#include "supervisor/supervisor.h"

enum { TEXT_BYTES = REASON_BYTES + 32 };

struct target {
	char *name;
	struct service *service; /* NULL: nothing to wait for */
	uint64_t job;
	bool over, ok;
	char reason[REASON_BYTES];
	char shown[TEXT_BYTES]; /* the progress that the caller saw last */
};

struct waiting {
	struct waiting *next;
	struct varlink_call *call; /* NULL: hung up */
	struct target *targets;
	size_t count;
	struct json_t *extra;
	bool applied, kept; /* as in its plan */
};

struct jobs {
	struct supervisor *supervisor;
	struct waiting *first;
};

int jobs_new(struct jobs **ret, struct supervisor *supervisor)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->supervisor = supervisor;
	return 0;
}

static struct waiting *waiting_free(struct waiting *waiting)
{
	if (!waiting)
		return NULL;
	for (size_t i = 0; i < waiting->count; i++)
		free(waiting->targets[i].name);
	free(waiting->targets);
	json_free(waiting->extra);
	free(waiting);
	return NULL;
}

struct jobs *jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return NULL;
	while (jobs->first) {
		struct waiting *waiting = jobs->first;

		jobs->first = waiting->next;
		if (waiting->call)
			control_fail(waiting->call, "svcd ends");
		waiting_free(waiting);
	}
	free(jobs);
	return NULL;
}

static void look_at(struct target *target)
{
	const struct job *job = target->service ? &target->service->job : NULL;

	if (target->over || !job)
		return;
	if (job->id != target->job) {
		target->over = true;
		snprintf(target->reason, sizeof(target->reason),
			"another command came in between");
	} else if (job->result != JOB_RUNNING) {
		target->over = true;
		target->ok = job->result == JOB_DONE;
		snprintf(target->reason, sizeof(target->reason), "%s",
			remark_text(&job->reason));
	}
}

static void show_progress(struct waiting *waiting, struct target *target)
{
	const struct service *service = target->service;
	const struct member *member = service ? service->user : NULL;
	_cleanup_(json_freep) struct json_t *json = NULL;
	const char *why;
	char text[TEXT_BYTES];
	int r = 0;

	if (target->over || !service || !varlink_wants_more(waiting->call))
		return;
	why = member && member->waits_for.text ? member->waits_for.text
					       : service_why(service);
	snprintf(text, sizeof(text), "%s%s%s", state_words[service_state(service)],
		why[0] ? ": " : "", why);
	if (strcmp(text, target->shown) == 0 || varlink_queued(waiting->call) > 0)
		return;
	memcpy(target->shown, text, sizeof(text));
	json = json_new_object();
	r |= json_set_text(json, "service", target->name);
	r |= json_set_text(json, "text", text);
	if (r == 0)
		varlink_reply(waiting->call, TAKE(json), true);
}

static struct json_t *print_results(const struct waiting *waiting)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < waiting->count; i++) {
		struct json_t *row = json_new_object();

		r |= json_set_text(row, "service", waiting->targets[i].name);
		r |= json_set_bool(row, "ok", waiting->targets[i].ok);
		r |= json_set_text(row, "reason", waiting->targets[i].reason);
		r |= json_append(list, row);
	}
	return r ? NULL : TAKE(list);
}

/* What is done and does not outlive a reboot is not done. */
static void judge_disk(const struct jobs *jobs, struct waiting *waiting)
{
	const struct supervisor *supervisor = jobs->supervisor;
	const char *failure = "";

	if (waiting->applied)
		failure = keeping_failure(supervisor->keeping);
	else if (waiting->kept)
		failure = supervisor->wanted_failure;
	for (size_t i = 0; *failure && i < waiting->count; i++) {
		struct target *target = &waiting->targets[i];

		if (!target->ok)
			continue;
		target->ok = false;
		reason_set(target->reason, sizeof(target->reason),
			"done, but it is not on disk and a reboot may forget it (tried "
			"again every minute): %s",
			failure);
	}
}

static void answer(struct waiting *waiting)
{
	struct json_t *reply = waiting->extra ? TAKE(waiting->extra) : json_new_object();

	(void)json_set(reply, "results", print_results(waiting));
	varlink_reply(waiting->call, reply, false);
}

/* Whether nobody waits any more: the last answer was given, or the caller hung up. */
static bool advance(const struct jobs *jobs, struct waiting *waiting)
{
	bool all_over = true;

	for (size_t i = 0; waiting->call && i < waiting->count; i++) {
		look_at(&waiting->targets[i]);
		show_progress(waiting, &waiting->targets[i]);
		all_over = all_over && waiting->targets[i].over;
	}
	if (!waiting->call)
		return true;
	/* done means also that it still holds after a reboot */
	all_over = all_over && supervisor_wishes_are_settled(jobs->supervisor) &&
		   keeping_is_done(jobs->supervisor->keeping);
	if (!all_over)
		return false;
	judge_disk(jobs, waiting);
	answer(waiting);
	return true;
}

static void drop(struct jobs *jobs, const struct waiting *which)
{
	for (struct waiting **at = &jobs->first; *at; at = &(*at)->next) {
		struct waiting *waiting = *at;

		if (waiting != which)
			continue;
		*at = waiting->next;
		waiting_free(waiting);
		return;
	}
}

/* What waited is forgotten at the next settling. */
static void on_gone(void *data, struct varlink_call *call)
{
	struct jobs *jobs = data;

	for (struct waiting *at = jobs->first; at; at = at->next)
		if (at->call == call)
			at->call = NULL;
	control_fail(call, "the caller hung up");
	task_schedule(jobs->supervisor->settle);
}

static void add_target(
	struct waiting *waiting, struct member *member, const struct jobs_plan *plan)
{
	struct service *service = member->service;
	bool refused = !service || (member->leaving && !plan->applied);
	struct target *target = &waiting->targets[waiting->count++];

	*target = (struct target){ .name = strdup(member->name) };
	if (!refused && plan->wait) {
		target->service = service;
		target->job = service->job.id;
		return;
	}
	target->over = true;
	target->ok = !refused;
	if (!service) {
		snprintf(target->reason, sizeof(target->reason), "refused: %.240s",
			member->refused.count > 0 ? member->refused.items[0]
						  : "its file");
	} else if (refused) {
		snprintf(target->reason, sizeof(target->reason),
			"is being removed: put its declaration back and run "
			"`svcctl apply`");
	}
}

void jobs_wait(struct jobs *jobs, struct varlink_call *call, const struct jobs_plan *plan)
{
	const struct selection *selection = plan->selection;
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (waiting)
		waiting->targets =
			calloc(selection->count + 1, sizeof(*waiting->targets));
	if (!waiting || !waiting->targets) {
		json_free(plan->extra);
		free(waiting);
		control_fail(call, "out of memory");
		return;
	}
	waiting->call = call;
	waiting->extra = plan->extra;
	waiting->applied = plan->applied;
	waiting->kept = plan->kept;
	for (size_t i = 0; i < selection->count; i++)
		add_target(waiting, selection->items[i], plan);
	if (advance(jobs, waiting)) {
		waiting_free(waiting);
		return;
	}
	waiting->next = jobs->first;
	jobs->first = waiting;
	varlink_on_gone(call, on_gone, jobs);
}

void jobs_settled(struct jobs *jobs)
{
	struct waiting *waiting = jobs->first;

	while (waiting) {
		struct waiting *next = waiting->next;

		if (advance(jobs, waiting))
			drop(jobs, waiting);
		waiting = next;
	}
}

bool jobs_wait_for(const struct jobs *jobs, const struct service *service)
{
	for (const struct waiting *at = jobs->first; at; at = at->next)
		for (size_t i = 0; i < at->count; i++)
			if (at->targets[i].service == service)
				return true;
	return false;
}
