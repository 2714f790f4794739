/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * order.c - who starts after whom, and who stops before whom.
 *
 * A service waits until what it depends on is ready, but not for ever: one that is ill
 * must not keep others down. For a one-shot it waits until that is done, however long
 * that takes: to run before a migration is worse than not to run. A circle is refused
 * when declarations are read; where one came about by what runs as accepted earlier, it
 * is cut anywhere.
 */
#include "supervisor/order.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "supervisor/supervisor.h"

enum { PATIENCE_MS = 30 * MS_PER_S }; /* of a start, for services */

/* ---- whom it waits for ---------------------------------------------------------- */

static bool is_oneshot(const struct member *member)
{
	return member->service->declaration->run.kind == RUN_ONESHOT;
}

/* What others wait for is there. */
static bool is_there(const struct member *member)
{
	return is_oneshot(member) ? service_state(member->service) == STATE_DONE
				  : member->readiness->ready;
}

static bool depends_on(const struct member *member, const struct member *other)
{
	return strings_have(&member->service->declaration->depends.services, other->name);
}

/* The first that has to be there before this one starts; NULL: none. */
static const struct member *missing_dependency(const struct member *member)
{
	const struct strings *names = &member->service->declaration->depends.services;

	for (size_t i = 0; i < names->count; i++) {
		const struct member *other =
			members_find(&member->supervisor->members, names->items[i]);

		if (other && other != member && other->service && !other->leaving &&
			other->service->wanted == WANTED_UP && !is_there(other) &&
			!(member->impatient && !is_oneshot(other)))
			return other;
	}
	return NULL;
}

static bool is_stopping(const struct member *member)
{
	return member->service && member->service->wanted == WANTED_DOWN &&
	       !service_is_stopped(member->service);
}

/* The first that has to be gone before this one stops; NULL: none. */
static const struct member *stopping_dependant(const struct member *member)
{
	const struct members *members = &member->supervisor->members;

	for (size_t i = 0; i < members->count; i++) {
		const struct member *other = members->items[i];

		if (other != member && is_stopping(other) && depends_on(other, member))
			return other;
	}
	return NULL;
}

/* ---- waiting -------------------------------------------------------------------- */

static void describe_missing(
	const struct member *member, const struct member *other, char *ret, size_t size)
{
	const char *why = service_why(other->service);

	if (is_oneshot(other)) {
		snprintf(ret, size,
			"waits until %s is done, which is %s%s%.100s; `svcctl start %s` "
			"starts it anyway",
			other->name, state_words[service_state(other->service)],
			why[0] ? ": " : "", why, member->name);
	} else {
		snprintf(ret, size,
			"waits for %s, which it depends on; `svcctl start %s` starts it "
			"anyway",
			other->name, member->name);
	}
}

static void wait_for(struct member *member, const struct member *other)
{
	char text[REASON_BYTES];

	if (member->service->held == JOB_START)
		describe_missing(member, other, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "stops after %s, which depends on it",
			other->name);
	if (strcmp(text, remark_text(&member->waits_for)) == 0)
		return;
	remark_set(&member->waits_for, "%s", text);
	member_changed(member);
}

static void stop_waiting(struct member *member)
{
	if (!member->waits_for.text && member->start_by.us == NEVER.us)
		return;
	member->start_by = NEVER;
	member->impatient = false;
	remark_clear(&member->waits_for);
	member_changed(member);
}

static void let_go(struct member *member, struct instant now)
{
	stop_waiting(member);
	service_let_go(member->service, now);
}

static void lose_patience(
	struct member *member, const struct member *missing, struct instant now)
{
	if (member->start_by.us == NEVER.us && !member->impatient)
		member->start_by = instant_add_ms(now, PATIENCE_MS);
	if (!instant_reached(now, member->start_by))
		return;
	member->start_by = NEVER;
	member->impatient = true;
	if (!is_oneshot(missing)) {
		supervisor_say(member->supervisor,
			(struct about){ member->name, "dependency", LOG_WARNING },
			"starts without %s, which was not ready within %ds",
			missing->name, PATIENCE_MS / MS_PER_S);
	}
}

static void look_at_start(struct member *member, struct instant now)
{
	const struct member *missing = missing_dependency(member);

	if (missing) {
		lose_patience(member, missing, now);
		missing = missing_dependency(member);
	}
	if (missing)
		wait_for(member, missing);
	else
		let_go(member, now);
}

/* Not wanted any more, it is ready in no face: who asks for that has this long to look
 * elsewhere. */
static bool drains(struct member *member, struct instant now)
{
	if (member->drain_until.us == NEVER.us)
		return false;
	if (instant_reached(now, member->drain_until)) {
		member->drain_until = NEVER;
		return false;
	}
	if (!member->waits_for.text)
		member_changed(member);
	remark_set(&member->waits_for,
		"drains: it stops when clients had run.drain.settle to look elsewhere");
	return true;
}

void order_stop_drained(
	struct member *member, const struct decision *decision, struct instant now)
{
	const struct declaration *declaration = member->service->declaration;

	if (member->readiness->ready && declaration->listen_count > 0)
		member->drain_until =
			instant_add_ms(now, declaration->run.drain.settle_ms);
	service_stop_later(member->service, decision, now);
	member_changed(member);
}

static void look_at_stop(struct member *member, struct instant now)
{
	const struct member *other = stopping_dependant(member);

	if (other)
		wait_for(member, other);
	else if (!drains(member, now))
		let_go(member, now);
}

/* All that stop wait for each other: the first of them begins. */
static void cut_circle(struct supervisor *supervisor, struct instant now)
{
	struct member *first = NULL;

	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (!is_stopping(member))
			continue;
		if (member->service->held != JOB_STOP ||
			member->drain_until.us != NEVER.us)
			return;
		first = first ? first : member;
	}
	if (first)
		let_go(first, now);
}

void order_settle(struct supervisor *supervisor, struct instant now)
{
	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];

		if (!member->service)
			continue;
		if (member->service->held == JOB_START)
			look_at_start(member, now);
		else if (member->service->held == JOB_STOP)
			look_at_stop(member, now);
		else
			stop_waiting(member);
	}
	cut_circle(supervisor, now);
}
