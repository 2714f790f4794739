/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * facts.c - what engines report, put where ready.c and status.c look for it. A row per
 * message.
 *
 * An engine is another user's process: what it says is checked as a stranger's.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/reason.h"
#include "base/words.h"

#include "service/service.h"
#include "supervisor/supervisor.h"

enum {
	TAIL_LINES = 20,
	/* Questions about what is gone by now are normal; so many in so long are not. */
	MOOT_QUESTIONS_MAX = 1000,
	MOOT_QUESTIONS_S = 10,
};

typedef void fact_fn(struct supervisor *supervisor, const struct json_t *body);

static struct member *member_of(
	const struct supervisor *supervisor, const struct json_t *body)
{
	struct member *member =
		members_find(&supervisor->members, json_get_text(body, "service", ""));

	return member && member->service ? member : NULL;
}

static bool is_declared(const struct service *service, const char *check)
{
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++)
		if (strcmp(declaration->health.checks[i].name, check) == 0)
			return true;
	return false;
}

/* The process that it is about still is that instance's. */
static bool is_present(const struct service *service, const struct json_t *body)
{
	int64_t number = json_get_int(body, "instance", 0);

	return number >= 1 && number <= service->instances_count &&
	       json_get_int(body, "generation", 0) ==
		       service->instances[number - 1].generation;
}

/* Text of a stranger's, as a person may see it. */
static void take_reason(char ret[static REASON_BYTES], const struct json_t *body)
{
	const char *reason = json_get_text(body, "reason", "");
	struct text shown = { 0 };

	text_add_shown(&shown, reason, strnlen(reason, REASON_BYTES - 1));
	reason_set(ret, REASON_BYTES, "%s", shown.bytes ? shown.bytes : "");
	text_done(&shown);
}

static void take_verdict(struct supervisor *supervisor, const struct json_t *body)
{
	struct member *member = member_of(supervisor, body);
	struct wall wall = loop_wall(supervisor->loop);
	int verdict = words_find(verdict_words, ARRAY_LEN(verdict_words),
		json_get_text(body, "verdict", ""));
	const char *check = json_get_text(body, "check", "");
	_cleanup_free_ char *name = strdup(check);
	struct check_fact fact = { .name = name,
		.verdict = (enum verdict)verdict,
		.latency_us = MAX(json_get_int(body, "latency_us", 0), 0),
		.at = { MIN(json_get_int(body, "at_us", wall.us), wall.us) },
		.instance = (unsigned)json_get_int(body, "instance", 0) };

	if (!member || verdict < 0 || !name || !is_declared(member->service, check) ||
		!is_present(member->service, body))
		return;
	take_reason(fact.reason, body);
	service_verdict(member->service, &fact, loop_now(supervisor->loop));
	member_changed(member);
}

/* The engine was told otherwise, or is about to be: it needs no answer. One that goes on
 * asking for what is not there has lost its mind. */
static void take_moot(struct supervisor *supervisor, struct instant now)
{
	struct questions *questions = &supervisor->questions;

	if (instant_since_ms(now, questions->since) >
		(int64_t)MOOT_QUESTIONS_S * MS_PER_S)
		*questions = (struct questions){ .since = now };
	if (++questions->moot <= MOOT_QUESTIONS_MAX)
		return;
	*questions = (struct questions){ .since = now };
	engine_restart(supervisor->engines[ENGINE_HEALTH],
		"asks again and again for checks that are not declared");
}

static void take_probe(struct supervisor *supervisor, const struct json_t *body)
{
	struct member *member = member_of(supervisor, body);
	struct instant now = loop_now(supervisor->loop);

	if (!member || supervisor->stopping ||
		!probes_ask(supervisor->probes, member->service, body, now))
		take_moot(supervisor, now);
}

void facts_probed(void *owner, struct json_t *body)
{
	struct supervisor *supervisor = owner;

	(void)engine_send(supervisor->engines[ENGINE_HEALTH], MESSAGE_PROBED, body, -1);
}

static void take_applied(struct supervisor *supervisor, const struct json_t *body)
{
	struct member *member = member_of(supervisor, body);
	uint64_t generation = (uint64_t)json_get_int(body, "generation", 0);

	/* about an older declaration: the answer to the newest is on its way */
	if (!member || !told_is_newest(member, ENGINE_FIREWALL, generation))
		return;
	service_firewall(member->service, json_get_bool(body, "ok", false),
		json_get_text(body, "reason", ""), loop_now(supervisor->loop));
	member_changed(member);
}

static uint64_t counter(const struct json_t *row, const char *key)
{
	int64_t number = json_get_int(row, key, 0);

	return number > 0 ? (uint64_t)number : 0;
}

static void take_counters(struct supervisor *supervisor, const struct json_t *body)
{
	const struct json_t *services = json_get(body, "services");

	for (size_t i = 0; i < supervisor->members.count; i++) {
		struct member *member = supervisor->members.items[i];
		const struct json_t *row = json_get(services, member->name);
		struct service *service = member->service;
		uint64_t accepted = counter(row, "accepted"),
			 dropped = counter(row, "dropped");

		if (!row || !service ||
			(service->accepted_packets == accepted &&
				service->dropped_packets == dropped))
			continue;
		service->accepted_packets = accepted;
		service->dropped_packets = dropped;
		member_changed(member);
	}
}

static void take_foreign(struct supervisor *supervisor, const struct json_t *body)
{
	supervisor_say(supervisor, (struct about){ NULL, "firewall", LOG_WARNING },
		"firewall: %s",
		json_get_text(body, "text", "another program changed our table"));
}

static void take_tail(struct supervisor *supervisor, const struct json_t *body)
{
	struct member *member = member_of(supervisor, body);
	const struct json_t *lines = json_get(body, "lines");
	struct text tail = { 0 };

	if (!member)
		return;
	for (size_t i = 0; i < json_size(lines); i++) {
		const struct json_t *line = json_item(lines, i);
		const char *text = json_kind(line) == JSON_IS_MAP
					   ? json_get_text(line, "text", "")
					   : json_text(line);

		text_addf(&tail, "%s%s", i > 0 ? "\n" : "", text ? text : "");
	}
	if (!text_failed(&tail) && tail.size > 0) {
		exits_hear(member->service, (uint64_t)json_get_int(body, "exit", 0),
			tail.bytes);
		member_changed(member);
	}
	text_done(&tail);
}

/* Nobody answers it; who sends it was asked about the services. */
static void take_alive(struct supervisor *supervisor, const struct json_t *body)
{
	(void)body;
	supervisor_look(supervisor, loop_now(supervisor->loop));
}

static const struct {
	enum engine from;
	fact_fn *take;
} rows[MESSAGE_COUNT] = {
	[MESSAGE_ALIVE] = { ENGINE_HEALTH, take_alive },
	[MESSAGE_VERDICT] = { ENGINE_HEALTH, take_verdict },
	[MESSAGE_PROBE] = { ENGINE_HEALTH, take_probe },
	[MESSAGE_APPLIED] = { ENGINE_FIREWALL, take_applied },
	[MESSAGE_COUNTERS] = { ENGINE_FIREWALL, take_counters },
	[MESSAGE_FOREIGN] = { ENGINE_FIREWALL, take_foreign },
	[MESSAGE_TAIL] = { ENGINE_LOG, take_tail },
};

void facts_take(struct supervisor *supervisor, enum engine which, enum message_kind kind,
	const struct json_t *body)
{
	if (kind == MESSAGE_ACK)
		told_answer(supervisor, which, body, loop_now(supervisor->loop));
	else if (rows[kind].take && rows[kind].from == which)
		rows[kind].take(supervisor, body);
}

void facts_ask_tail(struct supervisor *supervisor, const char *service,
	const struct exit_record *exit)
{
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	int r = 0;

	r |= json_set_text(body, "service", service);
	r |= json_set_int(body, "instance", exit->instance);
	r |= json_set_int(body, "exit", (int64_t)exit->number);
	r |= json_set_int(body, "lines", TAIL_LINES);
	if (r == 0 && engine_listens(supervisor->engines[ENGINE_LOG]))
		(void)engine_send(
			supervisor->engines[ENGINE_LOG], MESSAGE_TAIL, TAKE(body), -1);
}
