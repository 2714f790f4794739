/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status.c - the status document, as golden files:
 * tests/golden/supervisor/status/NAME.json.
 *
 * GOLDEN=renew writes them anew.
 */
#include "supervisor/status.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

#include "tests/supervisor/sample.h"
#include "tests/test.h"

enum { GOLDEN_MAX_BYTES = 64 * 1024 };

static void up_and_ready(struct sample *sample)
{
	(void)sample;
}

static void waiting_after_a_crash(struct sample *sample)
{
	struct instance *instance = &sample->instances[0];
	struct service *service = &sample->service;
	static char words[] = "Error: cannot\nfind module \xff\x1b[31mred";

	instance->state = STATE_WAITING;
	instance->pid = 0;
	instance->ready = false;
	instance->deadline = instant_add_ms(SAMPLE_NOW, 3000);
	instance->restarts = 2;
	snprintf(instance->why, sizeof(instance->why), "exit 1, again in 3s");
	service->exits = sample->exits;
	service->exits_count = 2;
	service->exits[0] = (struct exit_record){ .at = SAMPLE_WALL,
		.instance = 1,
		.generation = 2,
		.pid = 4599,
		.cause = CAUSE_EXIT,
		.code = 1,
		.ran_us = 8120000,
		.reason = "exit 1" };
	service->exits[1] = (struct exit_record){ .at = SAMPLE_WALL,
		.instance = 1,
		.generation = 1,
		.cause = CAUSE_START,
		.code = -1,
		.reason = "exec /usr/bin/foo: No such file or directory" };
	service->exits[0].died = service->exits[1].died = true;
	service->exits[0].last_words = words;
	sample->readiness.ready = false;
	sample->readiness.terms[TERM_STATE] =
		(struct term){ false, "waiting: exit 1, again in 3s" };
	snprintf(sample->readiness.reason, REASON_BYTES, "waiting: exit 1, again in 3s");
}

static void with_a_pending_change(struct sample *sample)
{
	static char key[] = "run.command", before[] = "[a]", after[] = "[b]";
	static struct change change = { key, before, after, CHANGE_RESTART };

	sample->member.pending = (struct changes){ &change, 1 };
}

static void orphaned(struct sample *sample)
{
	sample->member.orphan = true;
}

static void waiting_for_another(struct sample *sample)
{
	static char why[] = "waits for restbase";

	sample->instances[0].state = STATE_DOWN;
	sample->instances[0].pid = 0;
	sample->member.waits_for.text = why;
}

static void refused_before_it_ever_ran(struct sample *sample)
{
	static char line[] = "mathoid.yaml:7:3: run.comand: unknown key";
	static char *lines[] = { line };

	sample->member.service = NULL;
	sample->member.refused = (struct strings){ lines, 1 };
}

static void with_unknown_measurements(struct sample *sample)
{
	measured_unknown(&sample->measured[0]);
	sample->fact.latency_us = UNSET;
}

static void wished_on_a_full_disk(struct sample *sample)
{
	sample->member.unkept = true;
}

static const struct {
	const char *name;
	void (*change)(struct sample *sample);
} cases[] = {
	{ "up-and-ready", up_and_ready },
	{ "waiting-after-a-crash", waiting_after_a_crash },
	{ "with-a-pending-change", with_a_pending_change },
	{ "orphaned", orphaned },
	{ "waiting-for-another", waiting_for_another },
	{ "refused-before-it-ever-ran", refused_before_it_ever_ran },
	{ "with-unknown-measurements", with_unknown_measurements },
	{ "wished-on-a-full-disk", wished_on_a_full_disk },
};

static void compare(const char *name, const char *text)
{
	_cleanup_free_ char *path = NULL, *stored = NULL;
	const char *wish = getenv("GOLDEN");

	assert_true(asprintf(&path, SOURCE_ROOT "/tests/golden/supervisor/status/%s.json",
			    name) > 0);
	if (wish && strcmp(wish, "renew") == 0)
		assert_int_equal(file_write(path, text, strlen(text), 0644), 0);
	if (file_read(&stored, NULL, AT_FDCWD, path, GOLDEN_MAX_BYTES) < 0)
		fail_msg("%s is not there; GOLDEN=renew writes it", path);
	if (strcmp(stored, text) != 0)
		fail_msg("%s differs; now it is:\n%s", path, text);
}

static void documents_are_as_the_golden_files_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample sample;
		struct status_facts facts = { "scb1001.eqiad.example.org", SAMPLE_NOW,
			SAMPLE_WALL, "write wanted.json: No space left on device" };
		_cleanup_(json_freep) struct json_t *json = NULL;
		_cleanup_free_ char *text = NULL;

		sample_init(&sample);
		cases[i].change(&sample);
		json = status_print(&sample.member, &facts);
		text = json_print(json, JSON_PRETTY);
		assert_non_null(text);
		compare(cases[i].name, text);
		sample_done(&sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_as_the_golden_files_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
