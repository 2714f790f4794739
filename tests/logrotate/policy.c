/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy.c - when logs rotate and which archives stay, on invented days.
 */
#include "logrotate/policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

#include "logrotate/line.h"
#include "tests/test.h"

static struct wall at(const char *text)
{
	struct wall wall = { 0 };

	assert_int_equal(time_read(&wall, text, strlen(text)), strlen(text));
	return wall;
}

static void use_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static const struct {
	const char *rule, *zone;
	enum rotate_every every;
	int64_t at_s;
	const char *since, *next; /* NULL: never */
} boundaries[] = {
	/* clang-format off */
	{ "never", "UTC", EVERY_NEVER, 0, "2026-11-23T10:00:00Z", NULL },
	{ "daily is the next midnight", "UTC", EVERY_DAY, 0, "2026-11-23T10:00:00Z", "2026-11-24T00:00:00Z" },
	{ "daily at an hour that is still to come", "UTC", EVERY_DAY, 16200, "2026-11-23T03:00:00Z", "2026-11-23T04:30:00Z" },
	{ "daily at an hour that is over", "UTC", EVERY_DAY, 16200, "2026-11-23T05:00:00Z", "2026-11-24T04:30:00Z" },
	{ "exactly on the boundary a new day has begun", "UTC", EVERY_DAY, 0, "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z" },
	{ "hourly", "UTC", EVERY_HOUR, 0, "2026-11-23T10:59:59Z", "2026-11-23T11:00:00Z" },
	{ "exactly on the hour the next has begun", "UTC", EVERY_HOUR, 0, "2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z" },
	{ "hourly, spread within five minutes", "UTC", EVERY_HOUR, 120, "2026-11-23T10:01:00Z", "2026-11-23T10:02:00Z" },
	{ "weekly is Monday", "UTC", EVERY_WEEK, 0, "2026-11-25T10:00:00Z", "2026-11-30T00:00:00Z" },
	{ "weekly on a Sunday", "UTC", EVERY_WEEK, 0, "2026-11-29T10:00:00Z", "2026-11-30T00:00:00Z" },
	{ "monthly is the first", "UTC", EVERY_MONTH, 0, "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z" },
	{ "midnight is local", "Europe/Berlin", EVERY_DAY, 0, "2026-07-01T10:00:00Z", "2026-07-01T22:00:00Z" },
	{ "a day of 23 hours", "Europe/Berlin", EVERY_DAY, 0, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z" },
	{ "a day of 25 hours", "Europe/Berlin", EVERY_DAY, 0, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z" },
	{ "an hour that comes twice ends twice", "Europe/Berlin", EVERY_HOUR, 0, "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z" },
	/* clang-format on */
};

static void boundaries_are_where_people_expect_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(boundaries); i++) {
		struct policy policy = { .every = boundaries[i].every,
			.at_s = boundaries[i].at_s };
		struct wall next, want = { INT64_MAX };
		char text[WALL_TEXT_BYTES];

		use_zone(boundaries[i].zone);
		next = policy_boundary(&policy, at(boundaries[i].since));
		if (boundaries[i].next)
			want = at(boundaries[i].next);
		if (next.us != want.us)
			fail_msg("%s: %s", boundaries[i].rule, wall_format(next, text));
	}
}

static void a_week_of_days_has_seven_rotations_whenever_one_looks(void **state)
{
	struct policy policy = { .every = EVERY_DAY, .at_s = 1234 };
	struct wall since = at("2026-11-23T00:00:00Z"), end = at("2026-11-30T00:00:00Z");
	int rotations = 0;

	(void)state;
	use_zone("UTC");
	for (struct wall now = since; now.us < end.us;
		now.us += 601 * (int64_t)US_PER_S) {
		if (!policy_due(&policy, 1, since, now))
			continue;
		since = now;
		rotations++;
	}
	assert_int_equal(rotations, 7);
}

static void an_empty_or_small_log_waits(void **state)
{
	struct policy policy = { .every = EVERY_DAY, .minsize_bytes = 100 };
	struct wall since = at("2026-11-23T10:00:00Z"), late = at("2026-11-25T10:00:00Z");

	(void)state;
	use_zone("UTC");
	assert_false(policy_due(&policy, 0, since, late));
	assert_false(policy_due(&policy, 99, since, late));
	assert_true(policy_due(&policy, 100, since, late));
	policy = (struct policy){ .every = EVERY_DAY, .ifempty = true };
	assert_true(policy_due(&policy, 0, since, late));
}

static const struct {
	const char *rule;
	int64_t limit_bytes, size_bytes;
	const char *lines;
	size_t fits;
} sizes[] = {
	{ "all of it fits", 100, 0, "one\ntwo\n", 8 },
	{ "up to the last byte", 8, 0, "one\ntwo\n", 8 },
	{ "only whole lines", 7, 0, "one\ntwo\n", 4 },
	{ "nothing: rotate first", 10, 8, "one\ntwo\n", 0 },
	{ "an empty file takes a line that is too long", 2, 0, "one\ntwo\n", 4 },
	{ "a full file takes none", 8, 8, "x\n", 0 },
	{ "a file that is over its limit takes none", 4, 8, "x\n", 0 },
};

static void files_end_with_whole_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct policy policy = { .limit_bytes = sizes[i].limit_bytes };
		size_t fits = policy_fits(&policy, sizes[i].size_bytes, sizes[i].lines,
			strlen(sizes[i].lines));

		if (fits != sizes[i].fits)
			fail_msg("%s: %zu", sizes[i].rule, fits);
	}
}

/* One letter per archive, newest first: plain P or packed Z; decided: keep k, pack p,
 * remove r. */
static const struct {
	const char *rule;
	struct policy policy;
	const char *archives, *fates;
} prunes[] = {
	/* clang-format off */
	{ "all plain ones are packed", { .keep = 9 }, "PPZ", "ppk" },
	{ "the newest waits", { .keep = 9, .delay_compress = true }, "PPZ", "kpk" },
	{ "none are packed", { .keep = 9, .compress = COMPRESS_NONE }, "PPZ", "kkk" },
	{ "more than `keep` go", { .keep = 2 }, "PPZ", "ppr" },
	{ "keep nothing", { .keep = 0 }, "PZ", "rr" },
	{ "keep all", { .keep = UNSET }, "PZZZZ", "pkkkk" },
	{ "old ones go; each is a day older than the one before", { .keep = UNSET, .max_age_ms = 2 * 86400000LL }, "ZZZZ", "kkrr" },
	/* clang-format on */
};

static struct archive archive_of_day(char letter, size_t days, struct wall now)
{
	return (struct archive){
		.dated = true,
		.stamp_s = now.us / US_PER_S - (int64_t)days * 86400 - 1,
		.modified_s = now.us / US_PER_S - (int64_t)days * 86400 - 1,
		.packed = letter == 'P' ? COMPRESS_NONE : COMPRESS_ZSTD,
		.bytes = 10,
	};
}

static void archives_have_the_fate_they_deserve(void **state)
{
	static const char letters[] = {
		[FATE_KEEP] = 'k', [FATE_PACK] = 'p', [FATE_REMOVE] = 'r'
	};
	struct wall now = at("2026-11-23T10:00:00Z");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(prunes); i++) {
		size_t count = strlen(prunes[i].archives);
		struct archive archives[8];

		for (size_t j = 0; j < count; j++)
			archives[j] = archive_of_day(prunes[i].archives[j], j, now);
		policy_prune(&prunes[i].policy, archives, count, now);
		for (size_t j = 0; j < count; j++)
			if (letters[archives[j].fate] != prunes[i].fates[j])
				fail_msg("%s: archive %zu: %c", prunes[i].rule, j,
					letters[archives[j].fate]);
	}
}

static size_t removed(const struct archive *archives, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += archives[i].fate == FATE_REMOVE;
	return found;
}

static void over_the_total_the_oldest_of_all_logs_go_first(void **state)
{
	struct wall now = at("2026-11-23T10:00:00Z");
	struct archive out[3], err[3];
	struct shelf_view views[] = { { out, 3 }, { err, 3 } };
	struct policy policy = { .keep = UNSET, .total_bytes = 45, .min_keep = 1 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		out[i] = archive_of_day('Z', i, now);
		err[i] = archive_of_day('Z', i + 10, now); /* older, all of them */
	}
	policy_total(&policy, views, 2, 5);
	assert_int_equal(removed(err, 3), 2); /* 65 bytes were there; 45 now */
	assert_int_equal(removed(out, 3), 0);
	policy.total_bytes = 0;
	policy_total(&policy, views, 2, 5);
	assert_int_equal(removed(err, 3), 2); /* min_keep */
	assert_int_equal(removed(out, 3), 2);
	assert_int_equal(out[0].fate, FATE_KEEP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries_are_where_people_expect_them),
		cmocka_unit_test(a_week_of_days_has_seven_rotations_whenever_one_looks),
		cmocka_unit_test(an_empty_or_small_log_waits),
		cmocka_unit_test(files_end_with_whole_lines),
		cmocka_unit_test(archives_have_the_fate_they_deserve),
		cmocka_unit_test(over_the_total_the_oldest_of_all_logs_go_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
