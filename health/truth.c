/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * truth.c - the truth table: from what is known of a service to what every face says
 * about it.
 *
 * Pure. First the situation is found, then its row says what follows, then a few facts on
 * top (staleness, deaths in a row, a promise that is overdue) make it worse. Readiness
 * itself is the supervisor's word and is never made up here. A plain status document is
 * not even read: most services are ready most of the time, and many are asked about at
 * once.
 */
#include "health/truth.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"

const char *const situation_words[SITUATION_COUNT] = {
#define X(id, word) [SITUATION_##id] = (word),
	SITUATIONS(X)
#undef X
};
const char *const nagios_words[4] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

enum {
	DEATHS_UNTIL_CRITICAL = 3,
	OVERDUE_UNTIL_CRITICAL_S = 24 * 3600, /* since it was taken out */
	PENDING_UNTIL_WARNING_S = 3600,       /* a change for `svcctl apply` */
};

enum live { DEAD, LIVE, ASIS };

static const struct row {
	enum live live;
	enum verdict verdict;
	enum nagios nagios;
	bool unroute, aside; /* aside: people took it out on purpose */
} rows[SITUATION_COUNT] = {
	/* clang-format off */
	/*                          live  verdict       check            unroute aside */
	[SITUATION_UNTOLD]      = { DEAD, VERDICT_FAIL, NAGIOS_UNKNOWN,  false, false },
	[SITUATION_STARTING]    = { LIVE, VERDICT_FAIL, NAGIOS_WARNING,  false, false },
	[SITUATION_READY]       = { LIVE, VERDICT_PASS, NAGIOS_OK,       false, false },
	[SITUATION_DEGRADED]    = { LIVE, VERDICT_WARN, NAGIOS_WARNING,  false, false },
	[SITUATION_NOT_READY]   = { LIVE, VERDICT_FAIL, NAGIOS_CRITICAL, false, false },
	[SITUATION_DRAINING]    = { LIVE, VERDICT_FAIL, NAGIOS_OK,       true,  true },
	[SITUATION_STOPPED]     = { DEAD, VERDICT_FAIL, NAGIOS_OK,       true,  true },
	[SITUATION_DOWN]        = { DEAD, VERDICT_FAIL, NAGIOS_CRITICAL, false, false },
	[SITUATION_WAITING]     = { DEAD, VERDICT_FAIL, NAGIOS_WARNING,  false, false },
	[SITUATION_FAILED]      = { DEAD, VERDICT_FAIL, NAGIOS_CRITICAL, false, false },
	[SITUATION_DONE]        = { LIVE, VERDICT_PASS, NAGIOS_OK,       false, true },
	[SITUATION_MAINTENANCE] = { ASIS, VERDICT_FAIL, NAGIOS_OK,       true,  true },
	/* clang-format on */
};

bool truth_counts(const struct truth *truth)
{
	return !rows[truth->situation].aside;
}

enum nagios nagios_worse(enum nagios a, enum nagios b)
{
	static const int rank[] = {
		[NAGIOS_OK] = 0,
		[NAGIOS_WARNING] = 1,
		[NAGIOS_UNKNOWN] = 2,
		[NAGIOS_CRITICAL] = 3,
	};

	return rank[a] >= rank[b] ? a : b;
}

/* ---- what stands in the status document -------------------------------------------- */

static bool runs(struct json_t *instance)
{
	return json_get_int(instance, "pid", 0) > 0;
}

static bool any_runs(struct json_t *status)
{
	struct json_t *instances = json_get(status, "instances");

	for (size_t i = 0; i < json_size(instances); i++)
		if (runs(json_item(instances, i)))
			return true;
	return false;
}

/* The first term other than `except` that does not hold; NULL: all hold. */
static struct json_t *failing_term(struct json_t *status)
{
	struct json_t *terms = json_get(status, "terms");

	for (size_t i = 0; i < json_size(terms); i++)
		if (!json_get_bool(json_item(terms, i), "ok", true))
			return json_item(terms, i);
	return NULL;
}

static bool term_holds(struct json_t *status, enum ready_term wanted)
{
	struct json_t *terms = json_get(status, "terms");

	for (size_t i = 0; i < json_size(terms); i++)
		if (text_equal(json_get_text(json_item(terms, i), "term", NULL),
			    ready_term_words[wanted]))
			return json_get_bool(json_item(terms, i), "ok", true);
	return true;
}

/* An instance that has no traffic although others of the service have; NULL: all have. */
static struct json_t *lame_instance(struct json_t *status)
{
	struct json_t *instances = json_get(status, "instances");

	if (text_equal(json_get_text(json_get(status, "job"), "result", NULL), "running"))
		return NULL; /* a rolling restart */
	for (size_t i = 0; i < json_size(instances); i++)
		if (!json_get_bool(json_item(instances, i), "ready", true))
			return json_item(instances, i);
	return NULL;
}

/* ---- which situation --------------------------------------------------------------- */

static enum situation situation_up(struct json_t *status)
{
	if (!term_holds(status, TERM_DRAINING))
		return SITUATION_DRAINING;
	if (!json_get_bool(status, "ready", false))
		return SITUATION_NOT_READY;
	if (text_equal(json_get_text(json_get(status, "verdict"), "value", NULL),
		    verdict_words[VERDICT_WARN]) ||
		failing_term(status) || lame_instance(status))
		return SITUATION_DEGRADED;
	return SITUATION_READY;
}

static enum situation situation_of(struct json_t *status)
{
	static const enum situation by_state[] = {
		[STATE_DOWN] = SITUATION_DOWN,
		[STATE_STARTING] = SITUATION_STARTING,
		[STATE_UP] = SITUATION_READY,
		[STATE_STOPPING] = SITUATION_DRAINING,
		[STATE_WAITING] = SITUATION_WAITING,
		[STATE_FAILED] = SITUATION_FAILED,
		[STATE_DONE] = SITUATION_DONE,
	};
	int state = words_find(state_words, ARRAY_LEN(state_words),
		json_get_text(status, "state", NULL));
	int wanted = words_find(wanted_words, ARRAY_LEN(wanted_words),
		json_get_text(json_get(status, "wanted"), "value", NULL));

	if (state < 0)
		return SITUATION_UNTOLD;
	if (wanted == WANTED_MAINT)
		return SITUATION_MAINTENANCE;
	if (wanted == WANTED_DOWN && state != STATE_DONE)
		return any_runs(status) ? SITUATION_DRAINING : SITUATION_STOPPED;
	return state == STATE_UP ? situation_up(status) : by_state[state];
}

/* ---- why --------------------------------------------------------------------------- */

static const char *first_of(const char *a, const char *b)
{
	return a && *a ? a : b;
}

static void explain_wish(struct truth *truth, struct json_t *status)
{
	struct json_t *wanted = json_get(status, "wanted");
	const char *who = first_of(json_get_text(wanted, "who", NULL), NULL);
	const char *why = first_of(json_get_text(wanted, "why", NULL), NULL);

	snprintf(truth->reason, sizeof(truth->reason), "%s%s%s%s", who ? "by " : "",
		who ? who : "", who && why ? ": " : "", why ? why : "");
	snprintf(truth->public_reason, sizeof(truth->public_reason), "%s",
		"on an operator's word");
}

static void explain_draining(struct truth *truth, struct json_t *status)
{
	double connections;

	if (status_sum(status, "connections", &connections))
		snprintf(truth->reason, sizeof(truth->reason), "%.0f connections",
			connections);
	memcpy(truth->public_reason, truth->reason, sizeof(truth->reason));
}

static void explain_trouble(struct truth *truth, struct json_t *status)
{
	struct json_t *verdict = json_get(status, "verdict");
	struct json_t *term = failing_term(status), *lame = lame_instance(status);
	const char *reason = json_get_text(status, "reason", NULL);

	reason = first_of(reason, json_get_text(verdict, "reason", NULL));
	if (truth->situation == SITUATION_DEGRADED && lame)
		reason = first_of(reason, json_get_text(lame, "why", NULL));
	reason = first_of(reason, json_get_text(term, "reason", NULL));
	snprintf(truth->reason, sizeof(truth->reason), "%s", first_of(reason, ""));
}

static void explain_state(struct truth *truth, struct json_t *status)
{
	const char *why = first_of(json_get_text(status, "why", NULL),
		json_get_text(status, "reason", NULL));

	snprintf(truth->reason, sizeof(truth->reason), "%s", first_of(why, ""));
}

static void explain(struct truth *truth, struct json_t *status)
{
	static void (*const how[SITUATION_COUNT])(struct truth *, struct json_t *) = {
		[SITUATION_STARTING] = explain_state,
		[SITUATION_DEGRADED] = explain_trouble,
		[SITUATION_NOT_READY] = explain_trouble,
		[SITUATION_DRAINING] = explain_draining,
		[SITUATION_STOPPED] = explain_wish,
		[SITUATION_DOWN] = explain_state,
		[SITUATION_WAITING] = explain_state,
		[SITUATION_FAILED] = explain_state,
		[SITUATION_MAINTENANCE] = explain_wish,
	};

	if (truth->situation == SITUATION_UNTOLD)
		snprintf(truth->reason, sizeof(truth->reason),
			"svcd has not told its state yet");
	if (how[truth->situation])
		how[truth->situation](truth, status);
	if (truth->reason[0] && !truth->public_reason[0])
		snprintf(truth->public_reason, sizeof(truth->public_reason),
			"reason withheld");
}

/* ---- what makes it worse ----------------------------------------------------------- */

static void take_row(struct truth *truth, enum situation situation)
{
	const struct row *row = &rows[situation];

	truth->situation = situation;
	truth->live = row->live == LIVE;
	truth->unroute = row->unroute;
	truth->verdict = row->verdict;
	truth->nagios = row->nagios;
}

static void worsen(struct truth *truth, enum nagios nagios)
{
	truth->nagios = nagios_worse(truth->nagios, nagios);
}

/* Stopped, drained or in maintenance for longer than was said: nobody may forget it. */
static void judge_promise(struct truth *truth, struct json_t *status, struct wall now)
{
	struct json_t *wanted = json_get(status, "wanted");
	char text[DURATION_TEXT_BYTES];
	struct wall until, since;
	size_t used = strlen(truth->reason);

	if (!rows[truth->situation].aside ||
		wall_parse(&until, json_get_text(wanted, "until", "")) < 0 ||
		now.us <= until.us)
		return;
	worsen(truth, NAGIOS_WARNING);
	if (wall_parse(&since, json_get_text(wanted, "since", "")) == 0 &&
		now.us - since.us > OVERDUE_UNTIL_CRITICAL_S * (int64_t)US_PER_S)
		worsen(truth, NAGIOS_CRITICAL);
	snprintf(truth->reason + used, sizeof(truth->reason) - used,
		"%sshould have ended %s ago", used ? ", " : "",
		duration_format(now.us - until.us, text));
}

static void add_reason(char *reason, const char *format, const char *what)
{
	size_t used = strlen(reason);

	snprintf(reason + used, REASON_BYTES - used, "%s%s%s", used ? ", " : "", format,
		what);
}

/* Its file: what is refused is said at once, what waits for `svcctl apply` when nobody
 * has come for an hour. */
static void judge_file(struct truth *truth, struct json_t *status, struct wall now)
{
	int64_t waits_us = status_waits_us(status, now);
	char text[DURATION_TEXT_BYTES];
	const char *what = NULL, *since = "";

	if (json_get_bool(status, "stale", false)) {
		what = "runs as accepted earlier: its file is refused";
	} else if (waits_us > PENDING_UNTIL_WARNING_S * (int64_t)US_PER_S) {
		what = "a change waits for `svcctl apply` since ";
		since = duration_format(waits_us, text);
	}
	if (!what)
		return;
	worsen(truth, NAGIOS_WARNING);
	add_reason(truth->reason, what, since);
	add_reason(truth->public_reason, what, since);
}

/* It runs, and nothing but that speaks for it: no port, no word of its own, no check. */
static bool only_runs(
	const struct truth *truth, const struct service *service, int64_t uptime_us)
{
	const struct declaration *declaration = service->declaration;

	return truth->situation == SITUATION_READY && declaration &&
	       declaration->run.ready.by == READY_BY_STARTED &&
	       service->probes_count == 0 &&
	       uptime_us < declaration->run.restart.stable_ms * US_PER_MS;
}

static void judge_deaths(struct truth *truth, struct json_t *status,
	const struct service *service, struct wall now)
{
	int64_t stable_ms =
		service->declaration ? service->declaration->run.restart.stable_ms : 0;
	unsigned deaths = status_deaths_in_a_row(status, MAX(stable_ms, 0) * US_PER_MS);

	if (deaths < DEATHS_UNTIL_CRITICAL)
		return;
	/* a try that has not got anywhere yet is no recovery */
	if (only_runs(truth, service, status_uptime_us(status, now))) {
		take_row(truth, SITUATION_DEGRADED);
		snprintf(truth->public_reason, sizeof(truth->public_reason),
			"it just started, after %u deaths in a row", deaths);
		memcpy(truth->reason, truth->public_reason, sizeof(truth->reason));
		worsen(truth, NAGIOS_CRITICAL);
	}
	if (truth->situation == SITUATION_WAITING ||
		truth->situation == SITUATION_STARTING)
		worsen(truth, NAGIOS_CRITICAL);
}

/* Ready, although a term that only gates becoming ready was lost: svcd is repairing
 * it. */
static void judge_terms(struct truth *truth, struct json_t *status)
{
	if (truth->situation == SITUATION_DEGRADED && failing_term(status))
		worsen(truth, NAGIOS_CRITICAL);
}

static const struct probe *stale_probe(const struct service *service, struct instant now)
{
	for (size_t i = 0; i < service->probes_count; i++)
		if (probe_is_stale(service->probes[i], now))
			return service->probes[i];
	return NULL;
}

static void judge_age(struct truth *truth, const struct picture *picture,
	const struct service *service, const struct moment *now)
{
	const struct probe *probe = stale_probe(service, now->now);
	char age[DURATION_TEXT_BYTES];

	if (picture_is_stale(picture, now->now))
		snprintf(truth->reason, sizeof(truth->reason), "svcd state is %s old",
			duration_format(instant_since_us(now->now, picture->heard), age));
	else if (probe) {
		snprintf(truth->reason, sizeof(truth->reason),
			"stale: check %s is %s old", probe->check->name,
			duration_format(instant_since_us(now->now, probe->at), age));
	} else {
		return;
	}
	memcpy(truth->public_reason, truth->reason, sizeof(truth->reason));
	if (probe)
		truth->as_of = (struct instant){ MIN(truth->as_of.us, probe->at.us) };
	truth->stale = true;
	truth->nagios = NAGIOS_CRITICAL;
	if (truth->verdict == VERDICT_PASS)
		truth->verdict = VERDICT_WARN;
}

bool status_is_plain(struct json_t *status)
{
	return situation_of(status) == SITUATION_READY &&
	       !json_get_bool(status, "stale", false) &&
	       json_size(json_get(status, "refused")) == 0 &&
	       json_size(json_get(status, "pending")) == 0 &&
	       json_kind(json_get(status, "pending_since")) == JSON_IS_NULL &&
	       status_deaths_in_a_row(status, INT64_MAX) < DEATHS_UNTIL_CRITICAL;
}

static void judge_status(
	struct truth *truth, const struct service *service, struct wall now)
{
	_cleanup_(json_freep) struct json_t *status = service_status(service);

	take_row(truth, situation_of(status));
	if (rows[truth->situation].live == ASIS)
		truth->live = any_runs(status);
	truth->ready = json_get_bool(status, "ready", false);
	explain(truth, status);
	judge_deaths(truth, status, service, now);
	judge_terms(truth, status);
	judge_promise(truth, status, now);
	judge_file(truth, status, now);
}

void truth_of(struct truth *ret, const struct picture *picture,
	const struct service *service, const struct moment *now)
{
	struct truth truth = { .as_of = picture->heard };

	if (service->plain) {
		take_row(&truth, SITUATION_READY);
		truth.ready = true;
	} else {
		judge_status(&truth, service, now->wall);
	}
	judge_age(&truth, picture, service, now);
	*ret = truth;
}
