/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * act.c - one step of a plan after the other meets its member.
 *
 * A change is declared to its service here; starting and stopping are the service's own.
 * What was taken is accepted: kept for a boot that finds the file refused.
 */
#include "supervisor/act.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "supervisor/accepted.h"
#include "supervisor/estate.h"
#include "supervisor/keeping.h"
#include "supervisor/order.h"
#include "supervisor/retired.h"
#include "supervisor/supervisor.h"

static void accept_step(struct member *member, const struct step *step)
{
	struct service *service = member->service;

	keeping_accept(
		member->supervisor->keeping, &(struct acceptance){ .name = member->name,
						     .hash = service->hash,
						     .asked = service->declaration->asked,
						     .pins = step->entry->pins,
						     .body = service->effective });
}

/* ---- what is shown ------------------------------------------------------------- */

static bool strings_same(const struct strings *a, const struct strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static void add_strings(struct strings *to, const struct strings *from)
{
	for (size_t i = 0; i < from->count; i++)
		(void)strings_add(to, from->items[i]);
}

static void show_refused(struct supervisor *supervisor, const struct step *step)
{
	struct member *member = members_find(&supervisor->members, step->name);
	_cleanup_(strings_done) struct strings lines = { 0 };

	if (!member)
		member = members_add(&supervisor->members, supervisor, step->name);
	add_strings(&lines, &step->entry->problems.lines);
	add_strings(&lines, &step->refused);
	if (!member)
		return;
	member->stale = member->service != NULL;
	if (strings_same(&member->refused, &lines))
		return; /* said before */
	strings_done(&member->refused);
	member->refused = lines;
	lines = (struct strings){ 0 };
	changes_done(&member->pending); /* there is nothing that could be applied */
	member->pending_since = (struct wall){ 0 };
	member->orphan = false;
	for (size_t i = 0; i < member->refused.count; i++)
		supervisor_say(supervisor,
			(struct about){ step->name, "refused", LOG_ERR }, "%s",
			member->refused.items[i]);
	member_changed(member);
}

static bool changes_same(const struct changes *a, const struct changes *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!text_equal(a->items[i].key, b->items[i].key) ||
			!text_equal(a->items[i].after, b->items[i].after))
			return false;
	return true;
}

static bool shows_already(const struct member *member, const struct step *step)
{
	static const struct changes none = { 0 };

	return member->refused.count == 0 && !member->stale &&
	       member->orphan == (step->kind == STEP_ORPHAN) &&
	       changes_same(&member->pending, step->waits ? &step->changes : &none);
}

static void say_pending(const struct member *member)
{
	if (member->orphan) {
		supervisor_say(member->supervisor,
			(struct about){ member->name, "orphan", LOG_WARNING },
			"no file declares it any more; it runs on until `svcctl apply "
			"--remove %s`",
			member->name);
	} else if (member->pending.count > 0) {
		supervisor_say(member->supervisor,
			(struct about){ member->name, "pending", LOG_NOTICE },
			"%s%s%s%s waits for `svcctl apply %s`",
			remark_text(&member->upstream),
			member->upstream.text ? " changed: " : "",
			member->pending.items[0].key,
			member->pending.count > 1 ? ", …" : "", member->name);
	}
}

/* Since when something waits: also as an earlier svcd saw it. */
static void keep_pending(struct member *member)
{
	struct keeping *keeping = member->supervisor->keeping;
	struct wall *since = &member->pending_since;

	if (!member->orphan && member->pending.count == 0)
		*since = (struct wall){ 0 };
	else if (since->us == 0)
		*since = accepted_pending(json_get(keeping_heads(keeping), member->name));
	if (since->us == 0 && (member->orphan || member->pending.count > 0))
		*since = loop_wall(member->supervisor->loop);
	keeping_pend(keeping, member->name, *since, member->service->effective);
}

/* What a member shows of its file, whatever is done about it. */
static void show_file(struct member *member, struct step *step)
{
	if (shows_already(member, step))
		return;
	changes_done(&member->pending);
	remark_clear(&member->upstream);
	if (step->waits) {
		member->pending = step->changes;
		step->changes = (struct changes){ 0 };
		remark_set(&member->upstream, "%s", step->upstream);
	}
	member->orphan = step->kind == STEP_ORPHAN;
	member->stale = false;
	strings_done(&member->refused);
	keep_pending(member);
	say_pending(member);
	member_changed(member);
}

void act_show_repaired(struct supervisor *supervisor, struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct member *member =
			members_find(&supervisor->members, plan->items[i].name);

		if (plan->items[i].kind == STEP_SAME && member && member->service)
			show_file(member, &plan->items[i]);
	}
}

void act_show_stale(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (!member->service || member->stale)
			continue;
		member->stale = true;
		member_changed(member);
	}
}

/* ---- one step ------------------------------------------------------------------ */

static void restore_wish(struct member *member)
{
	struct service *service = member->service;
	struct wish wish;

	if (!wanted_get(&member->supervisor->wanted, member->name, &wish))
		return;
	service->wanted = wish.value;
	snprintf(service->wish.who, sizeof(service->wish.who), "%s", wish.who);
	remark_set(&service->wish.why, "%s", wish.why);
	service->wish.since = wish.since;
	service->wish.until = wish.until;
}

struct member *act_add_service(struct supervisor *supervisor, const char *name,
	struct declaration *declaration, const char *effective)
{
	struct member *member = members_find(&supervisor->members, name);
	int r;

	if (!member)
		member = members_add(&supervisor->members, supervisor, name);
	if (!member) {
		declaration_free(declaration);
		return NULL;
	}
	r = service_new(&member->service, &supervisor->host, declaration, effective);
	if (r < 0) {
		supervisor_say(supervisor, (struct about){ name, "added", LOG_ERR },
			"cannot begin: %s", strerror(-r));
		return NULL;
	}
	member->service->user = member;
	restore_wish(member);
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		member->told[i] = (struct telling){ 0 };
	estate_adopt(supervisor->estate, member, loop_now(supervisor->loop));
	told_declaration(member);
	member_changed(member);
	if (supervisor->stopping) /* and this one comes late */
		supervisor_stop(member->service, loop_now(supervisor->loop));
	return member;
}

static bool add(const struct act *act, struct step *step)
{
	_cleanup_free_ char *text = json_print(step->entry->effective, JSON_ONE_LINE);
	struct member *member = text ? act_add_service(act->supervisor, step->name,
					       TAKE(step->entry->declaration), text)
				     : NULL;

	if (!member)
		return false;
	show_file(member, step); /* it may have been refused before */
	accept_step(member, step);
	return true;
}

/* A process that was never started needs no restart. */
static bool has_begun(const struct member *member)
{
	return member->service->job.id != 0 && member->service->held != JOB_START;
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

static void change(const struct act *act, const struct step *step, struct member *member)
{
	const struct decision decision = { CAUSE_APPLY, act->who, "declaration changed" };
	int r;

	assert(member && member->service); /* a change is of what runs here */
	r = service_declare(member->service, TAKE(step->entry->declaration),
		step->entry->effective, act->now);
	if (r < 0) {
		supervisor_say(act->supervisor,
			(struct about){ step->name, "changed", LOG_ERR },
			"change not taken: %s", strerror(-r));
		return;
	}
	told_declaration(member);
	if (member->service->wanted == WANTED_UP && has_begun(member))
		follow_change(member->service, step->worst, &decision, act->now);
	supervisor_say(act->supervisor,
		(struct about){ step->name, "changed", LOG_NOTICE }, "%s%s (%zu in all)",
		step->changes.items[0].key, step->changes.count > 1 ? ", …" : "",
		step->changes.count);
	accept_step(member, step);
	member_changed(member);
}

/* Not accepted any more from now on: a boot before it has stopped must not begin it. */
static void go(const struct act *act, struct member *member)
{
	const struct decision decision = { CAUSE_APPLY, act->who,
		"no longer wanted here" };

	assert(member && member->service);
	if (member->leaving && member->service->wanted == WANTED_DOWN)
		return; /* whoever sent it waits for that stop */
	keeping_forget(act->supervisor->keeping, member->name);
	member->leaving = true;
	order_stop_drained(member, &decision, act->now);
}

/* It was told to go and is declared again. */
static void stay(const struct act *act, struct member *member)
{
	member->leaving = false;
	member->drain_until = NEVER;
	service_start(member->service, act->who, "declared again", act->now);
}

/* That no file declares it does not call back who was told to go. */
static bool is_called_back(const struct member *member, const struct step *step)
{
	return member && member->leaving && step->kind != STEP_REMOVE &&
	       step->kind != STEP_ORPHAN;
}

/* Whether a job of it may be waited for. */
static bool take_step(const struct act *act, struct step *step)
{
	struct member *member = members_find(&act->supervisor->members, step->name);

	if (step->kind == STEP_REFUSED) {
		show_refused(act->supervisor, step);
		return false;
	}
	if (member && member->service)
		show_file(member, step);
	if (step->waits)
		return false;
	if (is_called_back(member, step))
		stay(act, member);
	switch (step->kind) {
	case STEP_ADD: return add(act, step);
	case STEP_CHANGE: change(act, step, member); return true;
	case STEP_REMOVE: go(act, member); return true;
	case STEP_SAME: /* made of other files, it may still say the same */
		if (member && member->service && step->entry && step->entry->declaration)
			accept_step(member, step);
		return false;
	case STEP_ORPHAN:
	case STEP_REFUSED: break;
	}
	return false;
}

/* ---- all of them --------------------------------------------------------------- */

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

/* A plan was made, so host and site are good; the steps say the rest. */
static void show_fresh(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (member->stale && member->refused.count == 0) {
			member->stale = false;
			member_changed(member);
		}
	}
}

void act_refresh_operators(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];
		int64_t gid;

		if (!member->service)
			continue;
		gid = found_group(
			&supervisor->found, member->service->declaration->access.group);
		member->service->readers_gid = gid;
		if (member->operators_gid == gid)
			continue;
		member->operators_gid = gid;
		told_readers(member);
	}
}

static bool is_to_begin(const struct member *member)
{
	return member->service && member->service->job.id == 0 &&
	       member->service->wanted == WANTED_UP && !member->leaving;
}

void act_begin_early(struct member *member, struct instant now)
{
	if (is_to_begin(member) &&
		member->service->declaration->depends.services.count == 0)
		service_start(member->service, "svcd", "declared", now);
}

void act_begin(struct supervisor *supervisor, struct instant now)
{
	if (!supervisor->applied_once)
		estate_adopted(supervisor->estate);
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (is_to_begin(member))
			service_start_later(member->service, "svcd", "declared", now);
	}
	if (supervisor->looked_up)
		act_refresh_operators(supervisor);
}

size_t act_plan(const struct act *act, struct plan *plan, struct member **acted)
{
	struct supervisor *supervisor = act->supervisor;
	size_t count = 0;

	retired_take(supervisor->retired, plan, act->now);
	show_fresh(supervisor);
	for (size_t i = 0; i < plan->count; i++)
		if (take_step(act, &plan->items[i]))
			acted[count++] =
				members_find(&supervisor->members, plan->items[i].name);
	drop_empty(supervisor, plan);
	return count;
}
