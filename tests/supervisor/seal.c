/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * seal.c - when all that is declared is accepted, and what breaks that.
 */
#include "supervisor/seal.h"

#include <stdio.h>

#include "supervisor/accepted.h"
#include "tests/test.h"

/* ---- it holds ---- */

static void accept(struct json_t *heads, const char *name, const char *hash, int asked)
{
	struct acceptance acceptance = { .hash = hash, .asked = asked };

	assert_int_equal(
		json_set(heads, name, accepted_head(&acceptance, (struct wall){ 17 })),
		0);
}

static void nothing(struct json_t *heads)
{
	(void)heads;
}

static void another_body(struct json_t *heads)
{
	accept(heads, "web", "7777", 0);
}

static void another_asked(struct json_t *heads)
{
	accept(heads, "web", "1234", 1);
}

static void one_more(struct json_t *heads)
{
	accept(heads, "more", "1234", 0);
}

static void one_less(struct json_t *heads)
{
	json_remove(heads, "web");
}

static void swapped(struct json_t *heads)
{
	accept(heads, "web", "5678", 0);
	accept(heads, "other", "1234", 0);
}

static void another_host(struct json_t *heads)
{
	accept(heads, ACCEPTED_HOST, "4321", 0);
}

static void another_order(struct json_t *heads)
{
	one_less(heads);
	accept(heads, "web", "1234", 0);
}

static void waiting(struct json_t *heads)
{
	assert_int_equal(
		json_set(heads, "web",
			accepted_pend(json_get(heads, "web"), (struct wall){ 42 })),
		0);
}

static const struct {
	const char *rule;
	void (*change)(struct json_t *heads);
	const char *made_of;
	bool holds;
} breaks[] = {
	{ "nothing changed", nothing, "9f1c", true },
	{ "another byte in a source", nothing, "9f1d", false },
	{ "another body was accepted", another_body, "9f1c", false },
	{ "the same, but other limits are asked for", another_asked, "9f1c", false },
	{ "a service more", one_more, "9f1c", false },
	{ "a service less", one_less, "9f1c", false },
	{ "one has what the other had", swapped, "9f1c", false },
	{ "host and site are in the sources", another_host, "9f1c", true },
	{ "the order of heads means nothing", another_order, "9f1c", true },
	{ "nor does since when one waits", waiting, "9f1c", true },
};

static struct json_t *two_heads(void)
{
	struct json_t *heads = json_new_object();

	accept(heads, ACCEPTED_HOST, "abcd", 0);
	accept(heads, "web", "1234", 0);
	accept(heads, "other", "5678", 0);
	return heads;
}

static void the_first_difference_breaks_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(breaks); i++) {
		_cleanup_(json_freep) struct json_t *heads = two_heads();
		_cleanup_(json_freep) struct json_t *seal = seal_print("9f1c", heads);

		breaks[i].change(heads);
		if (seal_holds(seal, breaks[i].made_of, heads) != breaks[i].holds)
			fail_msg("%s", breaks[i].rule);
		assert_false(seal_holds(NULL, breaks[i].made_of, heads));
	}
}

/* ---- it is deserved ---- */

/* One service that was taken, in a plan of the whole. */
struct scene {
	struct json_t *heads;
	char made_of[5], name[4];
	struct entry entry;
	struct step step;
	struct plan plan;
	struct config config;
	struct members members;
};

static void set_up(struct scene *scene)
{
	char hash[HASH_TEXT_BYTES];

	*scene = (struct scene){ .made_of = "9f1c", .name = "web" };
	snprintf(hash, sizeof(hash), "%016llx", text_hash("{}", 2));
	scene->heads = json_new_object();
	accept(scene->heads, "web", hash, 0);
	scene->entry = (struct entry){ .here = true, .effective = json_new_object() };
	scene->step = (struct step){
		.kind = STEP_SAME, .name = scene->name, .entry = &scene->entry
	};
	scene->plan = (struct plan){
		.items = &scene->step, .count = 1, .declared = 1, .whole = true
	};
	scene->config = (struct config){ .made_of = scene->made_of };
	scene->members.count = 1;
}

static void is_same(struct scene *scene)
{
	(void)scene;
}

static void is_added(struct scene *scene)
{
	scene->step.kind = STEP_ADD;
}

static void is_changed(struct scene *scene)
{
	scene->step.kind = STEP_CHANGE;
}

static void was_not_taken(struct scene *scene)
{
	is_changed(scene);
	accept(scene->heads, "web", "7777", 0);
}

static void waits(struct scene *scene)
{
	is_changed(scene);
	scene->step.waits = true;
}

static void is_refused(struct scene *scene)
{
	scene->step.kind = STEP_REFUSED;
}

static void is_an_orphan(struct scene *scene)
{
	scene->step.kind = STEP_ORPHAN;
	scene->step.entry = NULL;
}

static void is_retired(struct scene *scene)
{
	json_remove(scene->heads, "web");
	scene->members.count = 0;
}

static void is_of_others(struct scene *scene)
{
	is_retired(scene);
	scene->entry.here = false;
}

static void is_no_member(struct scene *scene)
{
	scene->members.count = 0;
}

static void was_named(struct scene *scene)
{
	scene->plan.whole = false;
}

static void host_is_refused(struct scene *scene)
{
	scene->config.host_refused = true;
}

static void site_is_refused(struct scene *scene)
{
	scene->config.site_refused = true;
}

static void is_incomplete(struct scene *scene)
{
	scene->config.incomplete = true;
}

static void is_of_nothing_known(struct scene *scene)
{
	scene->config.made_of = NULL;
}

static void has_a_problem(struct scene *scene)
{
	assert_int_equal(strings_add(&scene->config.problems.lines, "x"), 0);
}

static const struct {
	const char *rule;
	void (*change)(struct scene *scene);
	bool deserved;
} scenes[] = {
	{ "it runs as declared", is_same, true },
	{ "it was added", is_added, true },
	{ "a change was taken", is_changed, true },
	{ "a change was not taken", was_not_taken, false },
	{ "a change waits", waits, false },
	{ "its file is refused", is_refused, false },
	{ "no file declares it", is_an_orphan, false },
	{ "it is retired: its logs are looked after", is_retired, false },
	{ "it is of another host", is_of_others, true },
	{ "it was accepted and is no member", is_no_member, false },
	{ "others were not looked at", was_named, false },
	{ "the host file is refused", host_is_refused, false },
	{ "the site file is refused", site_is_refused, false },
	{ "a directory could not be read", is_incomplete, false },
	{ "nobody knows of what it was made", is_of_nothing_known, false },
	{ "a template has a problem", has_a_problem, false },
};

static void all_must_be_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
		struct scene scene;

		set_up(&scene);
		scenes[i].change(&scene);
		if (seal_deserved(&scene.plan, &scene.config, &scene.members,
			    scene.heads) != scenes[i].deserved)
			fail_msg("%s", scenes[i].rule);
		strings_done(&scene.config.problems.lines);
		json_free(scene.entry.effective);
		json_free(scene.heads);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_difference_breaks_it),
		cmocka_unit_test(all_must_be_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
