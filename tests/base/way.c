/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * way.c - which ways root goes, and which it does not. Makes files of other users: needs
 * root.
 */
#include "base/way.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/as_user.h"
#include "base/file.h"
#include "base/text.h"

#include "tests/temporary.h"
#include "tests/test.h"

enum { SERVICE = 60001, STRANGER = 60002 };
static char base[TEMPORARY_BYTES]; /* NOLINT: one for all tests */

static char *below(const char *name)
{
	return text_format("%s/%s", base, name);
}

static void make(const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	_cleanup_free_ char *path = below(name);

	assert_int_equal(directory_make(path, 0755), 0);
	assert_int_equal(chown(path, uid, gid), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void make_link(const char *name, const char *target, uid_t uid)
{
	_cleanup_free_ char *path = below(name);

	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(lchown(path, uid, uid), 0);
}

static int set_up(void **state)
{
	(void)state;
	temporary_folder(base);
	assert_int_equal(chmod(base, 0755), 0);
	make("root", 0, 0, 0755);
	make("root/deep", 0, 0, 0755);
	make("service", SERVICE, SERVICE, 0755);
	make("service/deep", 0, 0, 0755);
	make("service/strange", STRANGER, STRANGER, 0755);
	make("stranger", STRANGER, STRANGER, 0755);
	make("stranger/service", SERVICE, SERVICE, 0755);
	make("stranger/root", 0, 0, 0755);
	make("shared", 0, SERVICE, 0775);
	make("staff", 0, 50, 0775);
	make("open", 0, 0, 0777);
	make("open/root", 0, 0, 0755);
	make("tmp", 0, 0, 01777);
	make("tmp/root", 0, 0, 0755);
	make("tmp/stranger", STRANGER, STRANGER, 0755);
	make_link("link", "root", 0);
	make_link("service/link", "/etc", SERVICE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return temporary_remove(base);
}

static const struct {
	const char *rule, *path;
	int error; /* 0: it is gone */
	bool users;
	const char *says;
} cases[] = {
	{ "what is root's all the way", "root/deep", 0, false, NULL },
	{ "slashes do not matter", "/root///deep//", 0, false, NULL },
	{ "the service's own, to be met as the service", "service", 0, true, NULL },
	{ "what is root's in there can be swapped by the service", "service/deep", 0,
		true, NULL },
	{ "what its own group may write", "shared", 0, true, NULL },
	{ "another user's", "stranger", -EPERM, false, "belongs to uid 60002" },
	{ "the fix names the directory", "stranger/root", -EPERM, false,
		"/stranger belongs" },
	{ "the service's below another user's", "stranger/service", -EPERM, false,
		"belongs to uid 60002" },
	{ "another user's below the service's", "service/strange", -EPERM, false,
		"belongs to uid 60002" },
	{ "what another group may write", "staff", -EPERM, false,
		"writable by its group; fix: chmod g-w " },
	{ "what everybody may write", "open", -EPERM, false,
		"writable by everybody; fix: chmod o-w " },
	{ "also on the way", "open/root", -EPERM, false, "writable by everybody" },
	{ "a directory like /tmp at the end", "tmp", -EPERM, false,
		"writable by everybody" },
	{ "a directory like /tmp on the way", "tmp/root", 0, false, NULL },
	{ "what somebody made in there", "tmp/stranger", -EPERM, false,
		"belongs to uid 60002" },
	{ "a link, also of root's", "link", -ELOOP, false, "is a symbolic link; fix: " },
	{ "a link on the way", "link/deep", -ELOOP, false, "/link is a symbolic link" },
	{ "a link of the service's", "service/link", -ELOOP, false,
		"/service/link is a symbolic link" },
	{ "up", "root/../root", -EINVAL, false, "'..'" },
	{ "what is not there", "root/none", -ENOENT, false, "No such file" },
};

static void a_way_is_gone_where_nobody_else_has_a_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *path = below(cases[i].path);
		const struct way way = { path, SERVICE, SERVICE, 0 };
		_cleanup_close_ int fd = -1;
		struct error err = { 0 };
		bool users = false;
		int r = way_open(&fd, &users, &way, &err);

		print_message("%s: %s\n", cases[i].rule, err.text);
		assert_int_equal(r, cases[i].error);
		if (cases[i].says)
			assert_non_null(strstr(err.text, cases[i].says));
		else
			assert_int_equal(users, cases[i].users);
	}
}

static void for_root_alone_the_service_is_a_stranger(void **state)
{
	_cleanup_free_ char *path = below("service");
	_cleanup_free_ char *shared = below("shared");
	struct error err = { 0 };
	bool users;
	int fd;

	(void)state;
	assert_int_equal(
		way_open(&fd, &users, &(struct way){ path, 0, 0, 0 }, &err), -EPERM);
	assert_int_equal(
		way_open(&fd, &users, &(struct way){ shared, 0, 0, 0 }, &err), -EPERM);
}

static void what_is_missing_is_made_by_who_may(void **state)
{
	static const struct {
		const char *path;
		uid_t owner;
	} wanted[] = { { "root/new/er", 0 }, { "service/new/er", SERVICE },
		{ "shared/new", SERVICE } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		_cleanup_free_ char *path = below(wanted[i].path);
		const struct way way = { path, SERVICE, SERVICE, 0750 };
		_cleanup_close_ int fd = -1;
		struct error err = { 0 };
		struct stat info;
		bool users;

		assert_int_equal(way_open(&fd, &users, &way, &err), 0);
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(info.st_uid, wanted[i].owner);
		assert_int_equal(info.st_mode & 07777, 0750);
	}
}

static void what_is_open_is_judged_by_where_it_is(void **state)
{
	static const struct {
		const char *path;
		int result;
	} wanted[] = { { "root/deep", 0 }, { "link/deep", 0 },
		{ "stranger/root", -EPERM }, { "open/root", -EPERM },
		{ "service/deep", 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		_cleanup_free_ char *path = below(wanted[i].path);
		_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
		struct error err = { 0 };

		assert_true(fd >= 0);
		assert_int_equal(way_check_above(fd, SERVICE, &err), wanted[i].result);
	}
}

static void a_name_in_a_directory_is_handed_out(void **state)
{
	_cleanup_free_ char *path = below("root/file.conf");
	_cleanup_free_ char *dots = below("root/..");
	const struct way way = { path, 0, 0, 0 };
	_cleanup_close_ int fd = -1;
	struct error err = { 0 };
	const char *name;
	bool users;

	(void)state;
	assert_int_equal(way_open_above(&fd, &users, &name, &way, &err), 0);
	assert_string_equal(name, "file.conf");
	assert_int_equal(
		way_open_above(&fd, &users, &name, &(struct way){ dots, 0, 0, 0 }, &err),
		-EINVAL);
}

static void as_a_user_root_may_not_do_more(void **state)
{
	static const gid_t others[] = { 50 };
	const struct user user = { SERVICE, SERVICE, NULL, 0 };
	const struct user member = { SERVICE, SERVICE, others, 1 };
	_cleanup_free_ char *mine = below("service/mine");
	_cleanup_free_ char *roots = below("root/mine");
	_cleanup_free_ char *staffs = below("staff/mine");
	struct stat info;

	(void)state;
	assert_int_equal(as_user_begin(&user), 0);
	assert_int_equal(open("/etc/shadow", O_RDONLY), -1);
	assert_int_equal(mkdir(roots, 0755), -1);
	assert_int_equal(mkdir(staffs, 0755), -1);
	assert_int_equal(mkdir(mine, 0755), 0);
	as_user_end();
	assert_int_equal(stat(mine, &info), 0);
	assert_int_equal(info.st_uid, SERVICE);
	assert_int_equal(as_user_begin(&member), 0);
	assert_int_equal(mkdir(staffs, 0755), 0);
	as_user_end();
	assert_int_equal(getgroups(0, NULL), 0);
	assert_int_equal(mkdir(roots, 0755), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_is_gone_where_nobody_else_has_a_say),
		cmocka_unit_test(for_root_alone_the_service_is_a_stranger),
		cmocka_unit_test(what_is_missing_is_made_by_who_may),
		cmocka_unit_test(what_is_open_is_judged_by_where_it_is),
		cmocka_unit_test(a_name_in_a_directory_is_handed_out),
		cmocka_unit_test(as_a_user_root_may_not_do_more),
	};

	umask(022);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
