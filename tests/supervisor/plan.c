/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan.c - what an apply does: declared files against what runs.
 */
#include "supervisor/plan.h"

#include <errno.h>
#include <stdio.h>

#include "tests/supervisor/sample.h"
#include "tests/test.h"

/* One running service, mathoid, and a config with at most one entry. */
struct scene {
	struct sample sample;
	struct member *rows[1];
	struct members members;
	struct entry entry;
	struct declaration declared;
	struct config config;
	struct strings names, remove;
};

static void set_effective(struct json_t **ret, int interval)
{
	static const char text[] = "{\"service\": \"mathoid\", \"run\": {\"nice\": %d}}";
	char bytes[128];
	struct error err = { 0 };

	snprintf(bytes, sizeof(bytes), text, interval);
	json_free(*ret);
	*ret = NULL;
	assert_int_equal(json_parse(ret, bytes, strlen(bytes), sizeof(bytes), &err), 0);
}

static void set_up(struct scene *scene)
{
	*scene = (struct scene){ 0 };
	sample_init(&scene->sample);
	set_effective(&scene->entry.effective, 0);
	free(scene->sample.effective);
	scene->sample.effective = json_print(scene->entry.effective, JSON_ONE_LINE);
	scene->sample.service.effective = scene->sample.effective;
	scene->rows[0] = &scene->sample.member;
	scene->members = (struct members){ scene->rows, 1 };
	scene->declared = scene->sample.declaration;
	scene->entry = (struct entry){ .name = scene->sample.member.name,
		.declaration = &scene->declared,
		.here = true,
		.effective = scene->entry.effective };
	scene->config = (struct config){ .entries = &scene->entry, .entries_count = 1 };
}

static void tear_down(struct scene *scene)
{
	json_free(scene->entry.effective);
	sample_done(&scene->sample);
	strings_done(&scene->names);
	strings_done(&scene->remove);
	strings_done(&scene->config.problems.lines);
	strings_done(&scene->entry.problems.lines);
}

static struct plan_wish wish_of(const struct scene *scene, enum apply_mode mode)
{
	return (struct plan_wish){
		.names = &scene->names, .remove = &scene->remove, .mode = mode
	};
}

static void nothing_changed(struct scene *scene)
{
	(void)scene;
}

static void not_running(struct scene *scene)
{
	scene->members.count = 0;
}

static void refused_at_first(struct scene *scene)
{
	scene->sample.member.service = NULL;
}

static void declared_otherwise(struct scene *scene)
{
	set_effective(&scene->entry.effective, 5);
}

static void file_is_refused(struct scene *scene)
{
	scene->entry.declaration = NULL;
}

static void retired(struct scene *scene)
{
	scene->declared.state = ROLLOUT_RETIRED;
}

static void retired_long_ago(struct scene *scene)
{
	retired(scene);
	not_running(scene);
}

static void on_other_hosts(struct scene *scene)
{
	scene->entry.here = false;
}

static void told_to_remove(struct scene *scene)
{
	assert_int_equal(strings_add(&scene->remove, "mathoid"), 0);
}

static const struct {
	const char *rule;
	void (*change)(struct scene *scene);
	enum step_kind want;
} cases[] = {
	{ "what runs as declared stays", nothing_changed, STEP_SAME },
	{ "what is declared and does not run is added", not_running, STEP_ADD },
	{ "so is what was refused at first", refused_at_first, STEP_ADD },
	{ "what is declared otherwise is changed", declared_otherwise, STEP_CHANGE },
	{ "a refused file changes nothing", file_is_refused, STEP_REFUSED },
	{ "what is retired is removed", retired, STEP_REMOVE },
	{ "and nothing is done when it is gone", retired_long_ago, STEP_SAME },
	{ "what moved to other hosts runs on", on_other_hosts, STEP_ORPHAN },
	{ "what an operator removes by name goes", told_to_remove, STEP_REMOVE },
};

static void each_file_meets_what_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scene scene;
		struct plan plan = { 0 };
		struct error err = { 0 };
		struct plan_wish wish = wish_of(&scene, APPLY_ALL);

		set_up(&scene);
		cases[i].change(&scene);
		if (plan_make(&plan, &scene.members, &scene.config, &wish, &err) < 0 ||
			plan.count != 1 || plan.items[0].kind != cases[i].want)
			fail_msg("%s: %s", cases[i].rule, err.text);
		plan_done(&plan);
		tear_down(&scene);
	}
}

static void a_vanished_file_leaves_an_orphan_when_others_are_there(void **state)
{
	static char other[] = "zotero";
	struct scene scene;
	struct plan plan = { 0 };
	struct error err = { 0 };
	struct plan_wish wish = wish_of(&scene, APPLY_ALL);

	(void)state;
	set_up(&scene);
	scene.entry.name = other;
	assert_int_equal(plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
	assert_int_equal(plan.count, 2);
	assert_string_equal(plan.items[1].name, "mathoid");
	assert_int_equal(plan.items[1].kind, STEP_ORPHAN);
	plan_done(&plan);
	tear_down(&scene);
}

static void what_may_stand_in_an_unread_directory_is_left_alone(void **state)
{
	static char other[] = "zotero";
	struct scene scene;
	struct plan plan = { 0 };
	struct error err = { 0 };
	struct plan_wish wish = wish_of(&scene, APPLY_ALL);

	(void)state;
	set_up(&scene);
	scene.entry.name = other;
	scene.config.incomplete = true;
	assert_int_equal(plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.items[0].name, "zotero");
	plan_done(&plan);
	told_to_remove(&scene);
	assert_int_equal(plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.items[1].kind, STEP_REMOVE);
	plan_done(&plan);
	tear_down(&scene);
}

static void directory_is_empty(struct scene *scene)
{
	scene->config.entries_count = 0;
}

static void host_file_is_refused(struct scene *scene)
{
	scene->config.host_refused = true;
	assert_int_equal(
		strings_add(&scene->config.problems.lines, "svcd.yaml:1:1: x"), 0);
}

static void unknown_name(struct scene *scene)
{
	assert_int_equal(strings_add(&scene->names, "mathiod"), 0);
}

static const struct {
	const char *rule;
	void (*change)(struct scene *scene);
	const char *words; /* in the reason */
} refusals[] = {
	{ "an emptied directory", directory_is_empty, "apply --remove" },
	{ "a refused host file", host_file_is_refused, "svcd.yaml:1:1: x" },
	{ "a name that nothing bears", unknown_name, "mathiod" },
};

static void what_would_make_it_worse_is_refused_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct scene scene;
		struct plan plan = { 0 };
		struct error err = { 0 };
		struct plan_wish wish = wish_of(&scene, APPLY_ALL);

		set_up(&scene);
		refusals[i].change(&scene);
		if (plan_make(&plan, &scene.members, &scene.config, &wish, &err) >= 0 ||
			!strstr(err.text, refusals[i].words))
			fail_msg("%s: %s", refusals[i].rule, err.text);
		tear_down(&scene);
	}
}

/* mathoid runs on and has 10042; zotero is declared with the same port. */
static void a_port_stays_with_the_service_that_runs(void **state)
{
	static char other[] = "zotero";
	struct listen listen = { .name = other };
	struct scene scene;
	struct plan plan = { 0 };
	struct error err = { 0 };
	struct plan_wish wish = wish_of(&scene, APPLY_ALL);

	(void)state;
	set_up(&scene);
	scene.entry.name = other;
	scene.sample.declaration.run.instances = scene.declared.run.instances = 1;
	assert_int_equal(plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
	assert_int_equal(plan.items[0].kind, STEP_REFUSED);
	assert_non_null(strstr(plan.items[0].refused.items[0], "service mathoid"));
	plan_done(&plan);
	told_to_remove(&scene);
	assert_int_equal(plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
	assert_int_equal(plan.items[0].kind, STEP_ADD);
	plan_done(&plan);
	listen.port = (char[]){ "10043" };
	scene.declared.listen = &listen;
	strings_done(&scene.remove);
	assert_int_equal(plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
	assert_int_equal(plan.items[0].kind, STEP_ADD);
	plan_done(&plan);
	tear_down(&scene);
}

static void only_a_restart_waits_for_an_operator(void **state)
{
	struct declaration declaration = { .run = { .auto_apply = AUTO_APPLY_SAFE } };
	struct entry entry = { .declaration = &declaration };
	struct step step = { .kind = STEP_CHANGE, .entry = &entry };

	(void)state;
	step.worst = CHANGE_RELOAD;
	assert_false(step_needs_operator(&step));
	step.worst = CHANGE_RESTART;
	assert_true(step_needs_operator(&step));
	declaration.run.auto_apply = AUTO_APPLY_RESTART;
	assert_false(step_needs_operator(&step));
}

/* {"mathoid": {"pins": …}}, as accepted, and what the file is made of now. */
static struct json_t *accepted_with(const char *template)
{
	struct json_t *pins = json_new_object(), *head = json_new_object(),
		      *all = json_new_object();

	assert_int_equal(json_set_text(pins, "file", "1"), 0);
	assert_int_equal(json_set_text(pins, "template node", template), 0);
	assert_int_equal(json_set(head, "pins", pins), 0);
	assert_int_equal(json_set(all, "mathoid", head), 0);
	return all;
}

static const struct {
	const char *rule;
	enum apply_mode mode;
	const char *template;
	bool waits;
} pinned[] = {
	{ "what a template brings waits", APPLY_SAFE, "3", true },
	{ "at a boot too", APPLY_FIRST, "3", true },
	{ "until an operator applies it", APPLY_ALL, "3", false },
	{ "what its own file says in place comes", APPLY_SAFE, "2", false },
	{ "and at a boot whatever it says", APPLY_FIRST, "2", false },
};

static void templates_are_pinned(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pinned); i++) {
		_cleanup_(json_freep) struct json_t *accepted = accepted_with("2");
		_cleanup_(json_freep) struct json_t *now =
			accepted_with(pinned[i].template);
		struct scene scene;
		struct plan plan = { 0 };
		struct error err = { 0 };
		struct plan_wish wish;

		set_up(&scene);
		declared_otherwise(&scene);
		scene.declared.run.auto_apply = AUTO_APPLY_RESTART;
		scene.entry.pins = json_get(json_get(now, "mathoid"), "pins");
		wish = wish_of(&scene, pinned[i].mode);
		wish.accepted = accepted;
		assert_int_equal(
			plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
		if (plan.items[0].waits != pinned[i].waits)
			fail_msg("%s", pinned[i].rule);
		plan_done(&plan);
		tear_down(&scene);
	}
}

/* Nothing of it runs on that an operator could want to keep as it is. */
static void who_was_told_to_go_and_is_declared_again_waits_for_nobody(void **state)
{
	_cleanup_(json_freep) struct json_t *accepted = accepted_with("2");
	_cleanup_(json_freep) struct json_t *now = accepted_with("3");
	struct scene scene;
	struct plan plan = { 0 };
	struct error err = { 0 };
	struct plan_wish wish;

	(void)state;
	set_up(&scene);
	declared_otherwise(&scene);
	scene.entry.pins = json_get(json_get(now, "mathoid"), "pins");
	scene.sample.member.leaving = true;
	wish = wish_of(&scene, APPLY_SAFE);
	wish.accepted = accepted;
	assert_int_equal(plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
	assert_int_equal(plan.items[0].kind, STEP_CHANGE);
	assert_false(plan.items[0].waits);
	plan_done(&plan);
	tear_down(&scene);
}

static const struct {
	const char *rule;
	enum apply_mode mode;
	int64_t has, wants, most;
	enum step_kind want;
} budgets[] = {
	{ "what fits is added", APPLY_SAFE, 6, 4, 10, STEP_ADD },
	{ "one byte more is refused", APPLY_SAFE, 6, 5, 10, STEP_REFUSED },
	{ "also when an operator asks", APPLY_ALL, 6, 5, 10, STEP_REFUSED },
	{ "what has no limit promises nothing", APPLY_SAFE, 11, UNSET, 10, STEP_ADD },
	{ "no budget refuses nobody", APPLY_SAFE, 6, 5, 0, STEP_ADD },
	{ "no sum is too large to be refused", APPLY_SAFE, INT64_MAX, INT64_MAX, 10,
		STEP_REFUSED },
};

/* mathoid runs; zotero is declared. */
static void the_newest_addition_is_refused_over_the_budget(void **state)
{
	static char other[] = "zotero";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(budgets); i++) {
		struct listen none = { .port = (char[]){ "10043" } };
		struct scene scene;
		struct plan plan = { 0 };
		struct error err = { 0 };
		struct plan_wish wish;

		set_up(&scene);
		scene.entry.name = other;
		scene.declared.listen = &none;
		scene.sample.declaration.run.instances = 1;
		scene.declared.run.instances = 1;
		scene.sample.declaration.limits.memory_bytes = budgets[i].has;
		scene.declared.limits.memory_bytes = budgets[i].wants;
		wish = wish_of(&scene, budgets[i].mode);
		wish.memory_bytes = budgets[i].most;
		assert_int_equal(
			plan_make(&plan, &scene.members, &scene.config, &wish, &err), 0);
		if (plan.items[0].kind != budgets[i].want)
			fail_msg("%s", budgets[i].rule);
		plan_done(&plan);
		tear_down(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_meets_what_runs),
		cmocka_unit_test(a_vanished_file_leaves_an_orphan_when_others_are_there),
		cmocka_unit_test(what_may_stand_in_an_unread_directory_is_left_alone),
		cmocka_unit_test(what_would_make_it_worse_is_refused_whole),
		cmocka_unit_test(a_port_stays_with_the_service_that_runs),
		cmocka_unit_test(only_a_restart_waits_for_an_operator),
		cmocka_unit_test(templates_are_pinned),
		cmocka_unit_test(
			who_was_told_to_go_and_is_declared_again_waits_for_nobody),
		cmocka_unit_test(the_newest_addition_is_refused_over_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
