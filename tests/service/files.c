/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * files.c - what root writes where, and what a service that owns a directory does not
 * bring it to. Makes files of other users: needs root.
 */
#include "service/files.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#include "tests/temporary.h"
#include "tests/test.h"

enum { SERVICE = 60001, ENGINE = 60003, ATTACKS = 2000, MOST_ATTACKS = 1000000 };
static char base[TEMPORARY_BYTES]; /* NOLINT: one for all tests */

static char *below(const char *name)
{
	return text_format("%s/%s", base, name);
}

static void make(const char *name, uid_t uid, mode_t mode)
{
	_cleanup_free_ char *path = below(name);

	assert_int_equal(directory_make(path, 0755), 0);
	assert_int_equal(chown(path, uid, uid), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = below(name);

	assert_int_equal(file_write(path, text, strlen(text), 0644), 0);
}

static void expect(const char *name, const char *text)
{
	_cleanup_free_ char *path = below(name);
	_cleanup_free_ char *found = NULL;

	assert_int_equal(file_read(&found, NULL, AT_FDCWD, path, 4096), 0);
	assert_string_equal(found, text);
}

static struct stat look(const char *name)
{
	_cleanup_free_ char *path = below(name);
	struct stat info;

	assert_int_equal(lstat(path, &info), 0);
	return info;
}

static int render(const char *name, bool *ret_changed, struct error *err)
{
	_cleanup_free_ char *path = below(name);
	char content[] = "new";
	const struct file file = { .path = path, .content = content, .mode = 0640 };
	const struct file_plan plan = { 1, { SERVICE, SERVICE, NULL, 0 }, NULL };

	return file_render(&file, &plan, ret_changed, err);
}

static int set_up(void **state)
{
	(void)state;
	temporary_folder(base);
	assert_int_equal(chmod(base, 0755), 0);
	make("etc", 0, 0755);
	make("victim", 0, 0755);
	make("own", SERVICE, 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return temporary_remove(base);
}

static void root_writes_where_only_root_can(void **state)
{
	struct error err = { 0 };
	bool changed = false;

	(void)state;
	assert_int_equal(render("etc/deep/er/web.conf", &changed, &err), 0);
	assert_true(changed);
	expect("etc/deep/er/web.conf", "new");
	assert_int_equal(look("etc/deep/er/web.conf").st_uid, 0);
	assert_int_equal(look("etc/deep/er/web.conf").st_gid, SERVICE);
	assert_int_equal(look("etc/deep/er/web.conf").st_mode & 07777, 0640);
	assert_int_equal(render("etc/deep/er/web.conf", &changed, &err), 0);
	assert_false(changed);
}

static void elsewhere_the_service_writes(void **state)
{
	struct error err = { 0 };
	bool changed = false;

	(void)state;
	assert_int_equal(render("own/deep/web.conf", &changed, &err), 0);
	expect("own/deep/web.conf", "new");
	assert_int_equal(look("own/deep/web.conf").st_uid, SERVICE);
	assert_int_equal(look("own/deep").st_uid, SERVICE);
	assert_int_equal(render("own/deep/web.conf", &changed, &err), 0);
	assert_false(changed);
}

static void a_name_that_the_service_has_elsewhere_is_given_up(void **state)
{
	_cleanup_free_ char *path = below("etc/hard.conf");
	_cleanup_free_ char *other = below("victim/hard.conf");
	struct error err = { 0 };
	bool changed = false;

	(void)state;
	put("victim/hard.conf", "new");
	assert_int_equal(chown(other, 0, SERVICE), 0);
	assert_int_equal(chmod(other, 0640), 0);
	assert_int_equal(link(other, path), 0);
	assert_int_equal(render("etc/hard.conf", &changed, &err), 0);
	assert_true(changed);
	assert_int_equal(look("etc/hard.conf").st_nlink, 1);
	assert_int_equal(look("victim/hard.conf").st_nlink, 1);
}

static void what_a_last_link_leads_to_is_left_alone(void **state)
{
	_cleanup_free_ char *path = below("own/link.conf");
	_cleanup_free_ char *other = below("victim/linked");
	struct error err = { 0 };
	bool changed = false;

	(void)state;
	put("victim/linked", "old");
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(render("own/link.conf", &changed, &err), 0);
	expect("victim/linked", "old");
	expect("own/link.conf", "new");
	assert_true(S_ISREG(look("own/link.conf").st_mode));
}

static void a_file_that_is_waiting_beside_is_no_trap(void **state)
{
	_cleanup_free_ char *beside = below("own/trap.conf.svcd-new");
	_cleanup_free_ char *other = below("victim/trap");
	struct error err = { 0 };
	bool changed = false;

	(void)state;
	put("victim/trap", "old");
	assert_int_equal(symlink(other, beside), 0);
	assert_int_equal(render("own/trap.conf", &changed, &err), 0);
	expect("victim/trap", "old");
	assert_int_equal(mkfifo(beside, 0600), 0);
	assert_int_equal(render("own/trap.conf", &changed, &err), 0);
}

static void what_cannot_be_written_says_who_tried(void **state)
{
	struct error err = { 0 };
	bool changed = false;

	(void)state;
	make("own/roots", 0, 0755);
	assert_int_equal(render("own/roots/web.conf", &changed, &err), -EACCES);
	assert_non_null(strstr(err.text, "as the service's own user"));
	make("etc/is-a-directory", 0, 0755);
	assert_int_equal(render("etc/is-a-directory", &changed, &err), -EISDIR);
}

/* What a service can do at best: swap its directory for a link, all the time. */
static _Noreturn void swap(const char *directory, const char *link)
{
	if (setresgid(SERVICE, SERVICE, SERVICE) < 0 ||
		setresuid(SERVICE, SERVICE, SERVICE) < 0)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		renameat2(AT_FDCWD, directory, AT_FDCWD, link, RENAME_EXCHANGE);
		sched_yield();
	}
}

static void a_directory_that_is_swapped_for_a_link_leads_nowhere(void **state)
{
	_cleanup_free_ char *directory = below("own/swap");
	_cleanup_free_ char *link = below("own/link");
	_cleanup_free_ char *victim = below("victim");
	_cleanup_free_ char *passwd = below("victim/passwd");
	_cleanup_free_ char *beside = below("victim/passwd.svcd-new");
	unsigned written = 0, refused = 0;
	pid_t pid;

	(void)state;
	make("own/swap", SERVICE, 0755);
	assert_int_equal(symlink(victim, link), 0);
	assert_int_equal(lchown(link, SERVICE, SERVICE), 0);
	pid = fork();
	if (pid == 0)
		swap(directory, link);
	/* both must happen, whenever the other is given time */
	for (unsigned i = 0; i < ATTACKS || ((!written || !refused) && i < MOST_ATTACKS);
		i++) {
		struct error err = { 0 };
		bool changed;

		if (render("own/swap/passwd", &changed, &err) == 0)
			written++;
		else
			refused++;
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	print_message("%u written, %u refused\n", written, refused);
	assert_true(written > 0 && refused > 0);
	assert_int_equal(look("victim").st_uid, 0);
	assert_int_equal(faccessat(AT_FDCWD, passwd, F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(faccessat(AT_FDCWD, beside, F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

/* ---- the directory of the logs ---------------------------------------------------- */

static const struct user engine = { ENGINE, ENGINE, NULL, 0 };

static int prepare(const char *name, bool ours, bool own, struct error *err)
{
	_cleanup_free_ char *path = below(name);
	const struct user service = { SERVICE, SERVICE, NULL, 0 };
	const struct directory_plan plan = { path, ours ? engine : service,
		ours ? SERVICE : ENGINE, ours ? 02750 : 02770, own,
		ours ? NULL : &engine };

	return directory_prepare(&plan, err);
}

static void a_log_directory_is_made_and_mended(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(prepare("log/web", true, true, &err), 0);
	assert_int_equal(look("log/web").st_uid, ENGINE);
	assert_int_equal(look("log/web").st_gid, SERVICE);
	assert_int_equal(look("log/web").st_mode & 07777, 02750);
	make("log/web", SERVICE, 0755);
	assert_int_equal(prepare("log/web", true, true, &err), 0);
	assert_int_equal(look("log/web").st_uid, ENGINE);
	make("log/other", SERVICE, 0755);
	assert_int_equal(prepare("log/other", true, false, &err), 0);
	assert_int_equal(look("log/other").st_uid, SERVICE);
}

static void one_of_the_services_lets_the_engine_in(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(prepare("log/mine", false, true, &err), 0);
	assert_int_equal(look("log/mine").st_uid, SERVICE);
	assert_int_equal(look("log/mine").st_gid, ENGINE);
	assert_int_equal(look("log/mine").st_mode & 07777, 02770);
	make("log/theirs", SERVICE, 0755);
	assert_int_equal(prepare("log/theirs", false, false, &err), -EACCES);
	assert_non_null(strstr(err.text, "svcd-log may not write in "));
	assert_non_null(strstr(err.text, "fix: chgrp 60003 "));
}

static void a_log_directory_below_the_services_own_is_not_the_engines(void **state)
{
	_cleanup_free_ char *link = below("own/log");
	struct error err = { 0 };

	(void)state;
	assert_int_equal(prepare("own/main/web", true, true, &err), -EPERM);
	assert_non_null(strstr(err.text, "/own belongs to uid 60001"));
	assert_int_equal(symlink("/etc", link), 0);
	assert_int_equal(prepare("own/log/web", false, true, &err), -ELOOP);
	assert_int_equal(prepare("own/log", false, true, &err), -ENOTDIR);
	assert_int_equal(faccessat(AT_FDCWD, "/etc/web", F_OK, 0), -1);
}

static void the_services_directory_is_not_given_to_it_by_root(void **state)
{
	struct error err = { 0 };

	(void)state;
	make("own/roots2", 0, 0755);
	assert_int_equal(prepare("own/roots2", false, true, &err), -EPERM);
	assert_non_null(strstr(err.text, "svcd-log cannot be let into "));
	assert_int_equal(look("own/roots2").st_uid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_writes_where_only_root_can),
		cmocka_unit_test(elsewhere_the_service_writes),
		cmocka_unit_test(a_name_that_the_service_has_elsewhere_is_given_up),
		cmocka_unit_test(what_a_last_link_leads_to_is_left_alone),
		cmocka_unit_test(a_file_that_is_waiting_beside_is_no_trap),
		cmocka_unit_test(what_cannot_be_written_says_who_tried),
		cmocka_unit_test(a_directory_that_is_swapped_for_a_link_leads_nowhere),
		cmocka_unit_test(a_log_directory_is_made_and_mended),
		cmocka_unit_test(one_of_the_services_lets_the_engine_in),
		cmocka_unit_test(
			a_log_directory_below_the_services_own_is_not_the_engines),
		cmocka_unit_test(the_services_directory_is_not_given_to_it_by_root),
	};

	umask(022);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
