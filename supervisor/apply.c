/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * apply.c - the way of declarations from disk to what runs.
 *
 * Reading and looking up are deeds; what was read is compared; only then is anything
 * touched (compare.c). At boot the services come before the look-up: they need no
 * engine and no operator to start. What an operator was shown is kept until he has
 * decided: what he agreed to is what is applied, and the disk is read once.
 *
 * Owns the queue of wishes (wish_queue.c), what was shown (shown.c), the watch of the
 * files and, between reading and acting, the new config.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"

#include "supervisor/act.h"
#include "supervisor/apply_inside.h"
#include "supervisor/estate.h"
#include "supervisor/file_watch.h"
#include "supervisor/first_look.h"
#include "supervisor/keeping.h"
#include "supervisor/operators.h"
#include "supervisor/reader.h"
#include "supervisor/shown.h"
#include "supervisor/supervisor.h"

/* After files could not be read for lack of time or memory: nobody writes them again. */
enum { READ_AGAIN_MS = 5 * MS_PER_S };

static void say_refused(struct supervisor *supervisor, const char *reason)
{
	supervisor_say(supervisor, (struct about){ NULL, "apply", LOG_ERR }, "apply: %s",
		reason);
}

/* ---- the end of one wish ------------------------------------------------------- */

void apply_finish(
	struct apply *apply, const struct apply_outcome *outcome, struct instant now)
{
	const struct apply_wish *wish = wish_of(apply);

	if (outcome->reason)
		say_refused(apply->supervisor, outcome->reason);
	if (wish->done)
		wish->done(wish->owner, outcome, now);
	else
		json_free(outcome->changes);
	wish_queue_drop(&apply->wishes);
	apply->config = config_free(apply->config);
	json_free(apply->expected);
	apply->expected = NULL;
	if (wish_of(apply))
		task_schedule(apply->next);
}

void apply_refuse(struct apply *apply, const char *reason, struct instant now)
{
	struct config *config = apply->config;
	struct apply_outcome outcome = { .reason = reason,
		.problems = config ? &config->problems.lines : NULL };

	apply_finish(apply, &outcome, now);
}

/* Nothing is wrong with the files. Who waits is told, and tries again by himself. */
static void refuse_for_now(struct apply *apply, const char *reason, struct instant now)
{
	if (!wish_of(apply)->done)
		timer_arm(apply->read_again, instant_add_ms(now, READ_AGAIN_MS));
	apply_refuse(apply, reason, now);
}

/* ---- looking up ---------------------------------------------------------------- */

static void on_looked_up(void *owner, const char *reason, struct instant now)
{
	struct apply *apply = owner;

	if (!apply->config) /* after the services of a boot, or again */
		task_schedule(apply->next);
	else if (reason)
		refuse_for_now(apply, reason, now);
	else if (apply->supervisor->stopping)
		apply_refuse(apply, "svcd is about to end", now);
	else
		apply_compare(apply, now);
}

static bool is_busy(void *owner)
{
	return wish_of(owner);
}

void apply_settled(struct apply *apply, struct instant now)
{
	operators_settled(apply->operators, now);
}

/* ---- a boot that finds all as it was accepted ----------------------------------- */

static void on_sealed_host(void *owner, struct reader_result *result, struct instant now)
{
	struct apply *apply = owner;
	struct supervisor *supervisor = apply->supervisor;

	supervisor_adopt_host(supervisor, TAKE(result->config));
	keeping_begin(supervisor->keeping, NULL, now);
	if (apply->watch)
		file_watch_keep(apply->watch, result->watches);
}

static int on_sealed_service(
	void *owner, const struct reader_service *service, struct instant now)
{
	return first_look_service(((struct apply *)owner)->supervisor, service, now);
}

/* Who wishes for the whole and shows nothing; once. */
static bool may_be_sealed(const struct apply *apply)
{
	const struct apply_wish *wish = wish_of(apply);

	return wish->mode == APPLY_FIRST && !apply->looked && !apply->unsealed &&
	       wish->names.count == 0 && wish->remove.count == 0 && !wish->show;
}

/* ---- what another supervisor left ------------------------------------------------ */

static bool may_take_over(const struct apply *apply)
{
	return !apply->taken_over && !apply->looked &&
	       estate_found(apply->supervisor->estate);
}

static int on_accepted(
	void *owner, const struct reader_service *service, struct instant now)
{
	(void)now;
	return first_look_take_over(((struct apply *)owner)->supervisor, service);
}

/* What could not be taken yet waits for the look at the files, which follows. */
static void on_taken_over(void *owner, struct reader_result *result, struct instant now)
{
	struct apply *apply = owner;
	struct supervisor *supervisor = apply->supervisor;

	if (!result->sealed)
		log_warning("what was accepted is not all read: %s",
			result->reason ? result->reason : "it makes no sense");
	apply->reader = reader_free(apply->reader);
	apply->taken_over = true;
	if (estate_left_clear(supervisor->estate)) {
		act_refresh_operators(supervisor);
		supervisor_know_all(supervisor);
		estate_go_on(supervisor->estate, now);
	}
	task_schedule(apply->next);
}

static void take_over(struct apply *apply, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	struct reader_plan plan = { .loop = supervisor->loop,
		.cgroups = supervisor->cgroups,
		.wish = { .paths = &supervisor->paths, .watch_fd = -1, .takeover = true },
		.service = on_accepted,
		.done = on_taken_over,
		.owner = apply };

	if (reader_start(&apply->reader, &plan) < 0)
		refuse_for_now(apply, "out of memory", now);
}

/* ---- reading ------------------------------------------------------------------- */

static void on_read(void *owner, struct reader_result *result, struct instant now)
{
	struct apply *apply = owner;
	struct supervisor *supervisor = apply->supervisor;
	struct config *config = result->config;

	const bool boot = may_be_sealed(apply);

	apply->reader = reader_free(apply->reader);
	if (result->sealed) {
		apply_begin_sealed(apply, now);
		return;
	}
	if (!config && boot) {
		apply->unsealed = true;
		log_warning("%s: reading the declarations anew", result->reason);
		task_schedule(apply->next);
		return;
	}
	if (!config) {
		refuse_for_now(apply, result->reason, now);
		return;
	}
	apply->config = config;
	for (size_t i = 0; i < config->problems.lines.count; i++)
		supervisor_say(supervisor, (struct about){ NULL, "refused", LOG_ERR },
			"%s", config->problems.lines.items[i]);
	if (apply->watch)
		file_watch_keep(apply->watch, result->watches);
	if (!apply->looked) {
		first_look_host(supervisor, config, result->accepted);
		first_look_services(supervisor, result->accepted, now);
		apply->looked = true;
	}
	if (apply->supervisor->stopping)
		apply_refuse(apply, "svcd is about to end", now);
	else if (wish_of(apply)->mode == APPLY_FIRST)
		apply_compare(apply, now);
	else
		operators_look(apply->operators, apply->config, now);
}

static void read_disk(struct apply *apply, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	struct reader_plan plan = { .loop = supervisor->loop,
		.cgroups = supervisor->cgroups,
		.wish = { .paths = &supervisor->paths,
			.accepted =
				apply->looked ? keeping_heads(supervisor->keeping) : NULL,
			.watch_fd = file_watch_fd(apply->watch),
			.first = !apply->looked,
			.boot = may_be_sealed(apply) },
		.host = on_sealed_host,
		.service = on_sealed_service,
		.done = on_read,
		.owner = apply };

	if (reader_start(&apply->reader, &plan) < 0)
		refuse_for_now(apply, "out of memory", now);
}

static void take_shown(struct apply *apply, struct instant now)
{
	struct apply_wish *wish = wish_of(apply);
	struct shown_plan plan;

	if (!shown_take(apply->shown, wish->shown, &plan)) {
		apply_refuse(apply,
			"what was shown is not kept any more; nothing was changed, "
			"run `svcctl apply` again",
			now);
		return;
	}
	strings_done(&wish->names);
	strings_done(&wish->remove);
	wish->names = plan.names;
	wish->remove = plan.remove;
	apply->config = plan.config;
	apply->expected = plan.changes;
	apply_compare(apply, now);
}

/* ---- the queue ----------------------------------------------------------------- */

static void on_next(void *owner, struct instant now)
{
	struct apply *apply = owner;

	if (!wish_of(apply) || apply->reader || operators_are_asked(apply->operators))
		return;
	if (!apply->supervisor->applied_once && wish_of(apply)->mode != APPLY_COMPARE)
		wish_of(apply)->mode = APPLY_FIRST;
	if (may_take_over(apply)) /* whoever is to end is taken over, too */
		take_over(apply, now);
	else if (apply->supervisor->stopping)
		apply_refuse(apply, "svcd is about to end", now);
	else if (wish_of(apply)->shown[0])
		take_shown(apply, now);
	else
		read_disk(apply, now);
}

int apply_begin(struct apply *apply, struct apply_wish *wish)
{
	int r = wish_queue_add(&apply->wishes, wish);

	if (r == 0)
		task_schedule(apply->next);
	return r;
}

/* A queue that is full reads them anyway. */
static void on_read_again(void *owner, struct instant now)
{
	struct apply *apply = owner;
	struct apply_wish wish = { .mode = APPLY_SAFE, .who = "svcd" };

	(void)now;
	if (!apply->supervisor->stopping)
		(void)apply_begin(apply, &wish);
}

static void on_files(void *owner, struct instant now)
{
	struct apply *apply = owner;

	if (apply->supervisor->config->host.auto_apply != AUTO_APPLY_WATCH)
		return;
	log_info("files changed: reading the declarations again");
	on_read_again(apply, now);
}

bool apply_is_busy(const struct apply *apply)
{
	return wish_of(apply) != NULL;
}

CLEANUP(struct apply *, apply_free)

int apply_new(struct apply **ret, struct supervisor *supervisor)
{
	_cleanup_(apply_freep) struct apply *apply = calloc(1, sizeof(*apply));
	const struct operators_user user = { on_looked_up, is_busy, apply };
	int r;

	if (!apply)
		return -ENOMEM;
	apply->supervisor = supervisor;
	r = task_new(&apply->next, supervisor->loop, on_next, apply);
	if (r == 0)
		r = shown_new(&apply->shown, supervisor->loop);
	if (r == 0)
		r = operators_new(&apply->operators, supervisor, &user);
	if (r == 0)
		r = timer_new(&apply->read_again, supervisor->loop, on_read_again, apply);
	if (r < 0)
		return r;
	r = file_watch_new(&apply->watch, supervisor->loop, on_files, apply);
	if (r < 0)
		log_warning("changed files are not noticed by themselves (%s): "
			    "`svcctl apply` or SIGHUP reads them",
			strerror(-r));
	*ret = TAKE(apply);
	return 0;
}

struct apply *apply_free(struct apply *apply)
{
	if (!apply)
		return NULL;
	reader_free(apply->reader);
	config_free(apply->config);
	shown_free(apply->shown);
	json_free(apply->expected);
	wish_queue_done(&apply->wishes);
	task_free(apply->next);
	operators_free(apply->operators);
	timer_free(apply->read_again);
	file_watch_free(apply->watch);
	free(apply);
	return NULL;
}
