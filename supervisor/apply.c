/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * apply.c - the way of declarations from disk to what runs.
 *
 * Reading and looking up are deeds; what they found is compared by plan.c; only then is
 * anything touched. A change is declared to its service here; starting and stopping are
 * the service's own.
 *
 * Owns the queue of wishes and, between reading and acting, the new config.
 */
#include "supervisor/apply.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "supervisor/lookup.h"
#include "supervisor/reader.h"
#include "supervisor/supervisor.h"

enum { QUEUE_MAX = 64 };

struct queued {
	struct queued *next;
	struct apply_wish wish;
};

struct apply {
	struct supervisor *supervisor;
	struct queued *first; /* the one at work, then those that wait */
	struct task *next;    /* begins with the first */
	struct reader *reader;
	struct lookup *lookup;
	struct config *config; /* read, not yet in use */
};

static void wish_done(struct apply_wish *wish)
{
	strings_done(&wish->names);
	strings_done(&wish->remove);
}

/* ---- the end of one wish ------------------------------------------------------- */

static void finish(
	struct apply *apply, const struct apply_outcome *outcome, struct instant now)
{
	struct queued *done = apply->first;

	if (outcome->reason)
		supervisor_say(apply->supervisor,
			(struct about){ NULL, "apply", LOG_ERR }, "apply: %s",
			outcome->reason);
	if (done->wish.done)
		done->wish.done(done->wish.owner, outcome, now);
	else
		json_free(outcome->changes);
	apply->first = done->next;
	wish_done(&done->wish);
	free(done);
	apply->config = config_free(apply->config);
	if (apply->first)
		task_schedule(apply->next);
}

static void refuse(struct apply *apply, const char *reason, struct instant now)
{
	struct apply_outcome outcome = { .reason = reason,
		.problems = apply->config ? &apply->config->problems.lines : NULL };

	finish(apply, &outcome, now);
}

/* ---- acting -------------------------------------------------------------------- */

static bool strings_same(const struct strings *a, const struct strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static int share_strings(struct strings *to, const struct strings *from)
{
	int r = 0;

	strings_done(to);
	for (size_t i = 0; r == 0 && i < from->count; i++)
		r = strings_add(to, from->items[i]);
	return r;
}

static void act_refused(
	struct apply *apply, const struct step *step, struct member *member)
{
	struct supervisor *supervisor = apply->supervisor;

	if (!member)
		member = members_add(&supervisor->members, supervisor, step->name);
	if (!member || strings_same(&member->refused, &step->entry->problems.lines))
		return; /* said before */
	(void)share_strings(&member->refused, &step->entry->problems.lines);
	for (size_t i = 0; i < member->refused.count; i++)
		supervisor_say(supervisor,
			(struct about){ step->name, "refused", LOG_ERR }, "%s",
			member->refused.items[i]);
	member_changed(member);
}

static void restore_wish(struct member *member)
{
	struct service *service = member->service;
	struct wish wish;

	if (!wanted_get(&member->supervisor->wanted, member->name, &wish))
		return;
	service->wanted = wish.value;
	snprintf(service->wish.who, sizeof(service->wish.who), "%s", wish.who);
	snprintf(service->wish.why, sizeof(service->wish.why), "%s", wish.why);
	service->wish.since = wish.since;
	service->wish.until = wish.until;
}

static struct member *act_add(
	struct apply *apply, const struct step *step, struct member *member)
{
	struct supervisor *supervisor = apply->supervisor;
	int r = -ENOMEM;

	if (!member)
		member = members_add(&supervisor->members, supervisor, step->name);
	if (member)
		r = service_new(&member->service, &supervisor->host,
			TAKE(step->entry->declaration), step->entry->effective);
	if (r < 0) {
		supervisor_say(supervisor, (struct about){ step->name, "added", LOG_ERR },
			"cannot begin: %s", strerror(-r));
		return NULL;
	}
	member->service->user = member;
	restore_wish(member);
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		member->told[i] = (struct telling){ 0 };
	told_declaration(member);
	member_changed(member);
	return member;
}

static void follow_change(struct service *service, enum effect worst,
	const struct decision *decision, struct instant now)
{
	switch (worst) {
	case CHANGE_IN_PLACE: return;
	case CHANGE_RELOAD:
		service_reload(service, decision->who, decision->why, now);
		return;
	case CHANGE_RESTART: service_restart_for(service, decision, now); return;
	}
}

static void act_change(struct apply *apply, const struct step *step,
	struct member *member, struct instant now)
{
	const struct decision decision = { CAUSE_APPLY, apply->first->wish.who,
		"declaration changed" };
	int r;

	assert(member && member->service); /* a change is of what runs here */
	r = service_declare(member->service, TAKE(step->entry->declaration),
		step->entry->effective, now);
	if (r < 0) {
		supervisor_say(apply->supervisor,
			(struct about){ step->name, "changed", LOG_ERR },
			"change not taken: %s", strerror(-r));
		return;
	}
	told_declaration(member);
	if (member->service->wanted == WANTED_UP && member->start_by.us == NEVER.us)
		follow_change(member->service, step->worst, &decision, now);
	supervisor_say(apply->supervisor,
		(struct about){ step->name, "changed", LOG_NOTICE }, "%s%s (%zu in all)",
		step->changes.items[0].key, step->changes.count > 1 ? ", …" : "",
		step->changes.count);
	member_changed(member);
}

static void act_remove(struct apply *apply, struct member *member, struct instant now)
{
	const struct decision decision = { CAUSE_APPLY, apply->first->wish.who,
		"no longer wanted here" };

	assert(member && member->service);
	member->leaving = true;
	member->start_by = NEVER;
	service_stop_for(member->service, &decision, now);
	member_changed(member);
}

/* What a member shows of its file, whatever is done about it. */
static void show_file(struct member *member, struct step *step, bool waits)
{
	changes_done(&member->pending);
	if (waits) {
		member->pending = step->changes;
		step->changes = (struct changes){ 0 };
	}
	member->orphan = step->kind == STEP_ORPHAN;
	strings_done(&member->refused);
	member_changed(member);
}

/* A file that was refused or different and is again what runs needs no apply to be said
 * so. */
static void show_repaired(struct supervisor *supervisor, struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct member *member =
			members_find(&supervisor->members, plan->items[i].name);

		if (plan->items[i].kind == STEP_SAME && member && member->service &&
			(member->refused.count > 0 || member->pending.count > 0 ||
				member->orphan))
			show_file(member, &plan->items[i], false);
	}
}

/* It was told to go and is declared again. */
static void stay(struct apply *apply, struct member *member, struct instant now)
{
	member->leaving = false;
	service_start(member->service, apply->first->wish.who, "declared again", now);
}

/* Whether a job of it may be waited for. */
static bool act(struct apply *apply, struct step *step, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	struct member *member = members_find(&supervisor->members, step->name);
	bool waits = apply->first->wish.mode == APPLY_SAFE && step_waits(step);

	if (step->kind == STEP_REFUSED) {
		act_refused(apply, step, member);
		return false;
	}
	if (member)
		show_file(member, step, waits);
	if (waits)
		return false;
	if (member && member->leaving && step->kind != STEP_REMOVE)
		stay(apply, member, now);
	switch (step->kind) {
	case STEP_ADD: return act_add(apply, step, member) != NULL;
	case STEP_CHANGE: act_change(apply, step, member, now); return true;
	case STEP_REMOVE: act_remove(apply, member, now); return true;
	case STEP_SAME:
	case STEP_ORPHAN:
	case STEP_REFUSED: break;
	}
	return false;
}

/* A name whose file was refused before it ever ran is gone when the file is. */
static void drop_empty(struct supervisor *supervisor, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct member *member =
			members_find(&supervisor->members, plan->items[i].name);

		if (member && !member->service && plan->items[i].kind == STEP_SAME)
			members_remove(&supervisor->members, member);
	}
}

static void begin_added(
	struct supervisor *supervisor, const struct plan *plan, struct instant now)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct member *member =
			members_find(&supervisor->members, plan->items[i].name);

		if (plan->items[i].kind == STEP_ADD && member && member->service &&
			member->service->wanted == WANTED_UP)
			member_begin(member, now);
	}
}

static void refresh_operators(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (member->service)
			member->operators_gid = found_group(&supervisor->found,
				member->service->declaration->access.group);
	}
}

/* Each start forks this process, and a fork costs by its size: what reading took goes
 * back to the kernel before. */
static void slim_down(struct supervisor *supervisor)
{
	config_forget_entries(supervisor->config);
	(void)malloc_trim(0);
}

static void act_all(struct apply *apply, struct plan *plan, struct json_t *changes,
	struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	_cleanup_free_ struct member **acted =
		calloc(plan->count + 1, sizeof(struct member *));
	struct apply_outcome outcome = { .acted = acted, .changes = changes };

	if (!acted) {
		json_free(changes);
		refuse(apply, "out of memory", now);
		return;
	}
	for (size_t i = 0; i < plan->count; i++)
		if (act(apply, &plan->items[i], now))
			acted[outcome.acted_count++] =
				members_find(&supervisor->members, plan->items[i].name);
	drop_empty(supervisor, plan);
	slim_down(supervisor);
	begin_added(supervisor, plan, now); /* when all are there to wait for */
	refresh_operators(supervisor);
	supervisor->applied_once = true;
	task_schedule(supervisor->settle);
	finish(apply, &outcome, now);
}

/* ---- reading, looking up, comparing -------------------------------------------- */

static void on_looked_up(
	void *owner, struct found *found, const char *reason, struct instant now)
{
	struct apply *apply = owner;
	struct supervisor *supervisor = apply->supervisor;
	const struct apply_wish *wish = &apply->first->wish;
	struct plan_wish scope = { &wish->names, &wish->remove };
	_cleanup_(plan_done) struct plan plan = { 0 };
	struct error err = { 0 };
	struct apply_outcome compared = { 0 };

	apply->lookup = lookup_free(apply->lookup);
	if (!found) {
		refuse(apply, reason, now);
		return;
	}
	if (plan_make(&plan, &supervisor->members, apply->config, &scope, &err) < 0) {
		refuse(apply, err.text, now);
		return;
	}
	compared.changes = plan_print(&plan);
	if (wish->mode == APPLY_COMPARE) {
		show_repaired(supervisor, &plan);
		compared.problems = &apply->config->problems.lines;
		finish(apply, &compared, now);
		return;
	}
	supervisor_adopt_host(supervisor, apply->config, found, now);
	apply->config = NULL;
	act_all(apply, &plan, compared.changes, now);
}

static int wanted_groups(struct strings *ret, const struct config *config)
{
	const char *operators = config->host.control.operators;
	int r = strings_add(ret, operators ? operators : "svcd-operators");

	if (r == 0 && config->host.control.readers)
		r = strings_add(ret, config->host.control.readers);
	for (size_t i = 0; r == 0 && i < config->entries_count; i++) {
		const struct declaration *declaration = config->entries[i].declaration;

		if (declaration && declaration->access.group &&
			!strings_have(ret, declaration->access.group))
			r = strings_add(ret, declaration->access.group);
	}
	return r;
}

static void on_read(
	void *owner, struct config *config, const char *reason, struct instant now)
{
	struct apply *apply = owner;
	struct supervisor *supervisor = apply->supervisor;
	struct lookup_plan plan = { .loop = supervisor->loop,
		.cgroups = supervisor->cgroups,
		.done = on_looked_up,
		.owner = apply };

	apply->reader = reader_free(apply->reader);
	if (!config) {
		refuse(apply, reason, now);
		return;
	}
	apply->config = config;
	for (size_t i = 0; i < config->problems.lines.count; i++)
		supervisor_say(supervisor, (struct about){ NULL, "refused", LOG_ERR },
			"%s", config->problems.lines.items[i]);
	if (wanted_groups(&plan.groups, config) < 0 ||
		lookup_start(&apply->lookup, &plan) < 0)
		refuse(apply, "out of memory", now);
	strings_done(&plan.groups);
}

static void on_next(void *owner, struct instant now)
{
	struct apply *apply = owner;
	struct reader_plan plan = { .loop = apply->supervisor->loop,
		.cgroups = apply->supervisor->cgroups,
		.paths = &apply->supervisor->paths,
		.done = on_read,
		.owner = apply };

	if (!apply->first || apply->reader || apply->lookup)
		return;
	if (reader_start(&apply->reader, &plan) < 0)
		refuse(apply, "out of memory", now);
}

int apply_begin(struct apply *apply, struct apply_wish *wish)
{
	struct queued *queued = calloc(1, sizeof(*queued));
	struct queued **at = &apply->first;
	size_t waiting = 0;

	while (*at) {
		at = &(*at)->next;
		waiting++;
	}
	if (!queued || waiting >= QUEUE_MAX) {
		free(queued);
		wish_done(wish);
		return waiting >= QUEUE_MAX ? -EBUSY : -ENOMEM;
	}
	queued->wish = *wish;
	*wish = (struct apply_wish){ 0 };
	*at = queued;
	task_schedule(apply->next);
	return 0;
}

int apply_new(struct apply **ret, struct supervisor *supervisor)
{
	struct apply *apply = calloc(1, sizeof(*apply));

	if (!apply)
		return -ENOMEM;
	apply->supervisor = supervisor;
	if (task_new(&apply->next, supervisor->loop, on_next, apply) < 0) {
		free(apply);
		return -ENOMEM;
	}
	*ret = apply;
	return 0;
}

struct apply *apply_free(struct apply *apply)
{
	if (!apply)
		return NULL;
	reader_free(apply->reader);
	lookup_free(apply->lookup);
	config_free(apply->config);
	while (apply->first) {
		struct queued *queued = apply->first;

		apply->first = queued->next;
		wish_done(&queued->wish);
		free(queued);
	}
	task_free(apply->next);
	free(apply);
	return NULL;
}
