/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_mount.c - which mount is taken, by the text of mountinfo.
 */
#include "spawn/cgroup_mount.h"

#include "base/cleanup.h"

#include "tests/test.h"

static const struct {
	const char *rule, *mountinfo, *want; /* NULL: none */
	unsigned nth;
} mounts[] = {
	{ "the unified hierarchy",
		"31 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - "
		"cgroup2 cgroup2 rw,nsdelegate\n",
		"/sys/fs/cgroup", 0 },
	{ "beside version 1",
		"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
		"/sys/fs/cgroup/unified", 0 },
	{ "a read-only one does not count",
		"41 31 0:38 / /sys/fs/cgroup ro,relatime - cgroup2 cgroup2 rw\n", NULL,
		0 },
	{ "what was mounted last lies on top",
		"1 0 0:1 / /a rw - cgroup2 cgroup2 rw\n"
		"2 0 0:1 / /b rw - cgroup2 cgroup2 rw\n"
		"3 0 0:2 / /c rw - tmpfs tmpfs rw\n",
		"/b", 0 },
	{ "the one below is the next choice",
		"1 0 0:1 / /a rw - cgroup2 cgroup2 rw\n"
		"2 0 0:1 / /b rw - cgroup2 cgroup2 rw\n",
		"/a", 1 },
	{ "blanks and backslashes are escaped",
		"1 0 0:1 / /my\\040groups\\134x rw - cgroup2 none rw\n", "/my groups\\x",
		0 },
	{ "an option that begins with rw is another",
		"1 0 0:1 / /a rwx - cgroup2 none rw\n", NULL, 0 },
	{ "a file system of that name only as a source",
		"1 0 0:1 / /a rw - tmpfs cgroup2 rw\n", NULL, 0 },
	{ "no last newline", "1 0 0:1 / /a rw - cgroup2 none rw", "/a", 0 },
	{ "a line that ends too soon", "1 0 - cgroup2 \n", NULL, 0 },
	{ "nothing", "", NULL, 0 },
};

static void the_right_mount_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		char found[256] = "";
		int r = cgroup_mount_find(
			mounts[i].mountinfo, mounts[i].nth, found, sizeof(found));

		print_message("%s\n", mounts[i].rule);
		if (mounts[i].want)
			assert_string_equal(found, mounts[i].want);
		assert_int_equal(r, mounts[i].want ? 0 : -ENOENT);
	}
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
	char small[8];

	(void)state;
	assert_int_equal(cgroup_mount_find("1 0 0:1 / /sys/fs/cgroup rw - cgroup2 n rw\n",
				 0, small, sizeof(small)),
		-ENAMETOOLONG);
}

static void the_base_is_named_after_the_root(void **state)
{
	char name[256], root[400] = "/";

	(void)state;
	cgroup_base_name("", name, sizeof(name));
	assert_string_equal(name, "svcd-services");
	cgroup_base_name("/tmp/a/b", name, sizeof(name));
	assert_string_equal(name, "svcd-services-tmp-a-b");
	memset(root + 1, 'x', sizeof(root) - 2);
	cgroup_base_name(root, name, sizeof(name));
	assert_int_equal(strlen(name), strlen("svcd-services-") + 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_mount_is_found),
		cmocka_unit_test(a_path_that_does_not_fit_is_refused),
		cmocka_unit_test(the_base_is_named_after_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
