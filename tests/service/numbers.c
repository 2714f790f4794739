/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * numbers.c - users who share a number with somebody whom the policy would have refused.
 * Mounts a user database of its own: needs root.
 */
#include "service/numbers.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#include "config/config.h"
#include "spawn/spawn.h"
#include "tests/temporary.h"
#include "tests/test.h"

static const char passwd[] = "root:x:0:0::/root:/bin/sh\n"
			     "toor:x:0:0::/root:/bin/sh\n"
			     "web:x:1001:1001::/:/bin/sh\n"
			     "weblog:x:1001:1002::/:/bin/sh\n"
			     "logger:x:900:1003::/:/bin/sh\n"
			     "svcd-log:x:900:900::/:/bin/sh\n"
			     "plain:x:1004:1004::/:/bin/sh\n";
static const char group[] = "root:x:0:\n"
			    "wheel:x:0:\n"
			    "svcd-log:x:900:\n"
			    "logs:x:900:\n"
			    "web:x:1001:\n"
			    "friends:x:1001:\n"
			    "weblog:x:1002:\n"
			    "logger:x:1003:\n"
			    "plain:x:1004:\n";

static void replace(const char *path, const char *text)
{
	char other[TEMPORARY_BYTES];
	int fd = temporary_file(other);

	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
	assert_int_equal(mount(other, path, NULL, MS_BIND, NULL), 0);
	assert_int_equal(unlink(other), 0);
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	replace("/etc/passwd", passwd);
	replace("/etc/group", group);
	return 0;
}

/* `allowed`: of policy.users; `says`: NULL, it may start */
static const struct {
	const char *rule, *user, *group, *allowed, *says;
} cases[] = {
	{ "a user of its own", "plain", "plain", NULL, NULL },
	{ "root by its name, which was judged by policy", "root", "root", NULL, NULL },
	{ "root by another name", "toor", "root", "*", "user toor: uid 0 is root's" },
	{ "another service's number", "weblog", "weblog", NULL,
		"user weblog: uid 1001 is web's (policy.users)" },
	{ "another service's, which root allows", "weblog", "weblog", "web", NULL },
	{ "svcd's own number, whoever is named first", "logger", "logger", "*",
		"user logger: uid 900 is svcd-log's" },
	{ "the fix is what root can write", "weblog", "weblog", NULL,
		"policy: {services: {plain: {users: [web]}}}" },
	{ "root's group by another name", "plain", "wheel", "*",
		"group wheel: gid 0 is root's" },
	{ "svcd's group by another name", "plain", "logs", "*",
		"group logs: gid 900 is svcd-log's" },
	{ "another service's group by another name", "plain", "friends", NULL,
		"group friends: gid 1001 is web's" },
	{ "the same, which root allows", "plain", "friends", "web", NULL },
};

static void a_number_is_judged_by_whose_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char service[] = "plain";
		_cleanup_free_ char *user = strdup(cases[i].user);
		_cleanup_free_ char *of = strdup(cases[i].group);
		const struct declaration declaration = { .service = service,
			.run = { .user = user, .group = of } };
		struct host_policy policy = { 0 };
		struct identity identity;
		struct numbers numbers;
		struct error err = { 0 };
		int r;

		print_message("%s\n", cases[i].rule);
		if (cases[i].allowed)
			assert_int_equal(strings_add(&policy.users, cases[i].allowed), 0);
		r = identity_find(&identity, user, of);
		if (r < 0) {
			error_set(&err, r, "%s", identity.reason);
		} else {
			numbers_find(&numbers, &identity);
			r = numbers_judge(&numbers, &declaration, &policy, &err);
		}
		assert_int_equal(r, cases[i].says ? -EPERM : 0);
		if (cases[i].says && !strstr(err.text, cases[i].says))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].says, err.text);
		identity_done(&identity);
		strings_done(&policy.users);
	}
}

static void without_a_policy_nothing_but_its_own_is_allowed(void **state)
{
	char service[] = "weblog";
	const struct declaration declaration = { .service = service,
		.run = { .user = service, .group = service } };
	struct identity identity;
	struct numbers numbers;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(identity_find(&identity, service, service), 0);
	numbers_find(&numbers, &identity);
	assert_int_equal(numbers_judge(&numbers, &declaration, NULL, &err), -EPERM);
	identity_done(&identity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_judged_by_whose_it_is),
		cmocka_unit_test(without_a_policy_nothing_but_its_own_is_allowed),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
