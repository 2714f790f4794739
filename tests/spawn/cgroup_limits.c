/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_limits.c - what is written into the control files of a leaf: a directory of
 * plain files stands for one, as the kernel would have it with all its controllers.
 */
#include "spawn/cgroup_limits.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#include "config/config.h"
#include "tests/temporary.h"
#include "tests/test.h"

static const char *const files[] = { "memory.high", "memory.max", "memory.swap.max",
	"pids.max", "cpu.max", "cpu.weight", "io.weight" };

struct leaf {
	char path[TEMPORARY_BYTES];
	int fd;
};

static void leaf_begin(struct leaf *leaf)
{
	temporary_folder(leaf->path);
	leaf->fd = open(leaf->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		close(openat(leaf->fd, files[i], O_CREAT | O_WRONLY, 0644));
}

static void leaf_end(const struct leaf *leaf)
{
	close(leaf->fd);
	assert_int_equal(temporary_remove(leaf->path), 0);
}

/* As the kernel takes it: what was there before is gone. */
static int file_write_at(int dir_fd, const char *name, const char *text)
{
	int fd = openat(dir_fd, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	ssize_t put = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return put == (ssize_t)strlen(text) ? 0 : -1;
}

static void says(const struct leaf *leaf, const char *file, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(file_read(&text, NULL, leaf->fd, file, 4096), 0);
	assert_string_equal(text, expected);
}

static const struct limits none = { .tasks = UNSET,
	.memory_bytes = UNSET,
	.memory_high_bytes = UNSET,
	.swap_bytes = UNSET,
	.cpu_percent = UNSET,
	.cpu_weight = 100,
	.io_weight = 100 };
static const struct limits all = { .tasks = 512,
	.memory_bytes = 3LL << 30,
	.memory_high_bytes = 2LL << 30,
	.swap_bytes = 0,
	.cpu_percent = 250,
	.cpu_weight = 50,
	.io_weight = 200 };

static void every_limit_has_its_file(void **state)
{
	struct leaf leaf;
	struct error err = { 0 };
	char note[256];

	(void)state;
	leaf_begin(&leaf);
	assert_int_equal(cgroup_limits_set(leaf.fd, &all, note, sizeof(note), &err), 0);
	assert_string_equal(note, "");
	says(&leaf, "memory.max", "3221225472");
	says(&leaf, "memory.high", "2147483648");
	says(&leaf, "memory.swap.max", "0");
	says(&leaf, "pids.max", "512");
	says(&leaf, "cpu.max", "250000 100000");
	says(&leaf, "cpu.weight", "50");
	says(&leaf, "io.weight", "default 200");
	leaf_end(&leaf);
}

static void what_nobody_asked_for_is_left_to_the_kernel(void **state)
{
	struct leaf leaf;
	struct error err = { 0 };
	char note[256];

	(void)state;
	leaf_begin(&leaf);
	assert_int_equal(cgroup_limits_set(leaf.fd, &none, note, sizeof(note), &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		says(&leaf, files[i], "");
	leaf_end(&leaf);
}

static void without_controllers_one_note_names_all(void **state)
{
	struct leaf leaf;
	struct error err = { 0 };
	char note[256];

	(void)state;
	leaf_begin(&leaf);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlinkat(leaf.fd, files[i], 0);
	assert_int_equal(cgroup_limits_set(leaf.fd, &all, note, sizeof(note), &err), 0);
	assert_string_equal(note,
		"not enforced here (no such cgroup controller): limits.memory_high, "
		"limits.memory, limits.swap, limits.tasks, limits.cpu, limits.cpu_weight, "
		"limits.io_weight");
	leaf_end(&leaf);
}

static void a_file_that_refuses_is_a_failure_with_its_key(void **state)
{
	struct leaf leaf;
	struct error err = { 0 };
	char note[256];

	(void)state;
	leaf_begin(&leaf);
	unlinkat(leaf.fd, "pids.max", 0);
	assert_int_equal(
		mkdirat(leaf.fd, "pids.max", 0755), 0); /* nobody can write that */
	assert_int_equal(
		cgroup_limits_set(leaf.fd, &all, note, sizeof(note), &err), -EISDIR);
	assert_string_equal(
		err.text, "limits.tasks: writing \"512\" to pids.max: Is a directory");
	leaf_end(&leaf);
}

/* ---- of what runs ------------------------------------------------------------------ */

static void use(const struct leaf *leaf, const char *current, const char *stat)
{
	assert_int_equal(file_write_at(leaf->fd, "memory.current", current), 0);
	assert_int_equal(file_write_at(leaf->fd, "memory.stat", stat), 0);
}

static char *change(const struct leaf *leaf, const struct limits *limits)
{
	static char note[256]; /* NOLINT: of one test at a time */
	struct error err = { 0 };

	assert_int_equal(
		cgroup_limits_change(leaf->fd, limits, note, sizeof(note), &err), 0);
	return note;
}

static void a_change_writes_every_file_and_twice_is_the_same(void **state)
{
	struct leaf leaf;

	(void)state;
	leaf_begin(&leaf);
	for (unsigned turn = 0; turn < 2; turn++) {
		assert_string_equal(change(&leaf, &all), "");
		says(&leaf, "memory.max", "3221225472");
		says(&leaf, "cpu.max", "250000 100000");
		says(&leaf, "io.weight", "default 200");
	}
	leaf_end(&leaf);
}

static void a_limit_that_is_gone_is_taken_back(void **state)
{
	static const char *const taken_back[ARRAY_LEN(files)] = { "max", "max", "max",
		"max", "max", "100", "default 100" };
	struct leaf leaf;

	(void)state;
	leaf_begin(&leaf);
	change(&leaf, &all);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		file_write_at(leaf.fd, files[i], ""); /* the kernel takes writes whole */
	assert_string_equal(change(&leaf, &none), "");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		says(&leaf, files[i], taken_back[i]);
	leaf_end(&leaf);
}

static const struct {
	const char *rule, *current, *stat, *max, *high, *note;
} lowered[] = {
	{ "what fits is written", "1000", "", "3221225472", "2147483648", "" },
	{ "what would kill waits for the next start", "3221225473", "inactive_file 0\n",
		"-", "-",
		"from the next start on, as more is in use: limits.memory_high, "
		"limits.memory" },
	{ "each by itself", "3000000000", "inactive_file 1\n", "3221225472", "-",
		"from the next start on, as more is in use: limits.memory_high" },
	{ "cache that nobody used lately is no use", "5000000000",
		"anon 1\ninactive_file 4000000000\n", "3221225472", "2147483648", "" },
};

static void a_limit_below_what_is_in_use_kills_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lowered); i++) {
		struct leaf leaf;

		print_message("%s\n", lowered[i].rule);
		leaf_begin(&leaf);
		use(&leaf, lowered[i].current, lowered[i].stat);
		file_write_at(leaf.fd, "memory.max", "-");
		file_write_at(leaf.fd, "memory.high", "-");
		assert_string_equal(change(&leaf, &all), lowered[i].note);
		says(&leaf, "memory.max", lowered[i].max);
		says(&leaf, "memory.high", lowered[i].high);
		says(&leaf, "pids.max", "512"); /* the others, whatever waits */
		leaf_end(&leaf);
	}
}

static void one_file_that_refuses_keeps_no_other_back(void **state)
{
	struct leaf leaf;
	struct error err = { 0 };
	char note[256];

	(void)state;
	leaf_begin(&leaf);
	unlinkat(leaf.fd, "memory.max", 0);
	assert_int_equal(mkdirat(leaf.fd, "memory.max", 0755), 0);
	unlinkat(leaf.fd, "cpu.max", 0);
	assert_int_equal(
		cgroup_limits_change(leaf.fd, &all, note, sizeof(note), &err), -EISDIR);
	assert_string_equal(err.text,
		"limits.memory: writing \"3221225472\" to memory.max: Is a directory");
	assert_string_equal(
		note, "not enforced here (no such cgroup controller): limits.cpu");
	says(&leaf, "pids.max", "512");
	says(&leaf, "io.weight", "default 200");
	leaf_end(&leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_limit_has_its_file),
		cmocka_unit_test(what_nobody_asked_for_is_left_to_the_kernel),
		cmocka_unit_test(without_controllers_one_note_names_all),
		cmocka_unit_test(a_file_that_refuses_is_a_failure_with_its_key),
		cmocka_unit_test(a_change_writes_every_file_and_twice_is_the_same),
		cmocka_unit_test(a_limit_that_is_gone_is_taken_back),
		cmocka_unit_test(a_limit_below_what_is_in_use_kills_nobody),
		cmocka_unit_test(one_file_that_refuses_keeps_no_other_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
