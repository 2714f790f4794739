/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * limits.c - what is bounded and what is told about it: rate, gap, spill, marks, naps.
 */
#include <stdlib.h>
#include <string.h>

#include "logrotate/gap.h"
#include "logrotate/mark.h"
#include "logrotate/pipes.h"
#include "logrotate/rate.h"
#include "logrotate/spill.h"
#include "tests/test.h"

static const struct instant start = { 1000000000 };

static void a_burst_passes_and_then_the_rate(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 10, 50, start);
	assert_int_equal(rate_take(&rate, 1000, start), 50);
	assert_int_equal(rate_take(&rate, 1000, start), 0);
	assert_int_equal(rate_take(&rate, 1000, instant_add_ms(start, 100)), 1);
	assert_int_equal(rate_take(&rate, 1000, instant_add_ms(start, 1100)), 10);
	assert_int_equal(rate_take(&rate, 1000, instant_add_ms(start, 86400000)), 50);
}

static void without_a_rate_all_lines_pass(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, -1, -1, start);
	assert_int_equal(rate_take(&rate, UINT64_MAX, start), UINT64_MAX);
}

static void a_clock_that_stands_still_gives_nothing(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, 10, 10, start);
	assert_int_equal(rate_take(&rate, 10, start), 10);
	assert_int_equal(rate_take(&rate, 10, instant_add_ms(start, -5000)), 0);
	assert_int_equal(rate_take(&rate, 10, start), 0);
}

static void a_gap_says_how_many_and_since_when(void **state)
{
	char sentence[GAP_SENTENCE_BYTES];
	struct gap gap = { 0 };

	(void)state;
	assert_int_equal(gap_add(&gap, "a\nb\n", 4, (struct wall){ 0 }), 2);
	assert_int_equal(gap_add(&gap, "c\n", 2, (struct wall){ 5000000 }), 1);
	assert_string_equal(gap_sentence(sentence, &gap, "why"),
		"3 lines (6 bytes) dropped since 1970-01-01T00:00:00.000Z: why");
}

static void what_waits_comes_out_in_order_and_is_bounded(void **state)
{
	size_t budget = 256 * 1024;
	char chunk[60 * 1024];
	struct spill spill;

	(void)state;
	spill_init(&spill, &budget);
	for (int round = 0; round < 3; round++) {
		memset(chunk, 'a', sizeof(chunk));
		assert_true(spill_add(&spill, chunk, sizeof(chunk)));
		memset(chunk, 'b', sizeof(chunk));
		assert_true(spill_add(&spill, chunk, sizeof(chunk)));
		spill_consume(&spill, sizeof(chunk));
		assert_int_equal(spill_bytes(&spill)[0], 'b');
		while (spill_add(&spill, chunk, sizeof(chunk)))
			assert_true(spill.size <= 256 * 1024);
		spill_consume(&spill, spill.size);
		assert_int_equal(budget, 256 * 1024); /* all of it came back */
	}
	spill_done(&spill);
}

static void each_line_gets_its_stamp(void **state)
{
	struct look look = { LOG_TEXT, STAMP_ISO };
	struct text text = { 0 };

	(void)state;
	mark_add_stamped(&text, look, (struct wall){ 1500000 }, "a\n\nb\n", 5);
	assert_string_equal(text.bytes, "1970-01-01T00:00:01.500Z a\n"
					"1970-01-01T00:00:01.500Z \n"
					"1970-01-01T00:00:01.500Z b\n");
	text_clear(&text);
	look.stamp = STAMP_TAI64N;
	mark_add_stamped(&text, look, (struct wall){ 1500000 }, "a\n", 2);
	assert_string_equal(text.bytes, "@400000000000000b1dcd6500 a\n");
	text_done(&text);
}

static void our_own_lines_look_like_the_others(void **state)
{
	struct text text = { 0 };

	(void)state;
	mark_add_notice(
		&text, (struct look){ LOG_JSON, STAMP_NONE }, (struct wall){ 0 }, "x");
	assert_string_equal(text.bytes,
		"{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":40,\"name\":\"svcd\",\"msg\":\"x\"}\n");
	text_clear(&text);
	mark_add_notice(
		&text, (struct look){ LOG_TEXT, STAMP_ISO }, (struct wall){ 0 }, "x");
	assert_string_equal(text.bytes, "1970-01-01T00:00:00.000Z <4>svcd: x\n");
	text_done(&text);
}

static void the_more_there_is_the_shorter_the_nap(void **state)
{
	(void)state;
	assert_int_equal(pipes_nap_us(0), 20000);
	assert_int_equal(pipes_nap_us(100 * 1024), 5000);
	assert_int_equal(pipes_nap_us(1024 * 1024), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_passes_and_then_the_rate),
		cmocka_unit_test(without_a_rate_all_lines_pass),
		cmocka_unit_test(a_clock_that_stands_still_gives_nothing),
		cmocka_unit_test(a_gap_says_how_many_and_since_when),
		cmocka_unit_test(what_waits_comes_out_in_order_and_is_bounded),
		cmocka_unit_test(each_line_gets_its_stamp),
		cmocka_unit_test(our_own_lines_look_like_the_others),
		cmocka_unit_test(the_more_there_is_the_shorter_the_nap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
