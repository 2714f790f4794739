/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * apply.c - the way of declarations from disk to what runs.
 *
 * Reading and looking up are deeds; what was read is compared by plan.c; only then is
 * anything touched (act.c). At boot the services come before the look-up: they need no
 * engine and no operator to start. What an operator was shown is kept until he has
 * decided: what he agreed to is what is applied, and the disk is read once.
 *
 * Owns the queue of wishes, the watch of the files and, between reading and acting, the
 * new config.
 */
#include "supervisor/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"

#include "supervisor/accepted.h"
#include "supervisor/act.h"
#include "supervisor/control.h"
#include "supervisor/file_watch.h"
#include "supervisor/first_look.h"
#include "supervisor/keeping.h"
#include "supervisor/lookup.h"
#include "supervisor/reader.h"
#include "supervisor/supervisor.h"

enum {
	QUEUE_MAX = 64,
	SHOWN_KEPT_MS = 10 * 60 * MS_PER_S,
	STARTS_MAX_MS =
		MS_PER_S, /* that a look-up lets the services of a boot go first */
};

struct queued {
	struct queued *next;
	struct apply_wish wish;
};

/* What an operator was shown and has not answered. */
struct shown {
	char name[APPLY_SHOWN_BYTES]; /* "": none */
	struct config *config;
	struct json_t *changes;
	struct strings names, remove;
};

struct apply {
	struct supervisor *supervisor;
	struct queued *first; /* the one at work, then those that wait */
	struct task *next;    /* begins with the first */
	struct reader *reader;
	struct lookup *lookup;
	struct config *config;   /* read, and not yet in use */
	struct json_t *expected; /* changes that were agreed to; NULL: any */
	struct shown shown;
	struct timer *shown_end;
	struct timer *look_later; /* armed: after the services of a boot */
	struct file_watch *watch; /* NULL: this host cannot */
	bool looked;              /* the disk was read once */
};

static void wish_done(struct apply_wish *wish)
{
	strings_done(&wish->names);
	strings_done(&wish->remove);
}

static void shown_done(struct shown *shown)
{
	config_free(shown->config);
	json_free(shown->changes);
	strings_done(&shown->names);
	strings_done(&shown->remove);
	*shown = (struct shown){ 0 };
}

/* Each start forks this process, and a fork costs by its size: what reading took goes
 * back to the kernel before. */
static void slim_down(struct supervisor *supervisor)
{
	config_forget_entries(supervisor->config);
	(void)malloc_trim(0);
}

static void say_refused(struct supervisor *supervisor, const char *reason)
{
	supervisor_say(supervisor, (struct about){ NULL, "apply", LOG_ERR }, "apply: %s",
		reason);
}

/* ---- the end of one wish ------------------------------------------------------- */

static void finish(
	struct apply *apply, const struct apply_outcome *outcome, struct instant now)
{
	struct queued *done = apply->first;

	if (outcome->reason)
		say_refused(apply->supervisor, outcome->reason);
	if (done->wish.done)
		done->wish.done(done->wish.owner, outcome, now);
	else
		json_free(outcome->changes);
	apply->first = done->next;
	wish_done(&done->wish);
	free(done);
	apply->config = config_free(apply->config);
	json_free(apply->expected);
	apply->expected = NULL;
	if (apply->first)
		task_schedule(apply->next);
}

static void refuse(struct apply *apply, const char *reason, struct instant now)
{
	struct config *config = apply->config;
	struct apply_outcome outcome = { .reason = reason,
		.problems = config ? &config->problems.lines : NULL };

	finish(apply, &outcome, now);
}

static void compare(struct apply *apply, struct instant now);

/* ---- looking up ---------------------------------------------------------------- */

static void on_looked_up(
	void *owner, struct found *found, const char *reason, struct instant now)
{
	struct apply *apply = owner;
	struct supervisor *supervisor = apply->supervisor;
	char why[REASON_BYTES];

	snprintf(why, sizeof(why), "%s", reason);
	supervisor_adopt_found(supervisor, found, now);
	apply->lookup = lookup_free(apply->lookup);
	if (!apply->config) { /* after the services of a boot */
		if (!found)
			say_refused(supervisor, why);
		task_schedule(apply->next);
	} else if (!found) {
		refuse(apply, why, now);
	} else if (supervisor->stopping) {
		refuse(apply, "svcd is about to end", now);
	} else {
		compare(apply, now);
	}
}

static int add_group(struct json_t *groups, const char *name)
{
	return name ? json_set(groups, name, json_new_null()) : 0;
}

static int add_group_of(struct json_t *groups, const struct declaration *declaration)
{
	return declaration ? add_group(groups, declaration->access.group) : 0;
}

/* Of what runs, and of what was read and does not run yet. */
static int wanted_groups(struct json_t *groups, const struct supervisor *supervisor,
	const struct config *read)
{
	const struct host *host = read ? &read->host : &supervisor->config->host;
	int r = add_group(groups, control_operators(host));

	r |= add_group(groups, host->control.readers);
	for (size_t i = 0; read && i < read->entries_count; i++)
		r |= add_group_of(groups, read->entries[i].declaration);
	for (size_t i = 0; i < supervisor->members.count; i++)
		if (supervisor->members.items[i]->service)
			r |= add_group_of(groups,
				supervisor->members.items[i]->service->declaration);
	return r;
}

static int look_up(struct apply *apply)
{
	struct supervisor *supervisor = apply->supervisor;
	struct lookup_plan plan = { .loop = supervisor->loop,
		.cgroups = supervisor->cgroups,
		.groups = json_new_object(),
		.done = on_looked_up,
		.owner = apply };

	int r = wanted_groups(plan.groups, supervisor, apply->config);

	if (r == 0)
		r = lookup_start(&apply->lookup, &plan);
	json_free(plan.groups);
	return r;
}

/* ---- acting -------------------------------------------------------------------- */

static void accept_host(struct supervisor *supervisor)
{
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	_cleanup_free_ char *text = NULL;
	char hash[HASH_TEXT_BYTES];
	int r = json_set(body, "host", host_print(&supervisor->config->host));

	r |= json_set(body, "site", site_print(&supervisor->config->site));
	text = r ? NULL : json_print(body, JSON_ONE_LINE);
	if (!text)
		return;
	snprintf(hash, sizeof(hash), "%016llx", text_hash(text, strlen(text)));
	keeping_accept(supervisor->keeping,
		&(struct acceptance){
			.name = ACCEPTED_HOST, .hash = hash, .body = body });
}

/* From here on the services are known, whichever they are. */
static void begin(struct supervisor *supervisor, struct instant now)
{
	slim_down(supervisor);
	act_begin(supervisor, now);
	supervisor->applied_once = true;
	task_schedule(supervisor->settle);
}

/* Who may ask and act is looked up last at a boot, and first otherwise. */
static void finish_begun(
	struct apply *apply, const struct apply_outcome *outcome, struct instant now)
{
	if (apply->first->wish.mode == APPLY_FIRST)
		timer_arm(apply->look_later, instant_add_ms(now, STARTS_MAX_MS));
	finish(apply, outcome, now);
}

static void on_look_later(void *owner, struct instant now)
{
	struct apply *apply = owner;

	if (look_up(apply) < 0)
		supervisor_adopt_found(apply->supervisor, NULL, now);
}

void apply_settled(struct apply *apply, struct instant now)
{
	if (!timer_is_armed(apply->look_later) ||
		!preparer_is_idle(apply->supervisor->preparer))
		return;
	timer_arm(apply->look_later, NEVER);
	on_look_later(apply, now);
}

static void act(struct apply *apply, struct plan *plan, struct json_t *changes,
	struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	const struct apply_wish *wish = &apply->first->wish;
	struct act how = { supervisor, wish->mode, wish->who, now };
	_cleanup_free_ struct member **acted =
		calloc(plan->count + 1, sizeof(struct member *));
	struct apply_outcome outcome = { .acted = acted, .changes = changes };

	if (!acted) {
		json_free(changes);
		refuse(apply, "out of memory", now);
		return;
	}
	if (wish->show)
		wish->show(wish->owner, changes);
	supervisor_adopt_host(supervisor, TAKE(apply->config));
	accept_host(supervisor);
	outcome.acted_count = act_plan(&how, plan, acted);
	if (wish->mode == APPLY_ALL)
		keeping_hurry(supervisor->keeping);
	begin(supervisor, now);
	finish_begun(apply, &outcome, now);
}

/* ---- comparing ----------------------------------------------------------------- */

/* Kept for whoever was shown it; what an earlier one was shown is not. */
static void keep_shown(struct apply *apply, struct json_t *changes, struct instant now)
{
	struct apply_wish *wish = &apply->first->wish;
	struct shown *shown = &apply->shown;

	shown_done(shown);
	snprintf(shown->name, sizeof(shown->name), "%" PRId64,
		loop_wall(apply->supervisor->loop).us);
	shown->config = TAKE(apply->config);
	shown->changes = json_share(changes);
	shown->names = wish->names;
	shown->remove = wish->remove;
	wish->names = wish->remove = (struct strings){ 0 };
	timer_arm(apply->shown_end, instant_add_ms(now, SHOWN_KEPT_MS));
}

static void show(struct apply *apply, struct plan *plan, struct json_t *changes,
	struct instant now)
{
	struct apply_outcome outcome = { .changes = changes,
		.problems = &apply->config->problems.lines };

	act_show_repaired(apply->supervisor, plan);
	if (apply->first->wish.keep && changes) {
		outcome.problems = NULL;
		keep_shown(apply, changes, now);
		outcome.shown = apply->shown.name;
	}
	finish(apply, &outcome, now);
}

/* Nothing is changed; at the first look what was accepted before is begun. */
static void refuse_whole(struct apply *apply, const char *reason, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	const enum apply_mode mode = apply->first->wish.mode;

	if (mode != APPLY_COMPARE)
		act_show_stale(supervisor);
	if (mode != APPLY_FIRST) {
		refuse(apply, reason, now);
		return;
	}
	supervisor_adopt_host(supervisor, TAKE(apply->config));
	begin(supervisor, now);
	finish_begun(apply, &(struct apply_outcome){ .reason = reason }, now);
}

static int64_t host_memory_bytes(void)
{
	return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

static void compare(struct apply *apply, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	const struct apply_wish *wish = &apply->first->wish;
	const int64_t percent = apply->config->host.budget_memory_percent;
	struct plan_wish scope = { .names = &wish->names,
		.remove = &wish->remove,
		.mode = wish->mode,
		.accepted = keeping_heads(supervisor->keeping),
		.memory_bytes = host_memory_bytes() / 100 * percent,
		.memory_percent = percent };
	_cleanup_(plan_done) struct plan plan = { 0 };
	struct json_t *changes;
	struct error err = { 0 };
	int r = plan_make(&plan, &supervisor->members, apply->config, &scope, &err);

	if (r < 0) {
		if (r == -ENOENT) /* a name: nothing is wrong with the files */
			refuse(apply, err.text, now);
		else
			refuse_whole(apply, err.text, now);
		return;
	}
	changes = plan_print(&plan);
	if (apply->expected && !(changes && json_same(changes, apply->expected))) {
		json_free(changes);
		refuse(apply,
			"what runs is another since this was shown; nothing was "
			"changed, run `svcctl apply` again",
			now);
	} else if (wish->mode == APPLY_COMPARE) {
		show(apply, &plan, changes, now);
	} else {
		act(apply, &plan, changes, now);
	}
}

/* ---- reading ------------------------------------------------------------------- */

static void on_read(void *owner, struct reader_result *result, struct instant now)
{
	struct apply *apply = owner;
	struct supervisor *supervisor = apply->supervisor;
	struct config *config = result->config;

	apply->reader = reader_free(apply->reader);
	if (!config) {
		refuse(apply, result->reason, now);
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
		refuse(apply, "svcd is about to end", now);
	else if (apply->first->wish.mode == APPLY_FIRST)
		compare(apply, now);
	else if (look_up(apply) < 0)
		refuse(apply, "out of memory", now);
}

static void read_disk(struct apply *apply, struct instant now)
{
	struct supervisor *supervisor = apply->supervisor;
	struct reader_plan plan = { .loop = supervisor->loop,
		.cgroups = supervisor->cgroups,
		.wish = { .paths = &supervisor->paths,
			.accepted = keeping_heads(supervisor->keeping),
			.watch_fd = file_watch_fd(apply->watch),
			.first = !apply->looked },
		.done = on_read,
		.owner = apply };

	if (reader_start(&apply->reader, &plan) < 0)
		refuse(apply, "out of memory", now);
}

static void take_shown(struct apply *apply, struct instant now)
{
	struct apply_wish *wish = &apply->first->wish;
	struct shown *shown = &apply->shown;

	if (strcmp(wish->shown, shown->name) != 0) {
		refuse(apply,
			"what was shown is not kept any more; nothing was changed, "
			"run `svcctl apply` again",
			now);
		return;
	}
	wish_done(wish);
	wish->names = shown->names;
	wish->remove = shown->remove;
	shown->names = shown->remove = (struct strings){ 0 };
	apply->config = TAKE(shown->config);
	apply->expected = TAKE(shown->changes);
	shown_done(shown);
	compare(apply, now);
}

/* ---- the queue ----------------------------------------------------------------- */

static void on_next(void *owner, struct instant now)
{
	struct apply *apply = owner;

	if (!apply->first || apply->reader || apply->lookup ||
		timer_is_armed(apply->look_later))
		return;
	if (!apply->supervisor->applied_once && apply->first->wish.mode != APPLY_COMPARE)
		apply->first->wish.mode = APPLY_FIRST;
	if (apply->supervisor->stopping)
		refuse(apply, "svcd is about to end", now);
	else if (apply->first->wish.shown[0])
		take_shown(apply, now);
	else
		read_disk(apply, now);
}

/* Nobody waits for its end, and it has not read yet: one is as good as two. */
static bool is_another(const struct queued *queued, const struct apply_wish *wish)
{
	return queued->wish.mode == APPLY_SAFE && wish->mode == APPLY_SAFE &&
	       !queued->wish.done && !wish->done;
}

int apply_begin(struct apply *apply, struct apply_wish *wish)
{
	struct queued *queued = NULL, **at = &apply->first;
	size_t waiting = 0;

	while (*at) {
		if (waiting > 0 && is_another(*at, wish)) {
			wish_done(wish);
			return 0;
		}
		at = &(*at)->next;
		waiting++;
	}
	if (waiting < QUEUE_MAX)
		queued = calloc(1, sizeof(*queued));
	if (!queued) {
		wish_done(wish);
		return waiting >= QUEUE_MAX ? -EBUSY : -ENOMEM;
	}
	queued->wish = *wish;
	*wish = (struct apply_wish){ 0 };
	*at = queued;
	task_schedule(apply->next);
	return 0;
}

static void on_files(void *owner, struct instant now)
{
	struct apply *apply = owner;
	const struct supervisor *supervisor = apply->supervisor;
	struct apply_wish wish = { .mode = APPLY_SAFE, .who = "svcd" };

	(void)now;
	if (supervisor->stopping ||
		supervisor->config->host.auto_apply != AUTO_APPLY_WATCH)
		return;
	log_info("files changed: reading the declarations again");
	(void)apply_begin(apply, &wish); /* a queue that is full reads them anyway */
}

static void on_shown_end(void *owner, struct instant now)
{
	struct apply *apply = owner;

	(void)now;
	shown_done(&apply->shown);
	(void)malloc_trim(0);
}

CLEANUP(struct apply *, apply_free)

int apply_new(struct apply **ret, struct supervisor *supervisor)
{
	_cleanup_(apply_freep) struct apply *apply = calloc(1, sizeof(*apply));
	int r;

	if (!apply)
		return -ENOMEM;
	apply->supervisor = supervisor;
	r = task_new(&apply->next, supervisor->loop, on_next, apply);
	if (r == 0)
		r = timer_new(&apply->shown_end, supervisor->loop, on_shown_end, apply);
	if (r == 0)
		r = timer_new(&apply->look_later, supervisor->loop, on_look_later, apply);
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
	lookup_free(apply->lookup);
	config_free(apply->config);
	shown_done(&apply->shown);
	json_free(apply->expected);
	while (apply->first) {
		struct queued *queued = apply->first;

		apply->first = queued->next;
		wish_done(&queued->wish);
		free(queued);
	}
	task_free(apply->next);
	timer_free(apply->shown_end);
	timer_free(apply->look_later);
	file_watch_free(apply->watch);
	free(apply);
	return NULL;
}
