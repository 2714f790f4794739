/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * diff.c - what changes from one declaration to the next, key by key, and what that
 * needs.
 */
#include "config/config.h"
#include "tests/test.h"

static struct json_t *parse(const char *text)
{
	struct json_t *json = NULL;
	struct error err = { 0 };

	if (text && json_parse(&json, text, strlen(text), 4096, &err) < 0)
		fail_msg("%s", err.text);
	return json;
}

/* "key: before -> after (effect)" lines. */
static char *difference(const char *before, const char *after)
{
	static const char *const effects[] = { "in place", "reload", "restart" };
	_cleanup_(json_freep) struct json_t *old = parse(before), *new = parse(after);
	struct changes changes = { 0 };
	struct text text = { 0 };

	assert_int_equal(config_diff(&changes, old, new), 0);
	for (size_t i = 0; i < changes.count; i++)
		text_addf(&text, "%s: %s -> %s (%s)\n", changes.items[i].key,
			changes.items[i].before ? changes.items[i].before : "nothing",
			changes.items[i].after ? changes.items[i].after : "nothing",
			effects[changes.items[i].effect]);
	changes_done(&changes);
	return text_take(&text);
}

static const struct {
	const char *rule, *before, *after, *want;
} cases[] = {
	{ "the same is no change", "{\"service\": \"a\", \"tags\": [\"x\"]}",
		"{\"service\": \"a\", \"tags\": [\"x\"]}", "" },
	{ "the order of keys is no change", "{\"service\": \"a\", \"state\": \"lvs\"}",
		"{\"state\": \"lvs\", \"service\": \"a\"}", "" },
	{ "a value", "{\"run\": {\"user\": \"a\"}}", "{\"run\": {\"user\": \"b\"}}",
		"run.user: a -> b (restart)\n" },
	{ "what needs nothing", "{\"owner\": {\"team\": \"a\"}}",
		"{\"owner\": {\"team\": \"b\"}}", "owner.team: a -> b (in place)\n" },
	{ "a list is one value", "{\"run\": {\"command\": [\"a\", \"b\"]}}",
		"{\"run\": {\"command\": [\"a\", \"c\"]}}",
		"run.command: [\"a\",\"b\"] -> [\"a\",\"c\"] (restart)\n" },
	{ "a list of maps is seen by item",
		"{\"firewall\": {\"allow\": [{\"port\": \"http\", \"from\": [\"A\"]}]}}",
		"{\"firewall\": {\"allow\": [{\"port\": \"http\", \"from\": [\"A\", \"world\"]}]}}",
		"firewall.allow[0].from: [\"A\"] -> [\"A\",\"world\"] (in place)\n" },
	{ "an item more", "{\"listen\": [{\"name\": \"a\"}]}",
		"{\"listen\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}",
		"listen[1].name: nothing -> b (restart)\n" },
	{ "the first item says that the list is not empty any more", "{\"listen\": []}",
		"{\"listen\": [{\"name\": \"a\"}]}",
		"listen[0].name: nothing -> a (restart)\n" },
	{ "and the last that it is", "{\"listen\": [{\"name\": \"a\"}]}",
		"{\"listen\": []}", "listen[0].name: a -> nothing (restart)\n" },
	{ "null is a value", "{\"limits\": {\"memory\": null}}",
		"{\"limits\": {\"memory\": \"2G\"}}",
		"limits.memory: null -> 2G (in place)\n" },
	{ "a new declaration is all new", NULL, "{\"service\": \"a\"}",
		"service: nothing -> a (restart)\n" },
	{ "one that is gone is all gone", "{\"service\": \"a\"}", NULL,
		"service: a -> nothing (restart)\n" },
	{ "nothing and nothing", NULL, NULL, "" },
	{ "a text says by itself what it needs: a restart",
		"{\"files\": [{\"path\": \"/a\", \"content\": \"x\", \"on_change\": \"restart\"}]}",
		"{\"files\": [{\"path\": \"/a\", \"content\": \"y\", \"on_change\": \"restart\"}]}",
		"files[0].content: x -> y (restart)\n" },
	{ "nothing at all",
		"{\"files\": [{\"path\": \"/a\", \"content\": \"x\", \"on_change\": \"nothing\"}]}",
		"{\"files\": [{\"path\": \"/a\", \"content\": \"y\", \"on_change\": \"nothing\"}]}",
		"files[0].content: x -> y (in place)\n" },
	{ "a reload, with the word that it says now",
		"{\"run\": {\"reload\": \"none\"}, \"files\": [{\"mode\": \"0644\", \"on_change\": \"restart\"}]}",
		"{\"run\": {\"reload\": {\"signal\": \"HUP\"}}, \"files\": [{\"mode\": \"0600\", \"on_change\": \"reload\"}]}",
		"run.reload: none -> nothing (in place)\n"
		"run.reload.signal: nothing -> HUP (in place)\n"
		"files[0].mode: 0644 -> 0600 (reload)\n"
		"files[0].on_change: restart -> reload (in place)\n" },
	{ "a restart where it cannot reload",
		"{\"run\": {\"reload\": \"none\"}, \"files\": [{\"mode\": \"0644\", \"on_change\": \"reload\"}]}",
		"{\"run\": {\"reload\": \"none\"}, \"files\": [{\"mode\": \"0600\", \"on_change\": \"reload\"}]}",
		"files[0].mode: 0644 -> 0600 (restart)\n" },
	{ "another place is another file: a restart, whatever its text needs",
		"{\"files\": [{\"path\": \"/a\", \"on_change\": \"nothing\"}]}",
		"{\"files\": [{\"path\": \"/b\", \"on_change\": \"nothing\"}]}",
		"files[0].path: /a -> /b (restart)\n" },
	{ "one that is gone is read no more",
		"{\"files\": [{\"path\": \"/a\", \"on_change\": \"nothing\"}]}",
		"{\"files\": []}",
		"files[0].path: /a -> nothing (restart)\n"
		"files[0].on_change: nothing -> nothing (in place)\n" },
	{ "a limit of the cgroup or the OOM score",
		"{\"limits\": {\"oom_score\": 0, \"tasks\": 1}}",
		"{\"limits\": {\"oom_score\": 5, \"tasks\": 2}}",
		"limits.oom_score: 0 -> 5 (in place)\n"
		"limits.tasks: 1 -> 2 (in place)\n" },
};

static void test_differences_are_said_key_by_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *got = difference(cases[i].before, cases[i].after);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].rule, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differences_are_said_key_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
