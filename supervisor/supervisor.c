/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * supervisor.c - builds everything, connects it, and takes it down in order.
 *
 * How facts travel: a process ends, an engine speaks, an operator calls -> the noun that
 * it is about notes it and says `changed` -> settle.c judges once, tells the engines,
 * answers who waits.
 */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/file.h"
#include "base/log.h"

#include "service/service.h"
#include "spawn/spawn.h"
#include "supervisor/act.h"
#include "supervisor/apply.h"
#include "supervisor/control.h"
#include "supervisor/estate.h"
#include "supervisor/home.h"
#include "supervisor/keeping.h"
#include "supervisor/retired.h"
#include "supervisor/store.h"

enum {
	WATCHDOG_SHARE = 2, /* a beat is a wake-up of two processes */
	TURN_MAX_S = 20,    /* the loop has turned by then, or never will */
};

/* ---- this host ----------------------------------------------------------------- */

static bool host_differs(const struct config *a, const struct config *b)
{
	_cleanup_(json_freep) struct json_t *host_a = host_print(&a->host),
					    *host_b = host_print(&b->host),
					    *site_a = site_print(&a->site),
					    *site_b = site_print(&b->site);

	return !json_same(host_a, host_b) || !json_same(site_a, site_b);
}

static void update_listeners(struct supervisor *supervisor)
{
	_cleanup_(strings_done) struct strings problems = { 0 };

	listeners_update(&supervisor->listeners, &supervisor->config->host,
		supervisor->store, &problems);
	for (size_t i = 0; i < problems.count; i++)
		supervisor_say(supervisor, (struct about){ NULL, "listen", LOG_ERR },
			"cannot listen: %s", problems.items[i]);
}

void supervisor_adopt_host(struct supervisor *supervisor, struct config *config)
{
	struct config *old = supervisor->config;
	const bool first = !supervisor->host.policy;
	const bool differs = !first && host_differs(old, config);

	supervisor->config = config;
	supervisor->host.policy = &config->host.policy;
	config_free(old);
	if (first || differs)
		estate_host(supervisor->estate);
	update_listeners(supervisor);
	for (size_t i = 0; differs && i < ENGINE_COUNT; i++)
		engine_restart(supervisor->engines[i],
			"the host or site file changed: told anew");
}

static void open_control(struct supervisor *supervisor)
{
	int r = control_open(supervisor->control, supervisor);

	if (r < 0)
		log_error("cannot answer on %s: %s", supervisor->paths.control,
			strerror(-r));
}

void supervisor_adopt_engines(struct supervisor *supervisor,
	struct identity engines[static ENGINE_COUNT], struct instant now)
{
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		identity_done(&supervisor->found.engines[i]);
		supervisor->found.engines[i] = engines[i];
		engines[i] = (struct identity){ 0 };
		engine_start(supervisor->engines[i], now);
	}
}

void supervisor_adopt_found(struct supervisor *supervisor, struct found *found)
{
	if (found) {
		json_free(supervisor->found.groups);
		json_free(supervisor->found.people);
		supervisor->found.groups = TAKE(found->groups);
		supervisor->found.people = TAKE(found->people);
		act_refresh_operators(supervisor);
	}
	supervisor->looked_up = true;
	task_schedule(supervisor->settle);
	open_control(supervisor);
}

void supervisor_know_all(struct supervisor *supervisor)
{
	supervisor->known = true;
	control_release(supervisor->control);
}

/* ---- the end ------------------------------------------------------------------- */

static bool all_stopped(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->members.count; i++) {
		const struct service *service = supervisor->members.items[i]->service;

		if (service && !service_is_stopped(service))
			return false;
	}
	return true;
}

/* Services first, then the engines that still wrote their last lines. */
void supervisor_settled(struct supervisor *supervisor, struct instant now)
{
	supervisor_save_wishes(supervisor, now);
	keeping_save(supervisor->keeping, now);
	estate_save(supervisor->estate, now);
	if (!supervisor->stopping || supervisor->engines_stopped > 0 ||
		supervisor->wanted_deed || !keeping_is_done(supervisor->keeping) ||
		apply_is_busy(supervisor->apply) || !all_stopped(supervisor))
		return;
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		engine_stop(supervisor->engines[i], now);
}

void supervisor_stop(struct service *service, struct instant now)
{
	static const struct decision decision = { CAUSE_SHUTDOWN, "svcd", "svcd ends" };

	/* in memory only: what operators want stays as it was on disk */
	service_stop_later(service, &decision, now);
}

static void on_stop(void *owner, int number, struct instant now)
{
	struct supervisor *supervisor = owner;

	(void)number;
	if (supervisor->stopping)
		return;
	supervisor->stopping = true;
	log_notice("stopping all services");
	store_say(supervisor->store, "STOPPING=1\nSTATUS=stopping all services");
	for (size_t i = 0; i < supervisor->members.count; i++)
		if (supervisor->members.items[i]->service)
			supervisor_stop(supervisor->members.items[i]->service, now);
	task_schedule(supervisor->settle);
}

/* Another takes over: the services do not notice. */
static void on_leave(void *owner, int number, struct instant now)
{
	const struct supervisor *supervisor = owner;

	(void)number;
	if (supervisor->stopping)
		return;
	log_notice("leaving: the services run on");
	estate_leave(supervisor->estate, EXIT_SUCCESS, now);
}

/* Without a keeper nobody reaps orphans or starts the next supervisor: leave the
 * services to it. */
static void on_alone(void *owner, struct instant now)
{
	const struct supervisor *supervisor = owner;

	log_error("the keeper is gone: ending, services run on");
	estate_leave(supervisor->estate, EXIT_FAILURE, now);
}

static void on_ended(void *owner, const struct orphan *orphan, struct instant now)
{
	const struct supervisor *supervisor = owner;

	estate_ended(supervisor->estate, orphan, now);
}

/* The next one has another home made. At once, as above. */
static void on_home_lost(void *owner)
{
	(void)owner;
	_exit(EXIT_FAILURE);
}

static void on_reload(void *owner, int number, struct instant now)
{
	struct supervisor *supervisor = owner;
	struct apply_wish wish = { .mode = APPLY_SAFE, .who = "svcd" };

	(void)number;
	(void)now;
	if (supervisor->stopping)
		return;
	log_info("reading the declarations again");
	if (apply_begin(supervisor->apply, &wish) < 0)
		log_warning("too many applies wait; the declarations are not read again");
}

/* ---- time ---------------------------------------------------------------------- */

static void on_settle(void *owner, struct instant now)
{
	supervisor_settle(owner, now);
}

static void on_tick(void *owner, struct instant now)
{
	supervisor_tick(owner, now);
}

/* The trees that a telling is made of come and go between what stays. */
static void on_rest(void *owner, struct instant now)
{
	(void)owner;
	(void)now;
	(void)malloc_trim(0);
}

static void on_wanted_again(void *owner, struct instant now)
{
	supervisor_save_wishes(owner, now);
}

static void on_addresses(void *owner, struct instant now)
{
	(void)now;
	supervisor_look_at_vips(owner);
}

static void on_watchdog(void *owner, struct instant now)
{
	struct supervisor *supervisor = owner;
	int64_t every_us = store_watchdog_us(supervisor->store) / WATCHDOG_SHARE;

	store_say(supervisor->store, "WATCHDOG=1");
	if (every_us > 0)
		timer_arm(supervisor->watchdog, instant_add_us(now, every_us));
}

/* ---- the beginning ------------------------------------------------------------- */

static int make_timers(struct supervisor *supervisor)
{
	const struct {
		struct timer **ret;
		timer_fn *fn;
	} timers[] = {
		{ &supervisor->tick, on_tick },
		{ &supervisor->watchdog, on_watchdog },
		{ &supervisor->rest, on_rest },
		{ &supervisor->wanted_again, on_wanted_again },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(timers); i++)
		r = timer_new(timers[i].ret, supervisor->loop, timers[i].fn, supervisor);
	return r;
}

static int make_parts(struct supervisor *supervisor, struct error *err)
{
	struct engine_host host = { supervisor->loop, supervisor->cgroups, &engines_user,
		supervisor };
	const struct probes_user probes_user = { facts_probed, supervisor };
	struct loop *loop = supervisor->loop;
	int r = events_init(&supervisor->events);

	for (size_t i = 0; r == 0 && i < ENGINE_COUNT; i++)
		r = engine_new(&supervisor->engines[i], &host, (enum engine)i);
	if (r == 0)
		r = preparer_new(&supervisor->preparer, loop, supervisor->cgroups);
	if (r == 0)
		r = task_new(&supervisor->settle, loop, on_settle, supervisor);
	if (r == 0)
		r = make_timers(supervisor);
	if (r == 0)
		r = vip_watch_new(&supervisor->vips, loop, on_addresses, supervisor);
	if (r == 0)
		r = probes_new(&supervisor->probes, loop, &probes_user);
	if (r == 0)
		r = keeping_new(&supervisor->keeping, supervisor);
	if (r == 0)
		r = retired_new(&supervisor->retired, supervisor);
	if (r == 0)
		r = apply_new(&supervisor->apply, supervisor);
	if (r == 0)
		r = control_new(&supervisor->control, supervisor);
	if (r == 0)
		return estate_new(&supervisor->estate, supervisor, err);
	return r < 0 ? error_errno(err, r, "cannot begin") : 0;
}

static void warn_of_missing(const struct cgroups *cgroups)
{
	char missing[64];

	cgroups_missing(cgroups, missing, sizeof(missing));
	if (missing[0])
		log_warning("no cgroup controllers %s below %s: limits that need them "
			    "are not enforced, and status says so",
			missing, cgroups_base(cgroups));
}

static int make_ground(struct supervisor *supervisor, const char *root, struct error *err)
{
	int r = spawner_new(&supervisor->spawner, err); /* first: see its header */

	if (r < 0)
		return r;
	r = loop_new(&supervisor->loop);
	if (r == 0)
		r = loop_guard(supervisor->loop, TURN_MAX_S * (int64_t)US_PER_S);
	if (r == 0)
		r = paths_init(&supervisor->paths, root);
	if (r < 0)
		return error_errno(err, r, "cannot begin");
	r = store_new(&supervisor->store, err);
	if (r < 0)
		return r;
	r = home_new(&supervisor->home, supervisor->loop, supervisor->paths.root, err);
	if (r == 0)
		r = cgroups_open(&supervisor->cgroups, supervisor->loop,
			home_base(supervisor->home), err);
	if (r < 0)
		return r;
	warn_of_missing(supervisor->cgroups);
	cgroups_end_deeds(supervisor->cgroups);
	r = directory_make(supervisor->paths.run, 0755);
	if (r == 0)
		r = directory_make(supervisor->paths.state, 0755);
	if (r < 0)
		return error_errno(err, r, "%s and %s", supervisor->paths.run,
			supervisor->paths.state);
	supervisor->config = calloc(1, sizeof(*supervisor->config));
	return supervisor->config ? 0 : error_errno(err, -ENOMEM, "cannot begin");
}

int supervisor_new(struct supervisor **ret, const char *root, struct error *err)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	int r;

	if (!supervisor)
		return error_errno(err, -ENOMEM, "cannot begin");
	r = make_ground(supervisor, root, err);
	if (r == 0)
		r = make_parts(supervisor, err);
	if (r < 0) {
		supervisor_free(supervisor);
		return r;
	}
	supervisor->host = (struct service_host){ .loop = supervisor->loop,
		.paths = &supervisor->paths,
		.cgroups = supervisor->cgroups,
		.spawner = supervisor->spawner,
		.preparer = supervisor->preparer,
		.owner = supervisor };
	said_connect(supervisor);
	estate_connect(supervisor->estate, &supervisor->host);
	supervisor->since = loop_wall(supervisor->loop);
	supervisor_load_wishes(supervisor);
	*ret = supervisor;
	return 0;
}

static void on_first_applied(
	void *owner, const struct apply_outcome *outcome, struct instant now)
{
	(void)now;
	json_free(outcome->changes);
	if (((struct supervisor *)owner)->applied_once)
		return;
	/* nothing was read, and nobody is looked up */
	open_control(owner);
	control_release(((struct supervisor *)owner)->control);
}

int supervisor_run(struct supervisor *supervisor)
{
	static const struct {
		int number;
		signal_fn *fn;
	} signals[] = { { SIGTERM, on_leave }, { SIGINT, on_stop },
		{ SIGHUP, on_reload } };
	struct signal_watch *watches[ARRAY_LEN(signals)] = { NULL };
	struct apply_wish wish = { .mode = APPLY_FIRST,
		.who = "svcd",
		.done = on_first_applied,
		.owner = supervisor };
	static const struct store_user store_user = {
		.ended = on_ended, .reexec = reexec_answered, .alone = on_alone
	};
	int r = 0;

	home_on_lost(supervisor->home, on_home_lost, supervisor);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(signals); i++)
		r = signal_watch_new(&watches[i], supervisor->loop, signals[i].number,
			signals[i].fn, supervisor);
	if (r == 0)
		r = store_listen(
			supervisor->store, supervisor->loop, &store_user, supervisor);
	if (r == 0)
		r = apply_begin(supervisor->apply, &wish);
	if (r == 0) {
		(void)estate_begin(supervisor->estate);
		on_watchdog(supervisor, loop_now(supervisor->loop));
		loop_run(supervisor->loop);
	} else {
		log_error("cannot begin: %s", strerror(-r));
		supervisor->exit_status = EXIT_FAILURE;
	}
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		signal_watch_free(watches[i]);
	return supervisor->exit_status;
}

struct supervisor *supervisor_free(struct supervisor *supervisor)
{
	if (!supervisor)
		return NULL;
	control_free(supervisor->control);
	apply_free(supervisor->apply);
	keeping_free(supervisor->keeping);
	retired_free(supervisor->retired);
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		engine_free(supervisor->engines[i]);
		strings_done(&supervisor->told[i].gone);
	}
	deed_free(supervisor->wanted_deed);
	probes_free(supervisor->probes);
	members_done(&supervisor->members);
	estate_free(supervisor->estate);
	listeners_done(&supervisor->listeners);
	vip_watch_free(supervisor->vips);
	found_done(&supervisor->found);
	config_free(supervisor->config);
	wanted_done(&supervisor->wanted);
	events_done(&supervisor->events);
	task_free(supervisor->settle);
	timer_free(supervisor->tick);
	timer_free(supervisor->watchdog);
	timer_free(supervisor->rest);
	timer_free(supervisor->wanted_again);
	preparer_free(supervisor->preparer);
	cgroups_free(supervisor->cgroups);
	home_free(supervisor->home);
	spawner_free(supervisor->spawner);
	free(supervisor->usual);
	store_free(supervisor->store);
	paths_done(&supervisor->paths);
	loop_free(supervisor->loop);
	free(supervisor);
	return NULL;
}
