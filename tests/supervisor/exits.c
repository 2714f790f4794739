/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * exits.c - the short memory of exits, what is said of lack of memory, and what comes
 * next.
 */
#include "service/exits.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"

#include "service/oom.h"
#include "service/outlook.h"
#include "tests/supervisor/sample.h"
#include "tests/test.h"

enum { STORM = 10000, MIB = 1 << 20, GOLDEN_MAX_BYTES = 1 << 20 };

/* ---- memory ---------------------------------------------------------------------- */

static void add(struct service *service, unsigned instance)
{
	const struct exit_record exit = { .instance = instance, .cause = CAUSE_EXIT };

	exits_add(service, &exit);
}

static void a_service_that_never_died_remembers_nothing(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample);
	assert_null(sample.service.exits);
	assert_int_equal(sample.service.exits_count, 0);
	exits_hear(&sample.service, 1, "words of nobody");
	exits_done(&sample.service);
	exits_done(&sample.service);
	sample_done(&sample);
}

static void of_a_storm_the_latest_ten_are_kept_newest_first(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample);
	for (unsigned i = 1; i <= STORM; i++) {
		add(&sample.service, i);
		exits_hear(&sample.service, i, "its last words");
	}
	assert_int_equal(sample.service.exits_ever, STORM);
	assert_int_equal(sample.service.exits_count, EXITS_KEPT);
	for (unsigned i = 0; i < EXITS_KEPT; i++) {
		assert_int_equal(sample.service.exits[i].number, STORM - i);
		assert_int_equal(sample.service.exits[i].instance, STORM - i);
		assert_string_equal(sample.service.exits[i].last_words, "its last words");
	}
	exits_done(&sample.service);
	sample_done(&sample);
}

static void last_words_belong_to_the_exit_that_was_asked_about(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample);
	for (unsigned i = 1; i <= EXITS_KEPT + 1; i++)
		add(&sample.service, 1);
	exits_hear(&sample.service, 1, "of one that is forgotten");
	exits_hear(&sample.service, 0, "of none");
	exits_hear(&sample.service, EXITS_KEPT, "of the one before the newest");
	exits_hear(&sample.service, EXITS_KEPT, "said again");
	exits_hear(&sample.service, EXITS_KEPT + 2, "of one to come");
	assert_null(sample.service.exits[0].last_words);
	assert_string_equal(sample.service.exits[1].last_words, "said again");
	assert_null(sample.service.exits[EXITS_KEPT - 1].last_words);
	exits_done(&sample.service);
	sample_done(&sample);
}

static void long_last_words_are_cut_at_the_beginning_of_a_line(void **state)
{
	char words[3 * LAST_WORDS_BYTES];
	struct sample sample;
	const char *kept;

	(void)state;
	memset(words, 'a', sizeof(words));
	words[sizeof(words) - 1] = '\0';
	words[sizeof(words) - 6] = '\n';
	memcpy(words + sizeof(words) - 5, "last", 4);
	sample_init(&sample);
	add(&sample.service, 1);
	exits_hear(&sample.service, 1, words);
	kept = sample.service.exits[0].last_words;
	assert_string_equal(kept, "last");
	/* one line that is longer than all that is kept: its end */
	words[sizeof(words) - 6] = 'a';
	exits_hear(&sample.service, 1, words);
	kept = sample.service.exits[0].last_words;
	assert_int_equal(strlen(kept), LAST_WORDS_BYTES - 1);
	assert_string_equal(kept + strlen(kept) - 4, "last");
	exits_done(&sample.service);
	sample_done(&sample);
}

static void what_was_wished_is_no_death(void **state)
{
	static const enum exit_cause wished[] = { CAUSE_OPERATOR, CAUSE_APPLY,
		CAUSE_DEPENDENCY, CAUSE_SHUTDOWN, CAUSE_MEMORY, CAUSE_AGE };
	size_t count = 0;

	(void)state;
	for (int cause = 0; cause < CAUSE_COUNT; cause++) {
		assert_true(strlen(exit_cause_words[cause]) > 0);
		count += !exit_cause_is_death((enum exit_cause)cause);
	}
	assert_int_equal(count, ARRAY_LEN(wished));
	for (size_t i = 0; i < ARRAY_LEN(wished); i++)
		assert_false(exit_cause_is_death(wished[i]));
}

/* Words of this room that svcctl's golden files must know. */
static void each_cause_has_a_golden_status(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(file_read(&text, NULL, AT_FDCWD,
				 SOURCE_ROOT "/tests/golden/ctl/situations.json",
				 GOLDEN_MAX_BYTES),
		0);
	for (int cause = 0; cause < CAUSE_COUNT; cause++) {
		_cleanup_free_ char *member =
			text_format("\"cause\": \"%s\"", exit_cause_words[cause]);

		if (!strstr(text, member))
			fail_msg("no situation shows cause %s", exit_cause_words[cause]);
	}
}

/* ---- lack of memory -------------------------------------------------------------- */

static const struct {
	const char *rule;
	int64_t oom, oom_kill, limit_bytes;
	const char *says;
} ooms[] = {
	{ "its own limit", 1, 1, 64 * (int64_t)MIB,
		"out of memory: limits.memory 64M was reached" },
	{ "a limit in whole gigabytes", 3, 2, 3 * 1024 * (int64_t)MIB,
		"out of memory: limits.memory 3G was reached" },
	{ "a limit of one and a half gigabytes", 3, 2, 1536 * (int64_t)MIB,
		"out of memory: limits.memory 1536M was reached" },
	{ "a limit below a megabyte", 1, 1, 512 * 1024,
		"out of memory: limits.memory 512K was reached" },
	{ "the host's memory, although there is a limit", 0, 1, 64 * (int64_t)MIB,
		"out of memory: the host had none left, limits.memory was not reached" },
	{ "the host's memory without a limit", 0, 1, UNSET,
		"out of memory: the host had none left" },
	{ "a kernel that does not count how often", UNSET, 1, 64 * (int64_t)MIB,
		"out of memory: the host had none left, limits.memory was not reached" },
	{ "nobody was killed, although the limit was met", 5, 0, 64 * (int64_t)MIB, "" },
	{ "nobody knows", UNSET, UNSET, 64 * (int64_t)MIB, "" },
};

static void whose_memory_ran_out_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ooms); i++) {
		struct pressure pressure;
		struct limits limits = { .memory_bytes = ooms[i].limit_bytes };
		char why[REASON_BYTES];

		pressure_unknown(&pressure);
		pressure.oom = ooms[i].oom;
		pressure.oom_kill = ooms[i].oom_kill;
		oom_explain(why, &pressure, &limits);
		if (strcmp(why, ooms[i].says) != 0)
			fail_msg("%s: %s", ooms[i].rule, why);
	}
}

/* ---- what comes next ------------------------------------------------------------- */

static const struct {
	unsigned deaths;
	const char *says;
} ordinals[] = {
	{ 0, "restart in 3.2s" },
	{ 1, "restart in 3.2s" },
	{ 2, "restart in 3.2s (2nd death in a row)" },
	{ 3, "restart in 3.2s (3rd death in a row)" },
	{ 4, "restart in 3.2s (4th death in a row)" },
	{ 11, "restart in 3.2s (11th death in a row)" },
	{ 12, "restart in 3.2s (12th death in a row)" },
	{ 13, "restart in 3.2s (13th death in a row)" },
	{ 21, "restart in 3.2s (21st death in a row)" },
	{ 112, "restart in 3.2s (112th death in a row)" },
	{ 10002, "restart in 3.2s (10002nd death in a row)" },
};

static void deaths_in_a_row_are_counted_as_people_do(void **state)
{
	char next[REASON_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ordinals); i++) {
		outlook_again(next, 3200 * US_PER_MS, ordinals[i].deaths);
		assert_string_equal(next, ordinals[i].says);
	}
	outlook_again(next, -5 * (int64_t)US_PER_S, 1);
	assert_string_equal(next, "restart in 0ms");
}

static void be(struct sample *sample, unsigned number, enum state state)
{
	sample->instances[number - 1].state = state;
	sample->instances[number - 1].deadline = instant_add_ms(SAMPLE_NOW, 3200);
}

static void up(struct sample *sample)
{
	be(sample, 1, STATE_UP);
}

static void starting(struct sample *sample)
{
	be(sample, 1, STATE_STARTING);
}

static void starting_without_an_end(struct sample *sample)
{
	be(sample, 1, STATE_STARTING);
	sample->instances[0].deadline = NEVER;
}

static void stopping(struct sample *sample)
{
	be(sample, 1, STATE_STOPPING);
}

static void waiting(struct sample *sample)
{
	be(sample, 1, STATE_WAITING);
	sample->instances[0].deaths = 4;
}

static void failed(struct sample *sample)
{
	be(sample, 1, STATE_FAILED);
	sample->service.exits = sample->exits;
	sample->service.exits_count = 2;
	sample->exits[0] = (struct exit_record){ .instance = 2, .next = "of another" };
	sample->exits[1] = (struct exit_record){ .instance = 1, .next = "gave up" };
}

static void failed_and_nobody_knows_how(struct sample *sample)
{
	be(sample, 1, STATE_FAILED);
}

static void done(struct sample *sample)
{
	be(sample, 1, STATE_DONE);
}

static void stopped(struct sample *sample)
{
	be(sample, 1, STATE_DOWN);
	sample->service.wanted = WANTED_DOWN;
	snprintf(sample->service.wish.who, WHO_BYTES, "alice (uid 1001)");
	remark_set(&sample->service.wish.why, "kernel upgrade");
}

static void stopped_without_a_word(struct sample *sample)
{
	be(sample, 1, STATE_DOWN);
	sample->service.wanted = WANTED_DOWN;
	sample->service.wish.who[0] = '\0';
	remark_clear(&sample->service.wish.why);
}

static void not_yet_begun(struct sample *sample)
{
	be(sample, 1, STATE_DOWN);
}

static void one_waits_and_one_is_stopped(struct sample *sample)
{
	sample->service.instances_count = 2;
	be(sample, 1, STATE_STOPPING);
	be(sample, 2, STATE_WAITING);
}

static const struct {
	const char *rule;
	void (*change)(struct sample *sample);
	const char *says;
} outlooks[] = {
	{ "what is up needs nothing", up, "" },
	{ "starting has an end", starting,
		"stopped and tried again, unless it gets ready within 3.2s" },
	{ "or none yet", starting_without_an_end, "" },
	{ "stopping has an end", stopping,
		"killed, unless it stops by itself within 3.2s" },
	{ "waiting counts down", waiting, "restart in 3.2s (4th death in a row)" },
	{ "failed says what its own exit said", failed, "gave up" },
	{ "failed without an exit", failed_and_nobody_knows_how,
		"fix it, then `svcctl start mathoid`" },
	{ "done is done", done,
		"nothing: it ran to its end; `svcctl start mathoid` again" },
	{ "stopped says by whom", stopped,
		"stays down: stopped by alice (uid 1001): kernel upgrade; "
		"`svcctl start mathoid`" },
	{ "stopped by nobody that is known", stopped_without_a_word,
		"stays down: stopped; `svcctl start mathoid`" },
	{ "down and wanted up: something else says why", not_yet_begun, "" },
	{ "who needs a person most speaks", one_waits_and_one_is_stopped,
		"restart in 3.2s" },
};

static void each_state_says_what_comes_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outlooks); i++) {
		struct sample sample;
		char next[REASON_BYTES];

		sample_init(&sample);
		outlooks[i].change(&sample);
		outlook_service(next, &sample.service, SAMPLE_NOW);
		if (strcmp(next, outlooks[i].says) != 0)
			fail_msg("%s: %s", outlooks[i].rule, next);
		sample_done(&sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_that_never_died_remembers_nothing),
		cmocka_unit_test(of_a_storm_the_latest_ten_are_kept_newest_first),
		cmocka_unit_test(last_words_belong_to_the_exit_that_was_asked_about),
		cmocka_unit_test(long_last_words_are_cut_at_the_beginning_of_a_line),
		cmocka_unit_test(what_was_wished_is_no_death),
		cmocka_unit_test(each_cause_has_a_golden_status),
		cmocka_unit_test(whose_memory_ran_out_is_told),
		cmocka_unit_test(deaths_in_a_row_are_counted_as_people_do),
		cmocka_unit_test(each_state_says_what_comes_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
