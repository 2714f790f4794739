/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service_facts.c - what engines tell about a service, kept where ready.c and status.c
 * look.
 */
#include <assert.h>
#include <string.h>

#include "base/reason.h"

#include "service/process.h"

enum { CHECKS_MAX = 1024 };

static const struct check *find_check(const struct service *service, const char *name)
{
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		if (text_equal(declaration->health.checks[i].name, name))
			return &declaration->health.checks[i];
	}
	return NULL;
}

static struct check_fact *find_fact(
	struct service *service, const char *name, unsigned instance)
{
	for (size_t i = 0; i < service->checks_count; i++) {
		if (service->checks[i].instance == instance &&
			text_equal(service->checks[i].name, name))
			return &service->checks[i];
	}
	return NULL;
}

struct check_fact *service_add_fact(struct service *service, const char *name)
{
	struct check_fact *facts;

	if (service->checks_count >= CHECKS_MAX)
		return NULL;
	facts = reallocarray(service->checks, service->checks_count + 1, sizeof(*facts));
	if (!facts)
		return NULL;
	service->checks = facts;
	facts += service->checks_count;
	*facts = (struct check_fact){ .name = strdup(name) };
	if (!facts->name)
		return NULL;
	service->checks_count++;
	return facts;
}

static struct instance *find_instance(struct service *service, unsigned number)
{
	return number >= 1 && number <= service->instances_count
		       ? &service->instances[number - 1]
		       : NULL;
}

static enum verdict verdict_of(
	const struct service *service, const struct check *check, unsigned instance)
{
	for (size_t i = 0; i < service->checks_count; i++) {
		const struct check_fact *fact = &service->checks[i];

		if (fact->instance == instance && text_equal(fact->name, check->name))
			return fact->verdict;
	}
	return VERDICT_UNKNOWN;
}

/* The worst of the checks that decide: fail before unknown before warn before pass. */
static enum verdict worst(const struct service *service, unsigned instance)
{
	static const int badness[] = {
		[VERDICT_PASS] = 0,
		[VERDICT_WARN] = 1,
		[VERDICT_UNKNOWN] = 2,
		[VERDICT_FAIL] = 3,
	};
	const struct declaration *declaration = service->declaration;
	enum verdict verdict = VERDICT_PASS;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		const struct check *check = &declaration->health.checks[i];
		enum verdict one = verdict_of(service, check, instance);

		if (check->effect == EFFECT_WARN)
			continue;
		if (badness[one] > badness[verdict])
			verdict = one;
	}
	return verdict;
}

bool service_has_gate(const struct service *service)
{
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		if (declaration->health.checks[i].effect != EFFECT_WARN)
			return true;
	}
	return false;
}

bool service_failing_check(
	const struct service *service, unsigned instance, char ret[static REASON_BYTES])
{
	for (size_t i = 0; i < service->checks_count; i++) {
		const struct check_fact *fact = &service->checks[i];
		const struct check *check = find_check(service, fact->name);

		if (fact->instance != instance || fact->verdict != VERDICT_FAIL ||
			!check || check->effect == EFFECT_WARN)
			continue;
		reason_set(ret, REASON_BYTES, "check %s fails%s%s", fact->name,
			fact->reason[0] ? ": " : "", fact->reason);
		return true;
	}
	return false;
}

void service_forget_facts(struct service *service, unsigned instance)
{
	size_t kept = 0;

	for (size_t i = 0; i < service->checks_count; i++) {
		if (service->checks[i].instance == instance) {
			free(service->checks[i].name);
		} else {
			service->checks[kept++] = service->checks[i];
		}
	}
	service->checks_count = kept;
}

/* ---- liveness ---------------------------------------------------------------------- */

/* The fact of the instance that restarts it first, and when; NULL: none. */
static const struct check_fact *most_pressing(
	const struct process *process, struct instant now, struct instant *ret_due)
{
	const struct instance *instance = process->instance;
	const struct service *service = instance->service;
	const struct check_fact *pressing = NULL;

	*ret_due = NEVER;
	for (size_t i = 0; i < service->checks_count; i++) {
		const struct check_fact *fact = &service->checks[i];
		const struct check *check = find_check(service, fact->name);
		struct instant due;

		if (!check || fact->instance != instance->number)
			continue;
		due = liveness_due(&process->liveness, check, fact, instance->since, now);
		if (due.us < ret_due->us) {
			*ret_due = due;
			pressing = fact;
		}
	}
	return pressing;
}

static void describe_illness(const struct process *process, const struct check_fact *fact,
	struct instant now, char ret[static REASON_BYTES])
{
	const struct service *service = process->instance->service;
	const struct check *check = find_check(service, fact->name);
	unsigned port;
	unsigned row = process->liveness.in_a_row;
	int64_t whole_s = instant_since_us(now, fact->failing) / US_PER_S;
	char lasted[DURATION_TEXT_BYTES];

	assert(check); /* who found the fact found its check */
	port = config_port_of(
		service->declaration, check->port, process->instance->number);
	reason_set(ret, REASON_BYTES, "check %s", check->name);
	if (port && (check->kind == CHECK_HTTP || check->kind == CHECK_TCP))
		reason_add(ret, REASON_BYTES, " on port %u", port);
	reason_add(ret, REASON_BYTES, " fails for %s",
		duration_format(whole_s * US_PER_S, lasted));
	if (row > 0)
		reason_add(ret, REASON_BYTES, " (%u restart%s for it did not help)", row,
			row > 1 ? "s" : "");
	reason_add(ret, REASON_BYTES, ": %s", fact->reason);
}

void process_look_at_liveness(void *owner, struct instant now)
{
	struct process *process = owner;
	struct instance *instance = process->instance;
	struct service_host *host = instance->service->host;
	char why[REASON_BYTES];
	struct instant due;
	const struct check_fact *fact =
		instance->state == STATE_UP ? most_pressing(process, now, &due) : NULL;

	if (!fact) {
		timer_arm(process->ill, NEVER);
		return;
	}
	if (instant_reached(now, due))
		due.us = MAX(due.us, host->own_restarts_from.us);
	if (!instant_reached(now, due)) {
		timer_arm(process->ill, due);
		return;
	}
	host->own_restarts_from = instant_add_ms(now, OWN_RESTARTS_APART_MS);
	describe_illness(process, fact, now, why);
	liveness_restarted(&process->liveness, now);
	instance_on(instance, EVENT_ILL, why, now);
}

/* ---- verdicts ---------------------------------------------------------------------- */

/* Startup checks count for getting ready, whatever their effect. */
static bool has_begun(const struct service *service, unsigned instance)
{
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		const struct check *check = &declaration->health.checks[i];
		enum verdict verdict = verdict_of(service, check, instance);

		if (check->startup && verdict != VERDICT_PASS)
			return false;
	}
	return true;
}

/* One that only warns may have traffic. */
static void judge_readiness(struct instance *instance, struct instant now)
{
	const struct service *service = instance->service;

	instance->verdict = worst(service, instance->number);
	if ((instance->verdict == VERDICT_PASS || instance->verdict == VERDICT_WARN) &&
		instance->exec_done &&
		service->declaration->run.ready.by == READY_BY_CHECK &&
		has_begun(service, instance->number))
		instance_on(instance, EVENT_READY, NULL, now);
}

/* False: the same as before. */
static bool keep(
	struct check_fact *kept, const struct check_fact *fact, struct instant now)
{
	struct check_fact before = *kept;

	*kept = *fact;
	kept->name = before.name;
	kept->heard = now;
	kept->failing = before.verdict == VERDICT_FAIL ? before.failing : now;
	return before.verdict != kept->verdict ||
	       !text_equal(before.reason, kept->reason);
}

static void tell(struct service *service, bool turned, struct instant now)
{
	struct service_host *host = service->host;

	if (turned || !host->refreshed)
		host->changed(host->owner, service, now);
	else
		host->refreshed(host->owner, service);
}

void service_verdict(
	struct service *service, const struct check_fact *fact, struct instant now)
{
	const struct check *check = find_check(service, fact->name);
	struct instance *instance = find_instance(service, fact->instance);
	struct check_fact *kept;

	if (!check || (instance && instance_is_free(instance)))
		return; /* of a declaration or a process that is no more */
	kept = find_fact(service, fact->name, fact->instance);
	if (!kept)
		kept = service_add_fact(service, fact->name);
	if (!kept)
		return;
	tell(service, keep(kept, fact, now), now);
	if (!instance)
		return;
	judge_readiness(instance, now);
	if (check->effect == EFFECT_LIVE && fact->verdict == VERDICT_PASS) {
		liveness_passed(&instance->process->liveness, check, now);
		process_feed_watchdog(instance->process, now);
	}
	process_look_at_liveness(instance->process, now);
	task_schedule(service->settle);
}

void service_firewall(
	struct service *service, bool applied, const char *reason, struct instant now)
{
	service->firewall_applied = applied;
	remark_set(&service->firewall_reason, "%s", reason ? reason : "");
	service->host->changed(service->host->owner, service, now);
}
