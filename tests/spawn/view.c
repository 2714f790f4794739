/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * view.c - what the keys below `security` make of the tree, as lists of places.
 */
#include "spawn/view.h"

#include "base/json.h"
#include "base/text.h"

#include "config/config.h"
#include "tests/test.h"

static const struct view_paths paths = {
	.directory = "/srv/web", .run = "/run/svcd", .secrets = "/etc/svcd/secrets"
};

static struct declaration *declare(const char *security)
{
	_cleanup_free_ char *text = text_format(
		"{\"service\":\"web\",\"run\":{\"command\":[\"x\"]},%s}", security);
	struct declaration *declaration = NULL;
	struct json_t *json = NULL;
	struct error err = { 0 };

	for (char *at = text; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	assert_int_equal(json_parse(&json, text, strlen(text), 65536, &err), 0);
	assert_int_equal(declaration_read(&declaration, json, &err), 0);
	json_free(json);
	return declaration;
}

static char *print(const struct view *view)
{
	static const char *const acts[] = { "keep", "show", "empty", "fresh", "devices",
		"data", "processes" };
	struct text text = { 0 };

	if (view->read_only)
		text_add(&text, "read-only;");
	for (size_t i = 0; i < view->count; i++) {
		const struct place *place = &view->places[i];

		text_addf(&text, "%s%s %s%s", i || view->read_only ? " " : "",
			acts[place->act], place->path, place->optional ? ";" : "!;");
	}
	return text_take(&text);
}

#define OPEN_ALL                                                                         \
	"'security':{'system':'off','home':'visible','tmp':'host','devices':'host'"
#define OWN_LOGS                                                                         \
	"'logs':{'directory':'/var/log/web','directory_owner':'service',"                \
	"'files':[{'path':'/var/log/web/a-*.log'},{'path':'/srv/log/b.log'}]}"
#define HIDDEN_HOMES "empty /home; empty /root; empty /run/user;"
#define SECRETS      " empty /etc/svcd/secrets;"

/* "!": without it there is no start */
static const struct {
	const char *rule, *declaration, *places;
} cases[] = {
	{ "by default all is read-only, homes are hidden, tmp and devices its own",
		"'tags':[]",
		"read-only; keep /proc; keep /sys; devices /dev; " HIDDEN_HOMES
		" fresh /tmp; fresh /var/tmp;" SECRETS },
	{ "with everything off it is the host's", OPEN_ALL "}", "" },
	{ "system off leaves the rest", "'security':{'system':'off'}",
		"devices /dev; " HIDDEN_HOMES " fresh /tmp; fresh /var/tmp;" SECRETS },
	{ "the host's devices are kept in a strict system",
		"'security':{'devices':'host','tmp':'host','home':'read-only'}",
		"read-only; keep /proc; keep /sys; keep /dev;" SECRETS },
	{ "homes that are visible may be written, as without a strict system",
		"'security':{'devices':'host','tmp':'host','home':'visible'}",
		"read-only; keep /proc; keep /sys; keep /dev; keep /home; keep /root; "
		"keep /run/user;" SECRETS },
	{ "homes are read-only also where the system is not",
		"'security':{'system':'off','devices':'host','tmp':'host',"
		"'home':'read-only'}",
		"show /home; show /root; show /run/user;" SECRETS },
	{ "what it may write to must be there",
		"'security':{'writable':['/var/cache/web','/home/x'],'home':'hidden',"
		"'tmp':'host','devices':'host','system':'off'}",
		HIDDEN_HOMES " keep /var/cache/web!; keep /home/x!;" SECRETS },
	{ "the root itself is the end of read-only",
		"'security':{'writable':['/'],'devices':'host','tmp':'host',"
		"'home':'read-only'}",
		"keep /proc; keep /sys; keep /dev;" SECRETS },
	{ "logs that it writes itself may be written",
		"'security':{'devices':'host','tmp':'host','home':'read-only'}," OWN_LOGS,
		"read-only; keep /proc; keep /sys; keep /dev; keep /var/log/web; "
		"keep /srv/log;" SECRETS },
	{ "where nothing is taken away, nothing is given back",
		OPEN_ALL ",'writable':['/srv']}," OWN_LOGS, "" },
	{ "a log directory of ours may not", OPEN_ALL "},'logs':{'directory':'/l'}", "" },
};

static void keys_become_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct declaration *declaration = declare(cases[i].declaration);
		_cleanup_free_ char *places = NULL;
		struct view view;

		print_message("%s\n", cases[i].rule);
		assert_int_equal(view_plan(&view, declaration, &paths), 0);
		places = print(&view);
		assert_string_equal(places, cases[i].places);
		assert_int_equal(view_is_plain(&view), !cases[i].places[0]);
		view_done(&view);
		declaration_free(declaration);
	}
}

static void what_it_was_told_to_use_is_shown_wherever_it_lies(void **state)
{
	static const struct {
		const char *directory, *run, *shown;
	} places[] = {
		{ "/home/web/app", "/run/svcd", "show /home/web/app!;" },
		{ "/srv/web", "/tmp/x/run/svcd", "show /tmp/x/run/svcd!;" },
		{ "/home", "/run/svcd", "show /home!;" },
		{ "/homestead", "/run/svcd", NULL },
		{ NULL, "/run/svcd", NULL },
	};
	struct declaration *declaration = declare("'tags':[]");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct view_paths own = { places[i].directory, places[i].run, NULL };
		_cleanup_free_ char *text = NULL;
		struct view view;

		assert_int_equal(view_plan(&view, declaration, &own), 0);
		text = print(&view);
		if (places[i].shown)
			assert_non_null(strstr(text, places[i].shown));
		else
			assert_null(strstr(text, "show"));
		view_done(&view);
	}
	declaration_free(declaration);
}

static void the_key_that_hides_a_path_is_known(void **state)
{
	static const struct {
		const char *path, *key;
	} hidden[] = {
		{ "/home/alice/run", "security.home" },
		{ "/root", "security.home" },
		{ "/tmp/x", "security.tmp" },
		{ "/dev/sda", "security.devices" },
		{ "/home/web/cache/x", NULL },
		{ "/homework", NULL },
		{ "/usr/bin/node", NULL },
	};
	struct declaration *declaration =
		declare("'security':{'writable':['/home/web/cache']}");
	struct view view;

	(void)state;
	assert_int_equal(view_plan(&view, declaration, &paths), 0);
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
		const char *key = view_hides(&view, hidden[i].path);

		if (hidden[i].key)
			assert_string_equal(key, hidden[i].key);
		else
			assert_null(key);
	}
	view_done(&view);
	declaration_free(declaration);
}

static void a_fresh_place_holds_half_of_the_memory(void **state)
{
	struct declaration *with = declare("'limits':{'memory':'1G'}"),
			   *without = declare("'tags':[]");
	struct view view;

	(void)state;
	assert_int_equal(view_plan(&view, with, &paths), 0);
	assert_int_equal(view.fresh_bytes, 512 << 20);
	view_done(&view);
	assert_int_equal(view_plan(&view, without, &paths), 0);
	assert_int_equal(view.fresh_bytes, UNSET);
	view_done(&view);
	declaration_free(with);
	declaration_free(without);
}

static void too_many_places_are_refused(void **state)
{
	struct text text = { 0 };
	struct declaration *declaration;
	struct view view;

	(void)state;
	text_add(&text, "'security':{'writable':['/a'");
	for (int i = 0; i < VIEW_MAX_PLACES; i++)
		text_addf(&text, ",'/a%d'", i);
	text_add(&text, "]}");
	declaration = declare(text.bytes);
	assert_int_equal(view_plan(&view, declaration, &paths), -E2BIG);
	declaration_free(declaration);
	text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_become_places),
		cmocka_unit_test(what_it_was_told_to_use_is_shown_wherever_it_lies),
		cmocka_unit_test(the_key_that_hides_a_path_is_known),
		cmocka_unit_test(a_fresh_place_holds_half_of_the_memory),
		cmocka_unit_test(too_many_places_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
