/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * settle.c - once per turn of the loop: what the facts that came in mean.
 *
 * However many facts changed a service in this turn, its readiness is judged once and
 * the health engine hears of it before the loop sleeps again.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "service/service.h"
#include "supervisor/apply.h"
#include "supervisor/control.h"
#include "supervisor/estate.h"
#include "supervisor/measure.h"
#include "supervisor/order.h"
#include "supervisor/store.h"
#include "supervisor/supervisor.h"

enum {
	PORT_RECHECK_MS = 250, /* while it does not accept */
	PORT_FRESH_MS = 2000,  /* while it does */
};

void member_changed(struct member *member)
{
	member->changed = true;
	task_schedule(member->supervisor->settle);
}

/* ---- readiness ----------------------------------------------------------------- */

static bool any_up(const struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++)
		if (service->instances[i].state == STATE_UP)
			return true;
	return false;
}

static void look_at_port(struct member *member, struct instant now)
{
	int64_t age_ms = instant_since_ms(now, member->port_at);
	int64_t fresh_ms = member->port ? PORT_RECHECK_MS : PORT_FRESH_MS;

	/* what was found while nothing was up says nothing about what is up now */
	if (!any_up(member->service) || age_ms >= fresh_ms || !member->readiness->ready)
		measure_port(member, now);
}

static void judge(struct member *member, struct instant now)
{
	const struct supervisor *supervisor = member->supervisor;
	struct ready_facts facts = { .service = member->service,
		.was_ready = member->readiness->ready,
		.firewall_on = supervisor->config->host.firewall.mode != FIREWALL_OFF,
		.port = { .ok = true },
		.vip = { .ok = true },
		.now = now };
	struct readiness judged;

	if (member->port)
		facts.port = *member->port;
	if (vip_is_wanted(member->service->declaration))
		vip_judge(&facts.vip, member->service->declaration,
			supervisor->config->host.site, vip_watch_facts(supervisor->vips));
	ready_judge(&judged, &facts);
	member_keep_readiness(member, &judged);
}

static void say_edge(struct member *member, bool before)
{
	const struct readiness *readiness = member->readiness;
	struct event event = { .uid = NOBODY, .level = LOG_INFO };

	if (before == readiness->ready)
		return;
	snprintf(event.service, sizeof(event.service), "%s", member->name);
	snprintf(event.word, sizeof(event.word), "%s",
		readiness->ready ? "ready" : "not-ready");
	snprintf(event.text, sizeof(event.text), "%s",
		readiness->ready ? "may have traffic" : readiness->reason);
	supervisor_event(member->supervisor, &event);
}

/* ---- settling ------------------------------------------------------------------ */

static void settle_member(struct member *member, struct instant now)
{
	struct supervisor *supervisor = member->supervisor;
	bool before = member->readiness->ready;

	member->changed = false;
	member->index = ++supervisor->index;
	if (!member->service)
		return;
	probes_prune(supervisor->probes, member->service);
	look_at_port(member, now);
	judge(member, now);
	say_edge(member, before);
	told_dirty(member, TELL_STATE);
	if (member->unrecorded || before != member->readiness->ready)
		estate_changed(supervisor->estate, member);
}

static void forget(struct member *member)
{
	struct supervisor *supervisor = member->supervisor;
	_cleanup_free_ char *name = strdup(member->name);

	supervisor_say(supervisor, (struct about){ member->name, "removed", LOG_NOTICE },
		"no longer declared here");
	told_gone(member);
	supervisor_forget_wish(supervisor, member->name);
	estate_touch(supervisor->estate);
	if (member->service)
		probes_forget(supervisor->probes, member->service);
	members_remove(&supervisor->members, member);
	if (name)
		(void)cgroups_remove_service(supervisor->cgroups, name);
}

static void forget_leaving(struct supervisor *supervisor)
{
	for (size_t i = supervisor->members.count; i > 0; i--) {
		struct member *member = supervisor->members.items[i - 1];

		if (member->leaving && member->service &&
			service_is_stopped(member->service) &&
			member->service->job.result != JOB_RUNNING &&
			!control_waits_for(supervisor->control, member->service))
			forget(member);
	}
}

/* What no event tells about is looked at until it holds. */
static bool is_worth_a_look(const struct member *member)
{
	return member->service && any_up(member->service) &&
	       (member->port || !member->readiness->terms[TERM_VIP].ok);
}

static struct instant next_look(const struct member *member, struct instant now)
{
	struct instant at = instant_earlier(member->readiness->again,
		instant_earlier(member->start_by, member->drain_until));

	if (is_worth_a_look(member))
		at = instant_earlier(at, instant_add_ms(now, PORT_RECHECK_MS));
	return at;
}

static void arm_tick(struct supervisor *supervisor, struct instant now)
{
	const bool looks = supervisor->applied_once && supervisor->members.count > 0;
	struct instant at = looks ? supervisor->look_at : NEVER;

	for (size_t i = 0; i < supervisor->members.count; i++)
		at = instant_earlier(at, next_look(supervisor->members.items[i], now));
	timer_arm(supervisor->tick, at);
}

static void say_ready(struct supervisor *supervisor)
{
	if (supervisor->ready_said || !supervisor->applied_once ||
		!supervisor->looked_up || !told_all(supervisor))
		return;
	supervisor->ready_said = true;
	store_say(supervisor->store, "READY=1\nSTATUS=supervising");
}

void supervisor_settle(struct supervisor *supervisor, struct instant now)
{
	struct members *members = &supervisor->members;

	for (size_t i = 0; i < members->count; i++)
		if (members->items[i]->changed)
			settle_member(members->items[i], now);
	/* the health engine first: a service that died must not get another request */
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		told_flush(supervisor, (enum engine)i, now);
	order_settle(supervisor, now);
	apply_settled(supervisor->apply, now);
	control_settled(supervisor->control, now);
	forget_leaving(supervisor);
	say_ready(supervisor);
	arm_tick(supervisor, now);
	supervisor_settled(supervisor, now);
}

/* ---- time ---------------------------------------------------------------------- */

void supervisor_look_at_vips(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (member->service && vip_is_wanted(member->service->declaration))
			member_changed(member);
	}
}

void supervisor_tick(struct supervisor *supervisor, struct instant now)
{
	look_tick(supervisor, now);
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (instant_reached(now, member->readiness->again) ||
			instant_reached(now, member->start_by) ||
			instant_reached(now, member->drain_until) ||
			is_worth_a_look(member))
			member_changed(member);
	}
	task_schedule(supervisor->settle);
}
