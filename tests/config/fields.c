/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fields.c - keys as their rows say: types, units, ranges, and the right word for a wrong
 * one.
 */
#include "config/fields.h"

#include "config/keys.h"
#include "tests/test.h"

/* ---- what is refused, and how ------------------------------------------------------ */

static void read_yaml(struct declaration **ret, const char *yaml,
	const struct names *names, struct problems *problems)
{
	_cleanup_(node_freep) struct node *tree = NULL;

	assert_int_equal(node_from_yaml(&tree, "f", yaml, strlen(yaml), problems), 0);
	assert_non_null(tree);
	assert_int_equal(fields_read_declaration(ret, tree, names, problems), 0);
	assert_int_equal(*ret == NULL, problems->lines.count > 0);
}

/* A declaration that is whole but for `yaml`, from line 3. */
static char *problems_of(const char *yaml)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	_cleanup_free_ char *whole =
		text_format("service: web\nrun: {command: [a]%s\n", yaml);
	struct text lines = { 0 };

	read_yaml(&declaration, whole, NULL, &problems);
	for (size_t i = 0; i < problems.lines.count; i++)
		text_addf(&lines, "%s%s", i ? "\n" : "", problems.lines.items[i]);
	return text_take(&lines);
}

struct refusal {
	const char *yaml, *want;
};

static void check_refusals(const struct refusal *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *got = problems_of(cases[i].yaml);

		assert_string_equal(got, cases[i].want);
	}
}

static void test_unknown_keys_get_the_nearest_right_word(void **state)
{
	static const struct refusal cases[] = {
		{ ", usr: x}", "f:2:21: run.usr: unknown key; did you mean user?" },
		{ "}\nlimts: {}", "f:3:1: limts: unknown key; did you mean limits?" },
		{ "}\nmemory: 1G",
			"f:3:1: memory: unknown key here; it belongs in limits" },
		{ ", ready: {whenever: x}}",
			"f:2:29: run.ready.whenever: unknown key; ready has by, timeout" },
		{ "}\nlisten: [{name: a, port: 1, prot: tcp}]",
			"f:3:29: listen[0].prot: unknown key; did you mean port?" },
	};

	(void)state;
	check_refusals(cases, ARRAY_LEN(cases));
}

static void test_numbers_without_unit_are_told_what_to_write(void **state)
{
	static const struct refusal cases[] = {
		{ ", watchdog: 30}",
			"f:2:31: run.watchdog: must be a duration such as 250ms, 5s, 2m, 1h or 7d, not a bare 30: write 30s" },
		{ ", stop: {timeout: 1.5s}}",
			"f:2:37: run.stop.timeout: must be a duration such as 250ms, 5s, 2m, 1h or 7d, not 1.5s" },
		{ ", stop: {timeout: 2h}}",
			"f:2:37: run.stop.timeout: must be from 0s to 1h, not 2h" },
		{ "}\nlimits: {memory: 3GB}",
			"f:3:18: limits.memory: must be a size such as 512K, 100M or 3G (1024-based), not 3GB: write 3G" },
		{ "}\nlimits: {memory: 1K}",
			"f:3:18: limits.memory: must be at least 1M, not 1K" },
		{ "}\nlimits: {cpu: 2}",
			"f:3:15: limits.cpu: must be a percentage such as 150%, not a bare 2: write 2%" },
		{ "}\nlogs: {rate: {lines: 100}}",
			"f:3:22: logs.rate.lines: must be a rate such as 200/s, not a bare 100: write 100/s" },
		{ ", watchdog: 99999999999999999s}",
			"f:2:31: run.watchdog: must be a duration such as 250ms, 5s, 2m, 1h or 7d, not 99999999999999999s" },
	};

	(void)state;
	check_refusals(cases, ARRAY_LEN(cases));
}

static void test_yaml_does_not_guess_types(void **state)
{
	static const struct refusal cases[] = {
		{ "}\nmonitor: {page: yes}",
			"f:3:17: monitor.page: must be true or false, not yes; write true" },
		{ "}\nmonitor: {page: \"false\"}",
			"f:3:17: monitor.page: must be true or false, not \"false\"; write false without quotes" },
		{ "}\nmonitor: {page: maybe}",
			"f:3:17: monitor.page: must be true or false, not maybe" },
		{ ", nice: 010}",
			"f:2:27: run.nice: must be a whole number, not 010 (write it without leading zeros)" },
		{ ", nice: \"1\"}",
			"f:2:27: run.nice: must be a whole number, not the text \"1\"" },
		{ ", nice: 1.0}", "f:2:27: run.nice: must be a whole number, not 1.0" },
		{ ", nice: 99999999999999999999}",
			"f:2:27: run.nice: must be a whole number, not 99999999999999999999" },
		{ ", nice: 20}", "f:2:27: run.nice: must be from -20 to 19, not 20" },
		{ ", umask: 0o22}",
			"f:2:28: run.umask: must be a mode in octal such as \"0644\", not 0o22" },
		{ ", umask: 0888}",
			"f:2:28: run.umask: must be a mode in octal such as \"0644\", not 0888" },
		{ "}\ntags: a", "f:3:7: tags: must be a list such as [a, b], not a" },
		{ "}\nhealth: []", "f:3:9: health: must be a map, not a list" },
		{ ", user: }", "" /* null: no user is named */ },
		{ ", nice: }",
			"f:2:27: run.nice: must be a whole number, not nothing (null); leave the key out for 0" },
		{ "}\nlvs: {depool_threshold: 1.5}",
			"f:3:25: lvs.depool_threshold: must be a fraction from 0 to 1 such as 0.5, not 1.5" },
	};

	(void)state;
	check_refusals(cases, ARRAY_LEN(cases));
}

static void test_ports_are_from_1_to_65535_or_names_where_names_help(void **state)
{
	static const struct refusal cases[] = {
		{ "}\nlisten: [{name: a, port: 0}]",
			"f:3:26: listen[0].port: must be a port from 1 to 65535, not 0" },
		{ "}\nlisten: [{name: a, port: 65536}]",
			"f:3:26: listen[0].port: must be a port from 1 to 65535, not 65536" },
		{ "}\nlisten: [{name: a, port: http}]",
			"f:3:26: listen[0].port: must be a port number, not http" },
		{ "}\nlisten: [{name: a, port: \"${10 + instance}\"}]", "" },
		{ "}\nfirewall: {allow: [{port: http, from: [world]}]}", "" },
		{ "}\nfirewall: {allow: [{port: 0, from: [world]}]}",
			"f:3:27: firewall.allow[0].port: must be a port from 1 to 65535, not 0" },
		{ "}\nfirewall: {allow: [{from: [world]}]}",
			"f:3:20: firewall.allow[0].port: missing: port: a name of `listen` or a number" },
	};

	(void)state;
	check_refusals(cases, ARRAY_LEN(cases));
}

static void test_what_can_be_written_in_several_ways_is_one_of_them(void **state)
{
	static const struct refusal cases[] = {
		{ "}\nhealth: {checks: [{name: a}]}",
			"f:3:19: health.checks[0]: asks nothing: it needs one of http, openapi, tcp, exec, file, notify" },
		{ "}\nhealth: {checks: [{name: a, tcp: 1, http: /}]}",
			"f:3:19: health.checks[0]: asks http and tcp: make two checks of it" },
		{ "}\nhealth: {checks: [{name: a, http: {path: /, headers: {A: b}}, openapi: /}]}",
			"f:3:19: health.checks[0]: asks http and openapi: make two checks of it" },
		{ "}\nhealth: {checks: [{name: a, http: info}]}",
			"f:3:35: health.checks[0].http: must be a path beginning with / (no host before it; a space is %20), not \"info\"" },
		{ "}\nhealth: {checks: [{name: a, http: {path: /, status: 200}}]}",
			"f:3:53: health.checks[0].http.status: must be a list of numbers such as [200, 301], or any, not 200" },
		{ "}\nhealth: {checks: [{name: a, exec: /bin/x -y}]}",
			"f:3:35: health.checks[0].exec: must be a list of words such as [program, argument] (no shell reads it), not /bin/x -y" },
		{ ", reload: HUP}",
			"f:2:29: run.reload: must be {signal: HUP}, {command: [...]} or none, not HUP" },
		{ ", reload: {signal: HUP, command: [x]}}",
			"f:2:29: run.reload: must have one of signal and command, not both" },
		{ ", restart: {give_up: {after: 3}}}",
			"f:2:40: run.restart.give_up.within: missing: time in which they are" },
		{ "}\nlogs: {stdout: ../x}",
			"f:3:16: logs.stdout: must be a file name without directory, spaces or a leading dot, not \"../x\"" },
		{ "}\nedge: {path: /}",
			"f:3:7: edge.host: missing: name that clients ask for" },
	};

	(void)state;
	check_refusals(cases, ARRAY_LEN(cases));
}

static void test_all_problems_of_a_file_are_told_at_once(void **state)
{
	_cleanup_free_ char *got =
		problems_of(", nice: x, umask: y}\nlimits: {tasks: 0}\nstate: prodction");

	(void)state;
	assert_string_equal(got,
		"f:2:27: run.nice: must be a whole number, not x\n"
		"f:2:37: run.umask: must be a mode in octal such as \"0644\", not y\n"
		"f:3:17: limits.tasks: must be from 1 to 4194304, not 0\n"
		"f:4:8: state: must be setup, lvs, production or retired, not prodction; did you mean production?");
}

/* Problems of other files may have filled the list. */
static void test_a_file_is_refused_also_when_the_list_of_problems_is_full(void **state)
{
	static const char yaml[] = "service: web\nrun: {command: [a], nice: 50}\n";
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	_cleanup_(node_freep) struct node *tree = NULL;

	(void)state;
	assert_int_equal(
		node_from_yaml(&tree, "f", yaml, sizeof(yaml) - 1, &problems), 0);
	while (problems.lines.count < DOCUMENT_MAX_PROBLEMS)
		problem(&problems, tree->mark, NULL, "something else");
	assert_int_equal(fields_read_declaration(&declaration, tree, NULL, &problems), 0);
	assert_null(declaration);
}

static void test_overrides_are_checked_wherever_they_fit(void **state)
{
	static const struct refusal cases[] = {
		{ "}\noverrides: [{match: {host: h}, set: {run.instances: 2, \"listen[0].port\": 80}}]",
			"" },
		{ "}\noverrides: [{match: {hst: h}, set: {instances: 2}}]",
			"f:3:22: overrides[0].match.hst: unknown key; did you mean host?\n"
			"f:3:37: overrides[0].set: unknown key instances; did you mean run.instances?" },
		{ "}\noverrides: [{match: {host: h}, set: {limits.memory: 5}}]",
			"f:3:53: overrides[0].set.limits.memory: must be a size such as 512K, 100M or 3G (1024-based), not a bare 5: write 5M" },
		{ "}\noverrides: [{set: {}}]",
			"f:3:13: overrides[0]: must be {match: {site, cluster or host: NAME}, set: {PATH: VALUE}}" },
	};

	(void)state;
	check_refusals(cases, ARRAY_LEN(cases));
}

/* ---- what is read ------------------------------------------------------------------ */

static void test_defaults_are_those_of_the_rows(void **state)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(declaration_freep) struct declaration *web = NULL;

	(void)state;
	read_yaml(&web, "service: web\nrun: {command: [a]}\n", NULL, &problems);
	assert_int_equal(web->run.restart.delay_ms, 100);
	assert_int_equal(web->run.restart.give_up_after, UNSET);
	assert_int_equal(web->run.restart.max_age_ms, UNSET);
	assert_int_equal(web->run.restart.memory_above_bytes, UNSET);
	assert_int_equal(web->run.watchdog_ms, UNSET);
	assert_int_equal(web->run.batch, 1);
	assert_int_equal(web->run.umask, 022);
	assert_int_equal(web->limits.memory_bytes, UNSET);
	assert_int_equal(web->limits.cpu_percent, UNSET);
	assert_int_equal(web->firewall.rate.per_source_per_s, UNSET);
	assert_int_equal(web->firewall.connections_per_source, UNSET);
	assert_int_equal(web->firewall.egress_policy, EGRESS_ALLOW);
	assert_int_equal(web->run.environment.count, 0);
	assert_false(web->monitor.page);
	assert_false(web->edge.wanted);
	assert_true(web->security.no_new_privileges);
	assert_null(web->run.user);
}

static void test_checks_have_the_defaults_of_what_they_ask(void **state)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(declaration_freep) struct declaration *web = NULL;
	const struct check *checks;

	(void)state;
	read_yaml(&web,
		"service: web\nrun: {command: [a]}\nhealth:\n  checks:\n"
		"    - {name: info, http: /_info}\n"
		"    - {name: spec, openapi: \"/?spec\"}\n"
		"    - {name: port, tcp: http}\n"
		"    - {name: queue, exec: [/bin/check], effect: live}\n",
		NULL, &problems);
	checks = web->health.checks;
	assert_int_equal(web->health.checks_count, 4);
	assert_int_equal(checks[0].kind, CHECK_HTTP);
	assert_string_equal(checks[0].path, "/_info");
	assert_string_equal(checks[0].method, "GET");
	assert_int_equal(checks[0].status[0], 200);
	assert_int_equal(checks[0].effect, EFFECT_READY);
	assert_int_equal(checks[0].interval_ms, 5000);
	assert_int_equal(checks[1].effect, EFFECT_WARN);
	assert_int_equal(checks[1].interval_ms, 60000);
	assert_string_equal(checks[2].port, "http");
	assert_int_equal(checks[3].effect, EFFECT_LIVE);
	assert_string_equal(checks[3].exec.items[0], "/bin/check");
}

static void test_one_may_stand_without_the_brackets_of_its_list(void **state)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(declaration_freep) struct declaration *one = NULL, *two = NULL;

	(void)state;
	read_yaml(&one, "service: web\nrun: {command: [a]}\nlvs: {weight: 5}\n", NULL,
		&problems);
	read_yaml(&two,
		"service: web\nrun: {command: [a]}\nlvs: [{weight: 5}, {weight: 6}]\n",
		NULL, &problems);
	assert_int_equal(one->lvs_count, 1);
	assert_int_equal(one->lvs[0].weight, 5);
	assert_int_equal(two->lvs_count, 2);
	assert_int_equal(two->lvs[1].weight, 6);
}

static const char *find_name(const char *name, const void *data)
{
	(void)data;
	return strcmp(name, "ncpu") == 0 ? "4" : NULL;
}

static const char *each_name(size_t index, const void *data)
{
	(void)data;
	return index == 0 ? "ncpu" : NULL;
}

static void test_names_are_expanded_before_types_judge(void **state)
{
	static const struct names names = { .find = find_name, .each = each_name };
	_cleanup_(problems_done) struct problems problems = { 0 }, wrong = { 0 };
	_cleanup_(declaration_freep) struct declaration *web = NULL, *bad = NULL;

	(void)state;
	read_yaml(&web,
		"service: web\nrun: {command: [a, \"${instance}\"], instances: \"${ncpu * 2}\"}\n"
		"description: costs 1$$\n",
		&names, &problems);
	assert_int_equal(web->run.instances, 8);
	assert_string_equal(web->run.command.items[1], "${instance}");
	assert_string_equal(web->description, "costs 1$");
	read_yaml(&bad, "service: web\nrun: {command: [a], nice: \"${ncpus}\"}\n", &names,
		&wrong);
	assert_non_null(strstr(wrong.lines.items[0], "f:2:27: run.nice: "));
	assert_non_null(strstr(wrong.lines.items[0], "ncpu"));
}

static void test_a_partial_tree_is_judged_by_what_stands_in_it(void **state)
{
	static const char yaml[] =
		"run: {nice: 50, instances: \"${ncpu}\", stop: {sgnal: x}}\n";
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(node_freep) struct node *tree = NULL;

	(void)state;
	assert_int_equal(
		node_from_yaml(&tree, "t", yaml, sizeof(yaml) - 1, &problems), 0);
	assert_int_equal(fields_check_partial(tree, &problems), 0);
	assert_int_equal(problems.lines.count, 2);
	assert_string_equal(problems.lines.items[0],
		"t:1:13: run.nice: must be from -20 to 19, not 50");
	assert_string_equal(problems.lines.items[1],
		"t:1:46: run.stop.sgnal: unknown key; did you mean signal?");
}

static void test_a_host_file_that_is_refused_leaves_the_defaults(void **state)
{
	static const char yaml[] =
		"http: {listen: [\"[::]:9479\"]}\nbudget: {memory: 90}\n";
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(node_freep) struct node *tree = NULL;
	struct host host;

	(void)state;
	assert_int_equal(
		node_from_yaml(&tree, "h", yaml, sizeof(yaml) - 1, &problems), 0);
	assert_int_equal(fields_read_host(&host, tree, &problems), 0);
	assert_int_equal(problems.lines.count, 1);
	assert_string_equal(host.http.listen.items[0], "127.0.0.1:9479");
	assert_int_equal(host.budget_memory_percent, 90);
	host_done(&host);
}

/* ---- questions about paths --------------------------------------------------------- */

static void test_what_a_change_needs_is_the_most_that_is_inside(void **state)
{
	static const struct {
		const char *path;
		enum effect want;
	} cases[] = {
		{ "run.command", CHANGE_RESTART },
		{ "run.command[1]", CHANGE_RESTART },
		{ "run.environment.NODE_ENV", CHANGE_RESTART },
		{ "run.before[0][1]", CHANGE_RESTART },
		{ "run.stop.timeout", CHANGE_IN_PLACE },
		{ "firewall.allow[0].from[1]", CHANGE_IN_PLACE },
		{ "health.checks[2].http.path", CHANGE_IN_PLACE },
		{ "health.checks[2].exec[1]", CHANGE_IN_PLACE },
		{ "logs.rotate.create.mode", CHANGE_IN_PLACE },
		{ "lvs.class", CHANGE_IN_PLACE },
		{ "lvs[1].address.eqiad", CHANGE_IN_PLACE },
		{ "listen[1]", CHANGE_RESTART },
		{ "listen[0].tls", CHANGE_IN_PLACE },
		{ "no.such", CHANGE_RESTART },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(fields_effect(cases[i].path), cases[i].want);
}

static void test_only_paths_of_rows_are_known(void **state)
{
	static const char *const right[] = { "run", "run.stop.timeout", "lvs.class",
		"lvs[0].class", "listen[12].port", "run.environment.A.B",
		"run.before[0][1]", "health.checks[0].http.tls.verify",
		"run.restart.give_up.after" };
	static const char *const wrong[] = { "", ".", "run.", ".run", "run..nice",
		"run.x", "run[0]", "run.nice.x", "listen[.port", "listen[]x",
		"listen[0]port", "run.command.x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(right); i++)
		assert_true(fields_known(right[i]));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(fields_known(wrong[i]));
}

static void test_the_nearest_path_is_offered(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "instances", "run.instances" },
		{ "run.instanses", "run.instances" },
		{ "limit.memory", "limits.memory" },
		{ "completely.different", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *got =
			rows_nearest_path(&declaration_rows, cases[i].path);

		assert_true(text_equal(got, cases[i].want));
	}
}

static void test_an_engine_keeps_its_part_of_a_declaration(void **state)
{
	static const char *const part[] = { "listen", NULL };
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	_cleanup_(logs_done) struct logs logs = { 0 };
	_cleanup_(problems_done) struct problems problems = { 0 };

	(void)state;
	read_yaml(&declaration,
		"service: foo\nlisten: [{name: http, port: 8080}]\nrun: {command: [/bin/foo], instances: 2}\n"
		"logs: {stdout: out.log, files: [{path: /var/log/foo/a.log}]}\n",
		NULL, &problems);
	if (!declaration)
		fail_msg("%s", problems.lines.items[0]);
	declaration_take_logs(declaration, &logs);
	assert_string_equal(logs.out, "out.log");
	assert_int_equal(logs.files_count, 1);
	declaration_keep_only(declaration, part);
	assert_int_equal(declaration->listen_count, 1);
	assert_string_equal(declaration->listen[0].port, "8080");
	assert_int_equal(declaration->run.instances, 2);
	assert_int_equal(declaration->run.command.count, 0);
	assert_null(declaration->service);
	assert_null(declaration->logs.out);
}

/* ---- what all say ------------------------------------------------------------------ */

static char *print_line(const struct declaration *declaration)
{
	_cleanup_(json_freep) struct json_t *json = declaration_print(declaration);

	return json_print(json, JSON_ONE_LINE);
}

static char *read_again(const char *line)
{
	_cleanup_(json_freep) struct json_t *json = NULL;
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	struct error err = { 0 };

	assert_int_equal(json_parse(&json, line, strlen(line), 1 << 20, &err), 0);
	assert_int_equal(declaration_read(&declaration, json, &err), 0);
	return print_line(declaration);
}

static void test_without_what_all_say_a_declaration_says_the_same(void **state)
{
	static const char *const rests[] = {
		"}",
		", reload: none, nice: 5, environment: {A: \"}\\\"{\", B: \"\"}}",
		", reload: {command: [a, b]}, stop: {signal: INT}, before: [[x, y]]}",
		", reload: {signal: USR1}, restart: {give_up: {after: 3, within: 1m}}}",
		"}\nlisten: [{name: a, port: 80}, {name: b, port: 81, protocol: udp}]",
		"}\nlimits: {memory: 1G, core: 1M}\nsecurity: {tmp: host, home: visible}",
		"}\nhealth: {checks: [{name: a, http: /}, {name: b, tcp: 80}]}",
		"}\nlogs: {rate: {lines: 5/s}, rotate: {keep: 3, create: {mode: \"0600\"}}}",
		"}\nfirewall: {rate: {per_source: 5/s}, egress: {policy: deny}}",
		"}\nlvs: {class: low-traffic}\ndns: {discovery: {name: a}}\naccess: {}",
	};
	_cleanup_free_ char *usual = declaration_usual();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rests); i++) {
		_cleanup_(problems_done) struct problems problems = { 0 };
		_cleanup_(declaration_freep) struct declaration *declaration = NULL;
		_cleanup_free_ char *yaml =
			text_format("service: web\nrun: {command: [a]%s\n", rests[i]);
		_cleanup_free_ char *line = NULL, *less = NULL, *again = NULL;

		read_yaml(&declaration, yaml, NULL, &problems);
		assert_non_null(declaration);
		line = print_line(declaration);
		less = declaration_less(line, usual);
		assert_non_null(less);
		assert_in_range(strlen(less), 1, strlen(line) / 2);
		again = read_again(less);
		assert_string_equal(again, line);
	}
}

static void test_what_is_not_as_it_is_printed_is_left_alone(void **state)
{
	static const char *const lines[] = { "", "{", "[]", "{\"service\":\"a\"",
		"{\"service\":\"a", "{\"service\":\"a\\", "{\"service\":[[[[", "{}x",
		"{\"state\":\"setup\",\"service\":\"a\"}", "{\"names\":null}",
		"{\"service\" : \"a\"}", "{\"nobody\":\"a\"}" };
	_cleanup_free_ char *usual = declaration_usual();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_null(declaration_less(lines[i], usual));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_keys_get_the_nearest_right_word),
		cmocka_unit_test(test_numbers_without_unit_are_told_what_to_write),
		cmocka_unit_test(test_yaml_does_not_guess_types),
		cmocka_unit_test(
			test_ports_are_from_1_to_65535_or_names_where_names_help),
		cmocka_unit_test(test_what_can_be_written_in_several_ways_is_one_of_them),
		cmocka_unit_test(test_all_problems_of_a_file_are_told_at_once),
		cmocka_unit_test(
			test_a_file_is_refused_also_when_the_list_of_problems_is_full),
		cmocka_unit_test(test_overrides_are_checked_wherever_they_fit),
		cmocka_unit_test(test_defaults_are_those_of_the_rows),
		cmocka_unit_test(test_checks_have_the_defaults_of_what_they_ask),
		cmocka_unit_test(test_one_may_stand_without_the_brackets_of_its_list),
		cmocka_unit_test(test_names_are_expanded_before_types_judge),
		cmocka_unit_test(test_a_partial_tree_is_judged_by_what_stands_in_it),
		cmocka_unit_test(test_a_host_file_that_is_refused_leaves_the_defaults),
		cmocka_unit_test(test_what_a_change_needs_is_the_most_that_is_inside),
		cmocka_unit_test(test_only_paths_of_rows_are_known),
		cmocka_unit_test(test_the_nearest_path_is_offered),
		cmocka_unit_test(test_an_engine_keeps_its_part_of_a_declaration),
		cmocka_unit_test(test_without_what_all_say_a_declaration_says_the_same),
		cmocka_unit_test(test_what_is_not_as_it_is_printed_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
