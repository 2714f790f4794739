/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service_facts.c - what engines tell about a service, kept where ready.c and status.c
 * look.
 */
#include <string.h>

#include "base/reason.h"

#include "supervisor/process.h"

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

static struct check_fact *add_fact(
	struct service *service, const char *name, unsigned instance)
{
	struct check_fact *facts;

	if (service->checks_count >= CHECKS_MAX)
		return NULL;
	facts = reallocarray(service->checks, service->checks_count + 1, sizeof(*facts));
	if (!facts)
		return NULL;
	service->checks = facts;
	facts += service->checks_count;
	*facts = (struct check_fact){ .name = strdup(name), .instance = instance };
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
		enum verdict one = VERDICT_UNKNOWN;

		if (check->effect == EFFECT_WARN)
			continue;
		for (size_t k = 0; k < service->checks_count; k++) {
			if (service->checks[k].instance == instance &&
				text_equal(service->checks[k].name, check->name))
				one = service->checks[k].verdict;
		}
		if (badness[one] > badness[verdict])
			verdict = one;
	}
	return verdict;
}

/* A check with effect live gets its own, longer patience before it restarts anything. */
static void judge_liveness(struct process *process, const struct check *check,
	const struct check_fact *fact, struct instant now)
{
	char after[DURATION_TEXT_BYTES];

	if (check->effect != EFFECT_LIVE)
		return;
	if (fact->verdict != VERDICT_FAIL || process->instance->state != STATE_UP) {
		timer_arm(process->ill, NEVER);
		return;
	}
	if (timer_is_armed(process->ill))
		return;
	duration_format(check->live_after_ms * US_PER_MS, after);
	reason_set(process->illness, sizeof(process->illness),
		"check %s fails for %s: %s", check->name, after, fact->reason);
	timer_arm(process->ill, instant_add_ms(now, check->live_after_ms));
}

void service_verdict(
	struct service *service, const struct check_fact *fact, struct instant now)
{
	const struct check *check = find_check(service, fact->name);
	struct instance *instance = find_instance(service, fact->instance);
	struct check_fact *kept;
	char *name;

	if (!check)
		return; /* of a declaration that is no more */
	kept = find_fact(service, fact->name, fact->instance);
	if (!kept)
		kept = add_fact(service, fact->name, fact->instance);
	if (!kept)
		return;
	name = kept->name;
	*kept = *fact;
	kept->name = name;
	service->host->changed(service->host->owner, service, now);
	if (!instance)
		return;
	instance->verdict = worst(service, instance->number);
	judge_liveness(instance->process, check, kept, now);
	if (instance->verdict == VERDICT_PASS && instance->exec_done &&
		service->declaration->run.ready.by == READY_BY_CHECK)
		instance_on(instance, EVENT_READY, NULL, now);
}

void service_firewall(
	struct service *service, bool applied, const char *reason, struct instant now)
{
	service->firewall_applied = applied;
	reason_set(service->firewall_reason, sizeof(service->firewall_reason), "%s",
		reason ? reason : "");
	service->host->changed(service->host->owner, service, now);
}
