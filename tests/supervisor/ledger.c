/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ledger.c - what one supervisor wrote is what the next one reads, or what it wrote
 * before that: whatever was cut off or damaged.
 */
#include "supervisor/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/test.h"

static struct ledger *make(void)
{
	struct ledger *ledger = NULL;

	assert_int_equal(ledger_new(&ledger, -1), 0);
	return ledger;
}

/* Another supervisor, which was handed the same memfd. */
static struct ledger *next_of(const struct ledger *ledger)
{
	struct ledger *next = NULL;

	assert_int_equal(
		ledger_new(&next, fcntl(ledger_fd(ledger), F_DUPFD_CLOEXEC, 3)), 0);
	return next;
}

static void put(struct ledger *ledger, const char *text)
{
	assert_int_equal(ledger_write(ledger, text, strlen(text)), 0);
}

static void assert_reads(const struct ledger *ledger, const char *expected)
{
	struct ledger *next = next_of(ledger);
	char *text = NULL;
	size_t size = 0;
	int r = ledger_read(next, &text, &size);

	if (!expected) {
		assert_int_equal(r, -ENODATA);
	} else {
		assert_int_equal(r, 0);
		assert_int_equal(size, strlen(expected));
		assert_string_equal(text, expected);
	}
	free(text);
	ledger_free(next);
}

/* The first byte of `what`, where it stands in the memfd. */
static void spoil(const struct ledger *ledger, const char *what)
{
	size_t size = strlen(what);
	const off_t step = 4096;
	off_t end = lseek(ledger_fd(ledger), 0, SEEK_END);
	char bytes[64];

	for (off_t at = 0; at < end; at += step) {
		if (pread(ledger_fd(ledger), bytes, size, at) != (ssize_t)size ||
			memcmp(bytes, what, size) != 0)
			continue;
		bytes[0] ^= 1;
		assert_int_equal(pwrite(ledger_fd(ledger), bytes, 1, at), 1);
		return;
	}
	fail_msg("%s stands nowhere", what);
}

static void test_what_was_written_last_is_read(void **state)
{
	struct ledger *ledger = make();

	(void)state;
	assert_reads(ledger, NULL);
	put(ledger, "one");
	assert_reads(ledger, "one");
	put(ledger, "two, and longer");
	assert_reads(ledger, "two, and longer");
	put(ledger, "");
	assert_reads(ledger, "");
	put(ledger, "four");
	assert_reads(ledger, "four");
	ledger_free(ledger);
}

static void test_a_heir_goes_on_behind_what_it_read(void **state)
{
	struct ledger *ledger = make(), *heir;
	char *text = NULL;
	size_t size;

	(void)state;
	put(ledger, "one");
	put(ledger, "two");
	heir = next_of(ledger);
	assert_int_equal(ledger_read(heir, &text, &size), 0);
	free(text);
	put(heir, "three");
	assert_reads(heir, "three");
	spoil(heir, "three");
	assert_reads(heir, "two"); /* it wrote over the older one */
	ledger_free(heir);
	ledger_free(ledger);
}

static void test_a_damaged_slot_gives_way_to_the_other(void **state)
{
	struct ledger *ledger = make();

	(void)state;
	put(ledger, "older");
	put(ledger, "newer");
	spoil(ledger, "newer");
	assert_reads(ledger, "older");
	spoil(ledger, "older");
	assert_reads(ledger, NULL);
	put(ledger, "after");
	assert_reads(ledger, "after");
	ledger_free(ledger);
}

/* Killed in the middle of each write(2): whatever is cut off, one is whole. */
static void test_who_is_killed_in_between_leaves_the_former(void **state)
{
	struct ledger *ledger = make();
	char header[64];

	(void)state;
	put(ledger, "former");
	put(ledger, "latter");
	/* the bytes of a third stand over the first, its header is not written yet */
	assert_int_equal(pwrite(ledger_fd(ledger), "thirds", 6, 4096), 6);
	assert_reads(ledger, "latter");
	/* nor whole */
	memset(header, 0x5a, sizeof(header));
	assert_int_equal(pwrite(ledger_fd(ledger), header, 20, 0), 20);
	assert_reads(ledger, "latter");
	ledger_free(ledger);
}

static void test_a_size_that_cannot_be_is_not_believed(void **state)
{
	struct ledger *ledger = make();

	(void)state;
	put(ledger, "small");
	assert_int_equal(ftruncate(ledger_fd(ledger), 4096 + 2), 0);
	assert_reads(ledger, NULL);
	ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_written_last_is_read),
		cmocka_unit_test(test_a_heir_goes_on_behind_what_it_read),
		cmocka_unit_test(test_a_damaged_slot_gives_way_to_the_other),
		cmocka_unit_test(test_who_is_killed_in_between_leaves_the_former),
		cmocka_unit_test(test_a_size_that_cannot_be_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
