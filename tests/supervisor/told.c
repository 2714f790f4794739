/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * told.c - in which order an engine hears of services that go and come. The engine is
 * played here: what it is sent is kept as words.
 */
#include <stdio.h>
#include <string.h>

#include "supervisor/supervisor.h"
#include "tests/supervisor/sample.h"
#include "tests/test.h"

enum { HEARD_BYTES = 256 };

/* What each engine heard, in order: "gone mathoid, service mathoid, …". */
static char heard[HEARD_BYTES]; /* NOLINT: one for all tests */
static bool is_full;            /* NOLINT: of all engines */

static int hear(enum message_kind kind, struct json_t *body)
{
	size_t used = strlen(heard);

	snprintf(heard + used, sizeof(heard) - used, "%s%s %s", used > 0 ? ", " : "",
		message_words[kind], json_get_text(body, "service", "-"));
	json_free(body);
	return 0;
}

/* ---- who is played here --------------------------------------------------------- */

bool engine_listens(const struct engine_process *self)
{
	(void)self;
	return !is_full;
}

int engine_send(
	struct engine_process *self, enum message_kind kind, struct json_t *body, int fd)
{
	(void)self;
	(void)fd;
	return hear(kind, body);
}

int engine_send_part(struct engine_process *self, enum message_kind kind,
	struct json_t *body, const struct channel_part *part)
{
	(void)self;
	(void)part;
	return hear(kind, body);
}

void engine_expects(
	struct engine_process *self, size_t count, bool progress, struct instant now)
{
	(void)self;
	(void)count;
	(void)progress;
	(void)now;
}

bool engine_is_down(const struct engine_process *self)
{
	(void)self;
	return false;
}

void supervisor_say(
	struct supervisor *supervisor, struct about about, const char *format, ...)
{
	(void)supervisor;
	fail_msg("%s: %s", about.word, format);
}

/* ---- rules --------------------------------------------------------------------- */

struct scene {
	struct supervisor supervisor;
	struct sample sample;
	struct member *rows[1];
};

static void set_up(struct scene *scene)
{
	*scene = (struct scene){ .supervisor.known = true };
	sample_init(&scene->sample);
	scene->rows[0] = &scene->sample.member;
	scene->sample.member.supervisor = &scene->supervisor;
	scene->supervisor.members = (struct members){ scene->rows, 1 };
	scene->supervisor.told[ENGINE_FIREWALL].synced = true;
	heard[0] = '\0';
	is_full = false;
}

static void flush(struct scene *scene)
{
	told_flush(&scene->supervisor, ENGINE_FIREWALL, SAMPLE_NOW);
}

static void tear_down(struct scene *scene)
{
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		strings_done(&scene->supervisor.told[i].gone);
	sample_done(&scene->sample);
}

/* An engine forgets by name: a GONE that came last would take the new one with it. */
static void who_goes_and_comes_again_in_one_turn_stays(void **state)
{
	struct scene scene;

	(void)state;
	set_up(&scene);
	told_gone(&scene.sample.member);
	told_declaration(&scene.sample.member);
	flush(&scene);
	assert_string_equal(heard, "gone mathoid, service mathoid");
	tear_down(&scene);
}

static void nor_does_it_matter_how_long_the_engine_was_busy(void **state)
{
	struct scene scene;

	(void)state;
	set_up(&scene);
	is_full = true;
	told_gone(&scene.sample.member);
	flush(&scene);
	told_declaration(&scene.sample.member);
	flush(&scene);
	assert_string_equal(heard, "");
	is_full = false;
	flush(&scene);
	assert_string_equal(heard, "gone mathoid, service mathoid");
	flush(&scene);
	assert_string_equal(heard, "gone mathoid, service mathoid");
	tear_down(&scene);
}

static void only_the_log_engine_hears_whose_group_may_read(void **state)
{
	struct scene scene;

	(void)state;
	set_up(&scene);
	scene.supervisor.told[ENGINE_LOG].synced = true;
	told_readers(&scene.sample.member);
	flush(&scene);
	assert_string_equal(heard, "");
	told_flush(&scene.supervisor, ENGINE_LOG, SAMPLE_NOW);
	assert_string_equal(heard, "service mathoid");
	tear_down(&scene);
}

/* The log engine's newer declaration is none of the firewall's business. */
static void what_is_newest_is_what_that_engine_is_to_be_told(void **state)
{
	struct member *member;
	struct scene scene;
	uint64_t first;

	(void)state;
	set_up(&scene);
	member = &scene.sample.member;
	told_declaration(member);
	flush(&scene);
	first = member->generation;
	assert_true(told_is_newest(member, ENGINE_FIREWALL, first));
	told_declaration(member); /* waits to be told */
	assert_false(told_is_newest(member, ENGINE_FIREWALL, first));
	flush(&scene);
	assert_false(told_is_newest(member, ENGINE_FIREWALL, first));
	assert_true(told_is_newest(member, ENGINE_FIREWALL, first + 1));
	told_readers(member);
	assert_true(told_is_newest(member, ENGINE_FIREWALL, first + 1));
	assert_true(told_is_newest(member, ENGINE_FIREWALL, 0));
	tear_down(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_goes_and_comes_again_in_one_turn_stays),
		cmocka_unit_test(nor_does_it_matter_how_long_the_engine_was_busy),
		cmocka_unit_test(only_the_log_engine_hears_whose_group_may_read),
		cmocka_unit_test(what_is_newest_is_what_that_engine_is_to_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
