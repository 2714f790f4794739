/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notice.c - what a datagram of the supervisor asks for.
 */
#include "keeper/notice.h"

#include "base/cleanup.h"

#include "tests/test.h"

static const struct {
	const char *rule, *bytes;
	struct notice want;
} cases[] = {
	{ "nothing asks for nothing", "", { 0 } },
	{ "a file descriptor to keep", "FDSTORE=1\nFDPOLL=0\nFDNAME=a/1.stdout",
		{ .store = true, .name = "a/1.stdout" } },
	{ "one to forget", "FDSTOREREMOVE=1\nFDNAME=a\n",
		{ .remove = true, .name = "a" } },
	{ "several words in one datagram", "READY=1\nSTATUS=x\nWATCHDOG=1",
		{ .ready = true } },
	{ "to be executed anew", "X_SVCD_REEXEC=1", { .reexec = true } },
	{ "the last name counts", "FDNAME=a\nFDNAME=b", { .name = "b" } },
	{ "a bad name is none", "FDSTORE=1\nFDNAME=a b", { .store = true } },
	{ "a word must be whole", "READY=10\nXREADY=1\nREADY=", { 0 } },
	{ "empty lines are nothing", "\n\n\nREADY=1\n\n", { .ready = true } },
};

static void a_datagram_says_what_its_lines_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notice got;

		notice_read(&got, cases[i].bytes, strlen(cases[i].bytes));
		if (got.store != cases[i].want.store ||
			got.remove != cases[i].want.remove ||
			got.ready != cases[i].want.ready ||
			got.reexec != cases[i].want.reexec ||
			strcmp(got.name, cases[i].want.name) != 0)
			fail_msg("%s", cases[i].rule);
	}
}

static void a_name_with_a_nul_or_too_long_is_none(void **state)
{
	static const char with_nul[] = "FDNAME=a\0b";
	char too_long[FD_NAME_MAX_BYTES + 16];
	struct notice got;

	(void)state;
	notice_read(&got, with_nul, sizeof(with_nul) - 1);
	assert_string_equal(got.name, "");
	memset(too_long, 'x', sizeof(too_long));
	memcpy(too_long, "FDNAME=", 7);
	notice_read(&got, too_long, sizeof(too_long));
	assert_string_equal(got.name, "");
}

static void what_is_left_for_systemd_is_neither_the_store_s_nor_ours(void **state)
{
	static const struct {
		const char *text, *want;
	} left[] = {
		{ "", "" },
		{ "READY=1", "READY=1" },
		{ "FDSTORE=1\nFDPOLL=0\nFDNAME=a", "" },
		{ "FDSTOREREMOVE=1\nREADY=1\nFDNAME=a\nSTATUS=x\n", "READY=1\nSTATUS=x" },
		{ "\n\nX_SVCD_REEXEC=1\nNEW=word\n", "NEW=word" },
		{ "XFDSTORE=1", "XFDSTORE=1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		_cleanup_free_ char *text = strdup(left[i].text);

		notice_leave_words(text);
		assert_string_equal(text, left[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_left_for_systemd_is_neither_the_store_s_nor_ours),
		cmocka_unit_test(a_datagram_says_what_its_lines_say),
		cmocka_unit_test(a_name_with_a_nul_or_too_long_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
