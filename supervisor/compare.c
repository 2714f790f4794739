/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compare.c - what was read meets what runs: plan.c says how they differ; then it is
 * shown, refused, or done (act.c).
 *
 * Not here: how it came to be read, and who waits for it (apply.c).
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "base/log.h"

#include "supervisor/act.h"
#include "supervisor/apply_inside.h"
#include "supervisor/estate.h"
#include "supervisor/keeping.h"
#include "supervisor/operators.h"
#include "supervisor/scarce.h"
#include "supervisor/seal.h"
#include "supervisor/shown.h"
#include "supervisor/supervisor.h"

/* ---- acting -------------------------------------------------------------------- */

/* From here on the services are known, whichever they are. Each start forks this process,
 * and a fork costs by its size: what reading took goes back to the kernel before. */
static void begin(struct supervisor *supervisor, struct instant now)
{
	config_forget_entries(supervisor->config);
	(void)malloc_trim(0);
	act_begin(supervisor, now);
	supervisor->applied_once = true;
	supervisor_know_all(supervisor);
	estate_go_on(supervisor->estate, now);
	task_schedule(supervisor->settle);
}

/* Who may ask and act is looked up last at a boot, and first otherwise. */
static void finish_begun(
	struct apply *apply, const struct apply_outcome *outcome, struct instant now)
{
	if (wish_of(apply)->mode == APPLY_FIRST)
		operators_look_later(apply->operators, now);
	apply_finish(apply, outcome, now);
}

/* NULL: not all is as it is declared. */
static struct json_t *find_seal(
	const struct supervisor *supervisor, const struct plan *plan)
{
	struct json_t *heads = keeping_heads(supervisor->keeping);

	return seal_deserved(plan, supervisor->config, &supervisor->members, heads)
		       ? seal_print(supervisor->config->made_of, heads)
		       : NULL;
}

static void act(struct apply *apply, struct plan *plan, struct json_t *changes,
	struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	const struct apply_wish *wish = wish_of(apply);
	struct act how = { supervisor, wish->mode, wish->who, now };
	_cleanup_free_ struct member **acted =
		calloc(plan->count + 1, sizeof(struct member *));
	struct apply_outcome outcome = { .acted = acted, .changes = changes };

	if (!acted) {
		json_free(changes);
		apply_refuse(apply, "out of memory", now);
		return;
	}
	if (wish->show)
		wish->show(wish->owner, changes);
	supervisor_adopt_host(supervisor, TAKE(apply->config));
	outcome.acted_count = act_plan(&how, plan, acted);
	keeping_accept_host(supervisor->keeping, find_seal(supervisor, plan));
	if (wish->mode == APPLY_ALL)
		keeping_hurry(supervisor->keeping);
	begin(supervisor, now);
	finish_begun(apply, &outcome, now);
}

/* ---- comparing ----------------------------------------------------------------- */

/* Kept for whoever was shown it; what an earlier one was shown is not. */
static const char *keep_shown(
	struct apply *apply, struct json_t *changes, struct instant now)
{
	struct apply_wish *wish = wish_of(apply);
	struct shown_plan plan = { .changes = json_share(changes),
		.names = wish->names,
		.remove = wish->remove };

	plan.config = TAKE(apply->config);
	wish->names = wish->remove = (struct strings){ 0 };
	return shown_keep(apply->shown, &plan, now);
}

static void show(struct apply *apply, struct plan *plan, struct json_t *changes,
	struct instant now)
{
	struct apply_outcome outcome = { .changes = changes,
		.problems = &apply->config->problems.lines };

	act_show_repaired(apply->supervisor, plan);
	if (wish_of(apply)->keep && changes) {
		outcome.problems = NULL;
		outcome.shown = keep_shown(apply, changes, now);
	}
	apply_finish(apply, &outcome, now);
}

/* Nothing is changed; at the first look what was accepted before is begun. */
static void refuse_whole(struct apply *apply, const char *reason, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	const enum apply_mode mode = wish_of(apply)->mode;

	if (mode != APPLY_COMPARE)
		act_show_stale(supervisor);
	if (mode != APPLY_FIRST) {
		apply_refuse(apply, reason, now);
		return;
	}
	supervisor_adopt_host(supervisor, TAKE(apply->config));
	begin(supervisor, now);
	finish_begun(apply, &(struct apply_outcome){ .reason = reason }, now);
}

/* What runs already is not restarted because another supervisor looks at the files. */
static enum apply_mode mode_of(const struct apply *apply)
{
	enum apply_mode mode = wish_of(apply)->mode;

	return mode == APPLY_FIRST && estate_found(apply->supervisor->estate) ? APPLY_SAFE
									      : mode;
}

void apply_compare(struct apply *apply, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	const struct apply_wish *wish = wish_of(apply);
	const int64_t percent = apply->config->host.budget_memory_percent;
	struct plan_wish scope = { .names = &wish->names,
		.remove = &wish->remove,
		.mode = mode_of(apply),
		.accepted = keeping_heads(supervisor->keeping),
		.memory_bytes = scarce_memory_bytes(percent),
		.memory_percent = percent };
	_cleanup_(plan_done) struct plan plan = { 0 };
	struct json_t *changes;
	struct error err = { 0 };
	int r = plan_make(&plan, &supervisor->members, apply->config, &scope, &err);

	if (r < 0) {
		if (r == -ENOENT) /* a name: nothing is wrong with the files */
			apply_refuse(apply, err.text, now);
		else
			refuse_whole(apply, err.text, now);
		return;
	}
	changes = plan_print(&plan);
	if (apply->expected && !(changes && json_same(changes, apply->expected))) {
		json_free(changes);
		apply_refuse(apply,
			"what runs is another since this was shown; nothing was "
			"changed, run `svcctl apply` again",
			now);
	} else if (wish->mode == APPLY_COMPARE) {
		show(apply, &plan, changes, now);
	} else {
		act(apply, &plan, changes, now);
	}
}

/* Nothing is left to compare. */
void apply_begin_sealed(struct apply *apply, struct instant now)
{
	apply->looked = true;
	if (apply->supervisor->stopping) {
		apply_refuse(apply, "svcd is about to end", now);
		return;
	}
	log_info("all is declared as it was accepted");
	begin(apply->supervisor, now);
	finish_begun(apply, &(struct apply_outcome){ 0 }, now);
}
