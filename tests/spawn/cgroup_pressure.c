/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_pressure.c - read from a directory of plain files, as the kernel writes them.
 */
#include "spawn/cgroup_pressure.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

#include "config/config.h"
#include "tests/temporary.h"
#include "tests/test.h"

struct folder {
	char path[TEMPORARY_BYTES];
	int fd;
};

static void folder_make(struct folder *folder)
{
	temporary_folder(folder->path);
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder->fd >= 0);
}

static void folder_put(const struct folder *folder, const char *file, const char *text)
{
	_cleanup_free_ char *path = text_format("%s/%s", folder->path, file);

	assert_int_equal(file_write(path, text, strlen(text), 0644), 0);
}

static void folder_remove(const struct folder *folder)
{
	close(folder->fd);
	assert_int_equal(temporary_remove(folder->path), 0);
}

static void what_the_kernel_writes_is_understood(void **state)
{
	struct pressure pressure;
	struct folder folder;

	(void)state;
	folder_make(&folder);
	folder_put(&folder, "memory.events",
		"low 1\nhigh 20\nmax 300\noom 4\noom_kill 5\noom_group_kill 6\n");
	folder_put(&folder, "memory.pressure",
		"some avg10=12.05 avg60=1.00 avg300=0.10 total=123456\n"
		"full avg10=3.00 avg60=0.00 avg300=0.00 total=99\n");
	folder_put(&folder, "cpu.pressure",
		"some avg10=100.00 avg60=0.00 avg300=0.00 total=0\n");
	folder_put(&folder, "io.pressure",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	cgroup_pressure_read(folder.fd, &pressure);
	assert_int_equal(pressure.low, 1);
	assert_int_equal(pressure.high, 20);
	assert_int_equal(pressure.max, 300);
	assert_int_equal(pressure.oom, 4);
	assert_int_equal(pressure.oom_kill, 5);
	assert_int_equal(pressure.memory, 1205);
	assert_int_equal(pressure.cpu, 10000);
	assert_int_equal(pressure.io, 0);
	folder_remove(&folder);
}

static void what_is_not_there_is_not_known_and_not_0(void **state)
{
	struct pressure pressure;
	struct folder folder;

	(void)state;
	folder_make(&folder);
	cgroup_pressure_read(folder.fd, &pressure);
	assert_int_equal(pressure.low, UNSET);
	assert_int_equal(pressure.oom, UNSET);
	assert_int_equal(pressure.oom_kill, UNSET);
	assert_int_equal(pressure.memory, UNSET);
	assert_int_equal(pressure.cpu, UNSET);
	assert_int_equal(pressure.io, UNSET);
	folder_remove(&folder);
}

static const struct {
	const char *rule, *events, *stalls;
} garbage[] = {
	{ "an empty file", "", "" },
	{ "no newline, no number", "oom_kill", "some avg10=" },
	{ "words for numbers", "oom_kill many\n", "some avg10=a lot\n" },
	{ "negative numbers", "oom_kill -1\n", "some avg10=-1.00\n" },
	{ "more than all of the time", "", "some avg10=101.00 total=0\n" },
	{ "one digit behind the point", "", "some avg10=1.5 total=0\n" },
	{ "no point", "", "some avg10=1 total=0\n" },
	{ "the key in the middle of a line", "my_oom_kill 7\n x oom_kill 7\n",
		"full avg10=0.00 some avg10=1.00\n" },
};

static void what_makes_no_sense_is_not_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		struct pressure pressure;
		struct folder folder;

		folder_make(&folder);
		folder_put(&folder, "memory.events", garbage[i].events);
		folder_put(&folder, "io.pressure", garbage[i].stalls);
		cgroup_pressure_read(folder.fd, &pressure);
		if (pressure.oom_kill != UNSET || pressure.io != UNSET)
			fail_msg("%s: was understood", garbage[i].rule);
		folder_remove(&folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_writes_is_understood),
		cmocka_unit_test(what_is_not_there_is_not_known_and_not_0),
		cmocka_unit_test(what_makes_no_sense_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
