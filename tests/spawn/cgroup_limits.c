/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_limits.c - what is written into the control files of a leaf: a directory of
 * plain files stands for one, as the kernel would have it with all its controllers.
 */
#include "spawn/cgroup_limits.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#include "config/config.h"
#include "tests/test.h"

static const char *const files[] = { "memory.high", "memory.max", "memory.swap.max",
	"pids.max", "cpu.max", "cpu.weight", "io.weight" };

struct leaf {
	char path[32];
	int fd;
};

static void leaf_begin(struct leaf *leaf)
{
	strcpy(leaf->path, "/tmp/svcd-leaf.XXXXXX");
	assert_non_null(mkdtemp(leaf->path));
	leaf->fd = open(leaf->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		close(openat(leaf->fd, files[i], O_CREAT | O_WRONLY, 0644));
}

static int remove_one(
	const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

static void leaf_end(const struct leaf *leaf)
{
	close(leaf->fd);
	nftw(leaf->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_limit_has_its_file),
		cmocka_unit_test(what_nobody_asked_for_is_left_to_the_kernel),
		cmocka_unit_test(without_controllers_one_note_names_all),
		cmocka_unit_test(a_file_that_refuses_is_a_failure_with_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
