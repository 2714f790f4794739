/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine_view.c - what engines see, as lists of places.
 */
#include "supervisor/engine_view.h"

#include "base/paths.h"
#include "base/text.h"

#include "tests/test.h"

#define NEVER_SEEN                                                                       \
	"empty /home; empty /root; empty /run/user; empty /tmp; empty /var/tmp; "        \
	"empty /dev; empty /boot; empty /mnt; empty /media;"
#define FIREWALL_TOO                                                                     \
	" empty /opt; empty /run; empty /srv; empty /sys; empty /var; processes /proc;"
#define LAST " empty /etc/svcd/secrets;"

static const char shipped[] = "/usr/libexec/svcd/svcd-x";

static char *print(const struct view *view)
{
	static const char *const acts[] = { "keep", "show", "empty", "fresh", "devices",
		"data", "processes" };
	struct text text = { 0 };

	text_add(&text, view->read_only ? "read-only;" : "writable;");
	for (size_t i = 0; i < view->count; i++)
		text_addf(&text, " %s %s;", acts[view->places[i].act],
			view->places[i].path);
	return text_take(&text);
}

static const struct {
	const char *rule;
	enum engine which;
	const char *program;
	const char *logs[3], *besides[3]; /* of the policy, the latter of a service */
	const char *places;
} cases[] = {
	{ "health writes nowhere", ENGINE_HEALTH, shipped, { "/var/log/${service}" },
		{ NULL }, "read-only; " NEVER_SEEN " processes /proc;" LAST },
	{ "the firewall sees no services either", ENGINE_FIREWALL, shipped,
		{ "/var/log/${service}" }, { NULL },
		"read-only; " NEVER_SEEN FIREWALL_TOO LAST },
	{ "a program lies where it lies", ENGINE_FIREWALL, "/opt/svcd/libexec/x",
		{ NULL }, { NULL },
		"read-only; " NEVER_SEEN FIREWALL_TOO " show /opt/svcd/libexec;" LAST },
	{ "logs go to the usual place, and where the policy lets them", ENGINE_LOG,
		shipped, { "/var/log/${service}", "/srv/log/x-${service}/a" }, { NULL },
		"read-only; " NEVER_SEEN " processes /proc; data /var/log; data "
		"/srv/log;" LAST },
	{ "no prefix of a name is taken for a directory", ENGINE_LOG, shipped,
		{ "/var/logs/${service}" }, { NULL },
		"read-only; " NEVER_SEEN " processes /proc; data /var/log; data "
		"/var/logs;" LAST },
	{ "what one service may besides", ENGINE_LOG, shipped, { NULL },
		{ "/data/mathoid", "/var/log/old" },
		"read-only; " NEVER_SEEN " processes /proc; data /var/log; data "
		"/data/mathoid;" LAST },
	{ "logs anywhere: anything may be written", ENGINE_LOG, shipped, { "/" },
		{ NULL },
		"writable; " NEVER_SEEN " processes /proc; data /var/log;" LAST },
	{ "a directory in / for each service is that, too", ENGINE_LOG, shipped,
		{ "/${service}" }, { NULL },
		"writable; " NEVER_SEEN " processes /proc; data /var/log;" LAST },
};

static void set(struct strings *ret, const char *const words[static 3])
{
	for (size_t i = 0; i < 3 && words[i]; i++)
		assert_int_equal(strings_add(ret, words[i]), 0);
}

static void each_engine_sees_what_it_needs(void **state)
{
	struct paths paths;

	(void)state;
	assert_int_equal(paths_init(&paths, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct policy_exception besides = { 0 };
		struct host_policy policy = { .services = &besides, .services_count = 1 };
		const struct engine_view_plan plan = { &policy, &paths,
			cases[i].program };
		_cleanup_free_ char *places = NULL;
		struct view view;

		set(&policy.paths.logs, cases[i].logs);
		set(&besides.paths, cases[i].besides);
		print_message("%s\n", cases[i].rule);
		assert_int_equal(engine_view(&view, cases[i].which, &plan), 0);
		places = print(&view);
		assert_string_equal(places, cases[i].places);
		view_done(&view);
		strings_done(&policy.paths.logs);
		strings_done(&besides.paths);
	}
	paths_done(&paths);
}

static void more_directories_than_a_view_has_open_everything(void **state)
{
	struct host_policy policy = { 0 };
	struct paths paths;
	struct view view;

	(void)state;
	for (int i = 0; i < VIEW_MAX_PLACES; i++) {
		_cleanup_free_ char *path = text_format("/data%d/${service}", i);

		assert_int_equal(strings_add(&policy.paths.logs, path), 0);
	}
	assert_int_equal(paths_init(&paths, "/r"), 0);
	assert_int_equal(engine_view(&view, ENGINE_LOG,
				 &(struct engine_view_plan){ &policy, &paths, shipped }),
		0);
	assert_false(view.read_only);
	/* and the secrets are hidden all the same */
	assert_string_equal(view.places[view.count - 1].path, "/r/etc/svcd/secrets");
	view_done(&view);
	strings_done(&policy.paths.logs);
	paths_done(&paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_engine_sees_what_it_needs),
		cmocka_unit_test(more_directories_than_a_view_has_open_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
