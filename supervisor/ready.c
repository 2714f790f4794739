/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ready.c - the conjunction, a row per term.
 *
 * `firewall` and `vip` gate only becoming ready: lost later (a foreign `flush ruleset`)
 * they mean repair and an alarm, not a fleet that depools itself.
 *
 * Not here: how the facts are found (measure.c, engines), and who is told (supervisor.c).
 */
#include "supervisor/ready.h"

#include <stdio.h>
#include <string.h>

typedef void judge_fn(struct term *ret, const struct ready_facts *facts);

__attribute__((format(printf, 2, 3))) static void refuse(
	struct term *term, const char *format, ...)
{
	va_list args;

	term->ok = false;
	va_start(args, format);
	vsnprintf(term->reason, sizeof(term->reason), format, args);
	va_end(args);
}

static void judge_wanted(struct term *ret, const struct ready_facts *facts)
{
	const struct service *service = facts->service;
	const char *verb = service->wanted == WANTED_MAINT ? "in maintenance" : "stopped";
	const char *why = remark_text(&service->wish.why);

	if (service->wanted != WANTED_UP) {
		refuse(ret, "%s by %s%s%s; `svcctl start %s` starts it", verb,
			service->wish.who[0] ? service->wish.who : "an operator",
			why[0] ? ": " : "", why, service->name);
	}
}

static void judge_state(struct term *ret, const struct ready_facts *facts)
{
	const struct service *service = facts->service;
	const char *why = service_why(service);

	if (service_state(service) != STATE_UP)
		refuse(ret, "%s%s%s", state_words[service_state(service)],
			why[0] ? ": " : "", why);
}

static void judge_verdict(struct term *ret, const struct ready_facts *facts)
{
	char reason[REASON_BYTES];

	if (ready_verdict(facts->service, reason) == VERDICT_FAIL)
		refuse(ret, "%s", reason);
}

static void judge_port(struct term *ret, const struct ready_facts *facts)
{
	*ret = facts->port;
}

static void judge_firewall(struct term *ret, const struct ready_facts *facts)
{
	const char *reason = remark_text(&facts->service->firewall_reason);

	if (facts->firewall_on && !facts->service->firewall_applied)
		refuse(ret, "%s",
			reason[0] ? reason : "its rules are not in the kernel yet");
}

static void judge_vip(struct term *ret, const struct ready_facts *facts)
{
	*ret = facts->vip;
}

/* While another is up, who is about to go is not the service's matter. */
static void judge_draining(struct term *ret, const struct ready_facts *facts)
{
	const struct instance *draining = NULL;

	for (unsigned i = 0; i < facts->service->instances_count; i++) {
		const struct instance *instance = &facts->service->instances[i];

		if (instance->state != STATE_UP)
			continue;
		if (!instance->draining)
			return;
		draining = instance;
	}
	if (draining)
		refuse(ret, "draining: %s",
			draining->why[0] ? draining->why : "it is about to go");
}

/* When the instance that is up for longest got there; NEVER: none is up. */
static struct instant up_since(const struct service *service)
{
	struct instant first = NEVER;

	for (unsigned i = 0; i < service->instances_count; i++)
		if (service->instances[i].state == STATE_UP)
			first = instant_earlier(first, service->instances[i].since);
	return first;
}

static struct instant warm_at(const struct ready_facts *facts)
{
	int64_t slow_start_ms = facts->service->declaration->health.slow_start_ms;

	return instant_add_ms(
		up_since(facts->service), slow_start_ms > 0 ? slow_start_ms : 0);
}

static void judge_warm(struct term *ret, const struct ready_facts *facts)
{
	struct instant at = warm_at(facts);
	char left[DURATION_TEXT_BYTES];

	if (at.us == NEVER.us || instant_reached(facts->now, at))
		return; /* what is not up is the state's matter */
	refuse(ret, "slow start: %s to go",
		duration_format(instant_since_us(at, facts->now), left));
}

static const struct {
	judge_fn *judge;
	bool only_becoming; /* gates becoming ready, not staying it */
} rows[TERM_COUNT] = {
	[TERM_WANTED] = { judge_wanted },
	[TERM_STATE] = { judge_state },
	[TERM_VERDICT] = { judge_verdict },
	[TERM_PORT] = { judge_port },
	[TERM_FIREWALL] = { judge_firewall, .only_becoming = true },
	[TERM_VIP] = { judge_vip, .only_becoming = true },
	[TERM_DRAINING] = { judge_draining },
	[TERM_WARM] = { judge_warm },
};

void ready_judge(struct readiness *ret, const struct ready_facts *facts)
{
	struct instant warm = warm_at(facts);

	*ret = (struct readiness){ .ready = true, .again = NEVER };
	for (size_t i = 0; i < TERM_COUNT; i++) {
		struct term *term = &ret->terms[i];

		term->ok = true;
		rows[i].judge(term, facts);
		if (term->ok || (rows[i].only_becoming && facts->was_ready))
			continue;
		if (ret->ready)
			memcpy(ret->reason, term->reason, sizeof(ret->reason));
		ret->ready = false;
	}
	if (!instant_reached(facts->now, warm))
		ret->again = warm;
}

/* ---- the verdict --------------------------------------------------------------- */

static enum check_effect effect_of(const struct service *service, const char *check)
{
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++)
		if (strcmp(declaration->health.checks[i].name, check) == 0)
			return declaration->health.checks[i].effect;
	return EFFECT_WARN;
}

/* What one check means for the whole: without the effect of keeping out it can only
 * warn, as does one that is broken (it has a reason; one not asked yet has none). */
static enum verdict weighed(const struct service *service, const struct check_fact *check)
{
	if (check->verdict == VERDICT_FAIL &&
		effect_of(service, check->name) == EFFECT_WARN)
		return VERDICT_WARN;
	if (check->verdict == VERDICT_UNKNOWN && check->reason[0])
		return VERDICT_WARN;
	return check->verdict;
}

/* Who is about to go speaks for the service only when nobody else is up. */
static int worth(const struct instance *instance)
{
	return 2 * !instance->draining + (instance->verdict != VERDICT_FAIL);
}

static const struct instance *best_instance(const struct service *service)
{
	const struct instance *best = NULL;

	for (unsigned i = 0; i < service->instances_count; i++) {
		const struct instance *instance = &service->instances[i];

		if (instance->state == STATE_UP &&
			(!best || worth(instance) > worth(best)))
			best = instance;
	}
	return best;
}

static const struct check_fact *worst_check(
	const struct service *service, unsigned instance, enum verdict *ret)
{
	const struct check_fact *worst = NULL;

	*ret = VERDICT_UNKNOWN;
	for (size_t i = 0; i < service->checks_count; i++) {
		const struct check_fact *check = &service->checks[i];
		enum verdict verdict = weighed(service, check);

		if (instance && check->instance && check->instance != instance)
			continue;
		if (verdict > *ret) {
			*ret = verdict;
			worst = check;
		}
	}
	return worst;
}

static void say_check(const struct check_fact *check, char reason[static REASON_BYTES])
{
	snprintf(reason, REASON_BYTES, "check %.60s: %.180s", check->name,
		check->reason[0] ? check->reason : verdict_words[check->verdict]);
}

enum verdict ready_verdict(
	const struct service *service, char reason[static REASON_BYTES])
{
	const struct instance *best = best_instance(service);
	const struct check_fact *worst;
	enum verdict of_best, of_all;

	reason[0] = '\0';
	if (!best)
		return VERDICT_UNKNOWN;
	worst = worst_check(service, best->number, &of_best);
	if (best->verdict == VERDICT_FAIL)
		of_best = VERDICT_FAIL;
	if (of_best == VERDICT_UNKNOWN && service->declaration->health.checks_count == 0)
		of_best = VERDICT_PASS;
	if (of_best <= VERDICT_PASS) { /* one well instance among ill ones: degraded */
		worst = worst_check(service, 0, &of_all);
		if (of_all > VERDICT_PASS)
			of_best = VERDICT_WARN;
	}
	if (of_best > VERDICT_PASS && worst)
		say_check(worst, reason);
	else if (of_best == VERDICT_UNKNOWN)
		snprintf(reason, REASON_BYTES, "no check has answered yet");
	return of_best;
}
