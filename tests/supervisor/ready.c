/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ready.c - who may have traffic: a case is a good service with one thing changed.
 */
#include "supervisor/ready.h"

#include <stdio.h>

#include "tests/supervisor/sample.h"
#include "tests/test.h"

struct scene {
	struct sample sample;
	struct ready_facts facts;
};

static void set_up(struct scene *scene)
{
	sample_init(&scene->sample);
	scene->facts = (struct ready_facts){ .service = &scene->sample.service,
		.firewall_on = true,
		.port = { .ok = true },
		.vip = { .ok = true },
		.now = SAMPLE_NOW };
}

static void nothing_changed(struct scene *scene)
{
	(void)scene;
}

static void stopped_by_alice(struct scene *scene)
{
	struct service *service = &scene->sample.service;

	service->wanted = WANTED_DOWN;
	snprintf(service->wish.who, sizeof(service->wish.who), "alice");
	remark_set(&service->wish.why, "kernel upgrade");
}

static void in_maintenance(struct scene *scene)
{
	stopped_by_alice(scene);
	scene->sample.service.wanted = WANTED_MAINT;
}

static void died(struct scene *scene)
{
	struct instance *instance = &scene->sample.instances[0];

	instance->state = STATE_WAITING;
	snprintf(instance->why, sizeof(instance->why), "exit 1, again in 3s");
}

static void check_fails(struct scene *scene)
{
	struct check_fact *fact = &scene->sample.fact;

	scene->sample.instances[0].verdict = VERDICT_FAIL;
	fact->verdict = VERDICT_FAIL;
	snprintf(fact->reason, sizeof(fact->reason), "HTTP 500");
}

static void check_that_warns_fails(struct scene *scene)
{
	check_fails(scene);
	scene->sample.instances[0].verdict = VERDICT_PASS;
	scene->sample.check.effect = EFFECT_WARN;
}

static void no_check_answered(struct scene *scene)
{
	scene->sample.service.checks_count = 0;
	scene->sample.instances[0].verdict = VERDICT_UNKNOWN;
}

static void check_is_broken(struct scene *scene)
{
	struct check_fact *fact = &scene->sample.fact;

	scene->sample.instances[0].verdict = VERDICT_UNKNOWN;
	fact->verdict = VERDICT_UNKNOWN;
	snprintf(fact->reason, sizeof(fact->reason), "exec check_queue: no such file");
}

static void one_of_two_is_well(struct scene *scene)
{
	check_fails(scene);
	scene->sample.service.instances_count = 2;
}

static void port_is_closed(struct scene *scene)
{
	scene->facts.port = (struct term){ false, "nothing listens on port 10042" };
}

static void firewall_is_missing(struct scene *scene)
{
	scene->sample.service.firewall_applied = false;
}

static void firewall_is_lost(struct scene *scene)
{
	firewall_is_missing(scene);
	scene->facts.was_ready = true;
}

static void firewall_is_off(struct scene *scene)
{
	firewall_is_missing(scene);
	scene->facts.firewall_on = false;
}

static void vip_is_missing(struct scene *scene)
{
	scene->facts.vip = (struct term){ false, "VIP 10.2.2.20 is not on lo" };
}

static void vip_is_lost(struct scene *scene)
{
	vip_is_missing(scene);
	scene->facts.was_ready = true;
}

static void draining(struct scene *scene)
{
	struct instance *instance = &scene->sample.instances[0];

	instance->draining = true;
	snprintf(instance->why, sizeof(instance->why), "it says that it is stopping");
	scene->facts.was_ready = true;
}

static void one_of_two_drains(struct scene *scene)
{
	draining(scene);
	scene->sample.service.instances_count = 2;
}

static void the_well_one_of_two_drains(struct scene *scene)
{
	one_of_two_is_well(scene);
	scene->sample.instances[1].draining = true;
}

static void one_drains_and_one_is_dead(struct scene *scene)
{
	one_of_two_drains(scene);
	scene->sample.instances[1].state = STATE_WAITING;
}

static void slow_start(struct scene *scene)
{
	scene->sample.declaration.health.slow_start_ms = 90000;
}

static void slow_start_is_over(struct scene *scene)
{
	scene->sample.declaration.health.slow_start_ms = 60000;
}

static void down_and_closed(struct scene *scene)
{
	died(scene);
	port_is_closed(scene);
	scene->sample.declaration.health.slow_start_ms = 90000;
}

static const struct {
	const char *rule;
	void (*change)(struct scene *scene);
	const char *reason; /* NULL: ready */
} cases[] = {
	{ "a good service is ready", nothing_changed, NULL },
	{ "an operator's stop keeps it out, with who and why", stopped_by_alice,
		"stopped by alice: kernel upgrade; `svcctl start mathoid` starts it" },
	{ "so does maintenance", in_maintenance,
		"in maintenance by alice: kernel upgrade; `svcctl start mathoid` starts "
		"it" },
	{ "a dead process keeps it out", died, "waiting: exit 1, again in 3s" },
	{ "a failing check keeps it out", check_fails, "check info: HTTP 500" },
	{ "a failing check that may only warn does not", check_that_warns_fails, NULL },
	{ "a check that has not answered yet does not", no_check_answered, NULL },
	{ "a check that is broken does not", check_is_broken, NULL },
	{ "one well instance among two is enough", one_of_two_is_well, NULL },
	{ "a closed port keeps it out", port_is_closed, "nothing listens on port 10042" },
	{ "it does not become ready before its rules are in the kernel",
		firewall_is_missing, "its rules are not in the kernel yet" },
	{ "rules that are lost later do not take it out", firewall_is_lost, NULL },
	{ "a firewall that is off is not waited for", firewall_is_off, NULL },
	{ "it does not become ready before its VIP", vip_is_missing,
		"VIP 10.2.2.20 is not on lo" },
	{ "a VIP that is lost later does not take it out", vip_is_lost, NULL },
	{ "draining takes it out", draining, "draining: it says that it is stopping" },
	{ "not while another serves", one_of_two_drains, NULL },
	{ "one that is dead does not serve", one_drains_and_one_is_dead,
		"draining: it says that it is stopping" },
	{ "nor does one whose check fails", the_well_one_of_two_drains,
		"check info: HTTP 500" },
	{ "it is kept out while it warms up", slow_start, "slow start: 30s to go" },
	{ "but not longer", slow_start_is_over, NULL },
	{ "the first term that does not hold is the reason", down_and_closed,
		"waiting: exit 1, again in 3s" },
};

static void readiness_is_the_conjunction_of_its_terms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scene scene;
		struct readiness readiness;

		set_up(&scene);
		cases[i].change(&scene);
		ready_judge(&readiness, &scene.facts);
		if (readiness.ready != (cases[i].reason == NULL) ||
			strcmp(readiness.reason,
				cases[i].reason ? cases[i].reason : "") != 0)
			fail_msg("%s: %s", cases[i].rule, readiness.reason);
		sample_done(&scene.sample);
	}
}

static void a_term_that_only_gates_becoming_ready_is_still_shown(void **state)
{
	struct scene scene;
	struct readiness readiness;

	(void)state;
	set_up(&scene);
	firewall_is_lost(&scene);
	ready_judge(&readiness, &scene.facts);
	assert_true(readiness.ready);
	assert_false(readiness.terms[TERM_FIREWALL].ok);
	assert_true(readiness.terms[TERM_FIREWALL].reason[0] != '\0');
	sample_done(&scene.sample);
}

static void slow_start_names_the_moment_when_it_ends(void **state)
{
	struct scene scene;
	struct readiness readiness;

	(void)state;
	set_up(&scene);
	slow_start(&scene);
	ready_judge(&readiness, &scene.facts);
	assert_int_equal(
		instant_since_us(readiness.again, SAMPLE_NOW), 30 * (int64_t)US_PER_S);
	scene.facts.now = readiness.again;
	ready_judge(&readiness, &scene.facts);
	assert_true(readiness.ready);
	assert_int_equal(readiness.again.us, NEVER.us);
	sample_done(&scene.sample);
}

static const struct {
	const char *rule;
	void (*change)(struct scene *scene);
	enum verdict verdict;
	const char *reason;
} verdicts[] = {
	{ "checks that pass", nothing_changed, VERDICT_PASS, "" },
	{ "one that fails", check_fails, VERDICT_FAIL, "check info: HTTP 500" },
	{ "one that may only warn", check_that_warns_fails, VERDICT_WARN,
		"check info: HTTP 500" },
	{ "one of two instances fails: degraded", one_of_two_is_well, VERDICT_WARN,
		"check info: HTTP 500" },
	{ "one that is broken", check_is_broken, VERDICT_WARN,
		"check info: exec check_queue: no such file" },
	{ "none has answered", no_check_answered, VERDICT_UNKNOWN,
		"no check has answered yet" },
	{ "the well one of two is about to go", the_well_one_of_two_drains, VERDICT_FAIL,
		"check info: HTTP 500" },
	{ "the only one is about to go", draining, VERDICT_PASS, "" },
	{ "nothing runs", died, VERDICT_UNKNOWN, "" },
};

static void the_verdict_is_of_the_best_instance(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		struct scene scene;
		char reason[REASON_BYTES];
		enum verdict verdict;

		set_up(&scene);
		verdicts[i].change(&scene);
		verdict = ready_verdict(&scene.sample.service, reason);
		if (verdict != verdicts[i].verdict ||
			strcmp(reason, verdicts[i].reason) != 0)
			fail_msg("%s: %s: %s", verdicts[i].rule, verdict_words[verdict],
				reason);
		sample_done(&scene.sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readiness_is_the_conjunction_of_its_terms),
		cmocka_unit_test(a_term_that_only_gates_becoming_ready_is_still_shown),
		cmocka_unit_test(slow_start_names_the_moment_when_it_ends),
		cmocka_unit_test(the_verdict_is_of_the_best_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
