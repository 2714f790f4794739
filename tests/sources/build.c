/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * build.c - layers of templates, defaults and overrides make one declaration.
 */
#include "tests/sources/folder.h"
#include "tests/test.h"

#define COMMAND "run: {command: [/usr/bin/web]}\n"

/* ---- sources made of texts ----------------------------------------------------- */

static void add(struct sources *sources, enum source_kind kind, const char *path,
	const char *text)
{
	struct source source = { .kind = kind,
		.path = strdup(path),
		.bytes = strdup(text),
		.size = strlen(text) };

	sources->items = realloc(sources->items, (sources->count + 1) * sizeof(source));
	assert_non_null(sources->items);
	sources->items[sources->count++] = source;
}

static struct config *build(struct sources *sources)
{
	struct config *config;

	add_open_host(sources);
	config = build_on_a_host(sources);
	sources_done(sources);
	return config;
}

static const struct entry *only_entry(const struct config *config)
{
	assert_int_equal(config->entries_count, 1);
	for (size_t i = 0; i < config->entries[0].problems.lines.count; i++)
		print_error("%s\n", config->entries[0].problems.lines.items[i]);
	assert_non_null(config->entries[0].declaration);
	return &config->entries[0];
}

static const struct entry *entry_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->entries_count; i++)
		if (strcmp(config->entries[i].name, name) == 0)
			return &config->entries[i];
	fail_msg("no entry %s", name);
	return NULL;
}

static const char *origin(const struct entry *entry, const char *path)
{
	return json_get_text(entry->origins, path, "default");
}

/* ---- layers -------------------------------------------------------------------- */

static void test_each_layer_wins_over_the_one_below(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	const struct entry *entry;
	const struct limits *limits;

	(void)state;
	add(&sources, SOURCE_HOST, "/etc/svcd/svcd.yaml",
		"host: {site: eqiad}\n"
		"defaults: {limits: {tasks: 11, open_files: 11, cpu_weight: 11, io_weight: "
		"11}}\n");
	add(&sources, SOURCE_TEMPLATE, "/t/base.yaml",
		"limits: {tasks: 22, open_files: 22, cpu_weight: 22}\n");
	add(&sources, SOURCE_TEMPLATE, "/t/upper.yaml",
		"template: base\nlimits: {tasks: 33, open_files: 33}\n");
	add(&sources, SOURCE_SERVICE, "/s/web.yaml",
		"service: web\ntemplate: upper\n" COMMAND "limits: {tasks: 44}\n"
		"overrides: [{match: {site: eqiad}, set: {limits.memory: 1G}}]\n");
	config = build(&sources);
	entry = only_entry(config);
	limits = &entry->declaration->limits;
	assert_int_equal(limits->memory_bytes, 1LL << 30);
	assert_int_equal(limits->tasks, 44);
	assert_int_equal(limits->open_files, 33);
	assert_int_equal(limits->cpu_weight, 22);
	assert_int_equal(limits->io_weight, 11);
	assert_int_equal(limits->oom_score, 0);
	assert_string_equal(origin(entry, "limits.memory"), "override web.yaml:5");
	assert_string_equal(origin(entry, "limits.tasks"), "web.yaml:4");
	assert_string_equal(
		origin(entry, "limits.open_files"), "template upper upper.yaml:2");
	assert_string_equal(
		origin(entry, "limits.cpu_weight"), "template base base.yaml:1");
	assert_string_equal(origin(entry, "limits.io_weight"), "defaults svcd.yaml:2");
	assert_string_equal(origin(entry, "limits.oom_score"), "default");
}

static void test_lists_replace_and_maps_are_joined(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	const struct declaration *web;

	(void)state;
	add(&sources, SOURCE_TEMPLATE, "base.yaml",
		"tags: [a, b]\nrun: {environment: {A: '1', B: '1'}}\n"
		"limits: {memory: 1G}\n");
	add(&sources, SOURCE_SERVICE, "web.yaml",
		"service: web\ntemplate: base\ntags: [c]\n"
		"run: {command: [/usr/bin/web], environment: {B: '2'}}\n"
		"limits: {memory: null}\nhealth:\n");
	config = build(&sources);
	web = only_entry(config)->declaration;
	assert_int_equal(web->tags.count, 1);
	assert_string_equal(web->tags.items[0], "c");
	assert_int_equal(web->run.environment.count, 2);
	assert_string_equal(web->run.environment.items[0].value, "1");
	assert_string_equal(web->run.environment.items[1].value, "2");
	assert_int_equal(web->limits.memory_bytes, UNSET);
}

static void test_a_template_in_etc_replaces_the_shipped_one(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };

	(void)state;
	add(&sources, SOURCE_TEMPLATE, "/usr/share/svcd/templates/node.yaml",
		"tags: [shipped]\n");
	add(&sources, SOURCE_TEMPLATE, "/etc/svcd/templates/node.yaml", "tags: [ours]\n");
	add(&sources, SOURCE_SERVICE, "web.yaml",
		"service: web\ntemplate: node\n" COMMAND);
	config = build(&sources);
	assert_string_equal(only_entry(config)->declaration->tags.items[0], "ours");
}

static void test_overrides_match_by_all_their_words_in_order(void **state)
{
	static const struct {
		const char *match;
		int64_t tasks;
	} cases[] = {
		{ "{site: eqiad}", 7 },
		{ "{site: codfw}", 100 },
		{ "{site: [codfw, eqiad]}", 7 },
		{ "{host: scb1001.eqiad.example.org}", 7 },
		{ "{host: scb1001}", 100 },
		{ "{cluster: scb}", 7 },
		{ "{cluster: scb, site: codfw}", 100 },
		{ "{cluster: scb, site: eqiad}", 7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(config_freep) struct config *config = NULL;
		_cleanup_free_ char *text =
			text_format("service: web\n" COMMAND "limits: {tasks: 100}\n"
				    "overrides:\n"
				    "  - {match: %s, set: {limits.tasks: 6}}\n"
				    "  - {match: %s, set: {limits: {tasks: 7}}}\n",
				cases[i].match, cases[i].match);
		struct sources sources = { 0 };

		add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
		add(&sources, SOURCE_SERVICE, "web.yaml", text);
		config = build(&sources);
		assert_int_equal(
			only_entry(config)->declaration->limits.tasks, cases[i].tasks);
	}
}

/* ---- where it runs ------------------------------------------------------------- */

static void test_a_service_is_here_when_its_cluster_is(void **state)
{
	static const struct {
		const char *host, *clusters;
		bool here;
	} cases[] = {
		{ "", "[]", true },
		{ "", "[scb]", true },
		{ "host: {clusters: [sca]}", "[scb]", false },
		{ "host: {clusters: [sca]}", "[scb, sca]", true },
		{ "host: {fqdn: scb2001.codfw.example.org}", "[scb]", true },
		{ "host: {fqdn: web1.example.org}", "[scb]", false },
		{ "host: {fqdn: web1.example.org}", "[]", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(config_freep) struct config *config = NULL;
		_cleanup_free_ char *text = text_format(
			"service: web\nclusters: %s\n" COMMAND, cases[i].clusters);
		struct sources sources = { 0 };

		add(&sources, SOURCE_HOST, "svcd.yaml",
			cases[i].host[0] ? cases[i].host : "{}");
		add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
		add(&sources, SOURCE_SERVICE, "web.yaml", text);
		config = build(&sources);
		assert_int_equal(only_entry(config)->here, cases[i].here);
	}
}

static void test_names_are_those_of_the_host(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	const struct strings *command;
	static const char *const want[] = { "/usr/bin/web", "web", "scb1001",
		"scb1001.eqiad.example.org", "eqiad", "scb", "4", "8192", "6", "web",
		"/srv/web", "80", "81", "2", "own web" };

	(void)state;
	add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
	add(&sources, SOURCE_SERVICE, "web.yaml",
		"service: web\nclusters: [scb]\n"
		"values: {mine: 'own ${service}'}\n"
		"listen: [{name: http, port: 80}, {name: admin, port: 81}]\n"
		"run:\n  directory: /srv/${service}\n  instances: 2\n  command:\n"
		"    - /usr/bin/web\n"
		"    - ${service}\n    - ${host}\n    - ${fqdn}\n    - ${site}\n    - ${cluster}\n"
		"    - ${ncpu}\n    - ${memory_mb}\n    - ${ncpu * 1.5}\n    - ${user}\n"
		"    - ${directory}\n    - ${port}\n    - ${port.admin}\n    - ${instances}\n"
		"    - ${values.mine}\n");
	config = build(&sources);
	command = &only_entry(config)->declaration->run.command;
	assert_int_equal(command->count, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(command->items[i], want[i]);
}

static void test_what_is_not_known_of_a_host_is_refused_where_it_is_used(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };

	(void)state;
	add(&sources, SOURCE_SERVICE, "web.yaml",
		"service: web\nrun: {command: [/usr/bin/web, '${site}']}\n");
	config = build(&sources);
	assert_null(config->entries[0].declaration);
	assert_string_equal(config->entries[0].problems.lines.items[0],
		"web.yaml:2:31: run.command[1]: ${site} has no value here: it is not known for "
		"this host; say it in svcd.yaml: `host:`");
}

/* ---- defaults that are other values -------------------------------------------- */

static void test_defaults_follow_other_values(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	const struct declaration *web;

	(void)state;
	add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
	add(&sources, SOURCE_SERVICE, "web.yaml", "service: web\n" COMMAND);
	config = build(&sources);
	web = only_entry(config)->declaration;
	assert_string_equal(web->run.user, "web");
	assert_string_equal(web->run.group, "web");
	assert_string_equal(web->logs.directory, "/var/log/web");
	assert_string_equal(web->access.group, "web-admins");
	assert_int_equal(web->run.ready.by, READY_BY_STARTED);
	assert_int_equal(web->firewall.allow_count, 0);
}

static void test_ports_are_open_to_the_sites_default_sources(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	const struct declaration *web;

	(void)state;
	add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
	add(&sources, SOURCE_SERVICE, "web.yaml",
		"service: web\n" COMMAND
		"listen: [{name: http, port: 80}, {name: admin, port: 81}]\n"
		"names: {user: www-data}\n");
	config = build(&sources);
	web = only_entry(config)->declaration;
	assert_int_equal(web->run.ready.by, READY_BY_LISTEN);
	assert_string_equal(web->run.user, "www-data");
	assert_int_equal(web->firewall.allow_count, 2);
	assert_string_equal(web->firewall.allow[1].port, "admin");
	assert_string_equal(web->firewall.allow[1].from.items[0], "DOMAIN_NETWORKS");
}

static void test_nobody_but_the_host_is_said_as_a_warning(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };

	(void)state;
	add(&sources, SOURCE_SERVICE, "web.yaml",
		"service: web\n" COMMAND "listen: [{name: http, port: 80}]\n");
	config = build(&sources);
	assert_int_equal(only_entry(config)->warnings.count, 1);
	assert_non_null(strstr(
		config->entries[0].warnings.items[0], "only this host can reach web"));
}

/* ---- files --------------------------------------------------------------------- */

static void test_a_files_own_values_come_before_the_declarations(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };
	const struct declaration *web;
	_cleanup_free_ char *second = NULL;

	(void)state;
	add(&sources, SOURCE_TEXT, "/usr/share/svcd/files/a.conf", "shipped\n");
	add(&sources, SOURCE_TEXT, "/etc/svcd/templates/files/a.conf",
		"level = ${values.level}\nprice = $$5\nnumber = ${instance}\n");
	add(&sources, SOURCE_SERVICE, "web.yaml",
		"service: web\n" COMMAND
		"values: {level: low, derived: '${values.level}er'}\n"
		"files:\n"
		"  - {path: /etc/web/a, template: a.conf, values: {level: high}}\n"
		"  - {path: /etc/web/b, content: '${values.derived}'}\n"
		"  - {path: /etc/web/c, template: /usr/share/svcd/files/a.conf}\n");
	config = build(&sources);
	web = only_entry(config)->declaration;
	assert_string_equal(web->files[0].content,
		"level = high\nprice = $$5\nnumber = ${instance}\n");
	assert_string_equal(web->files[1].content, "lower");
	assert_int_equal(config_expand(&second, web->files[0].content, 2, NULL), 0);
	assert_string_equal(second, "level = high\nprice = $5\nnumber = 2\n");
}

/* ---- more than one ------------------------------------------------------------- */

static void test_one_refused_file_refuses_that_service_only(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };

	(void)state;
	add(&sources, SOURCE_SERVICE, "s/web.yaml", "service: web\n" COMMAND);
	add(&sources, SOURCE_SERVICE, "s/bad.yaml", "service: bad\nrun: {\n");
	add(&sources, SOURCE_SERVICE, "s/gone.yaml", "");
	sources.items[2].refused = strdup("writable by everybody");
	config = build(&sources);
	assert_int_equal(config->entries_count, 3);
	assert_string_equal(config->entries[0].name, "bad");
	assert_null(entry_named(config, "bad")->declaration);
	assert_null(entry_named(config, "gone")->declaration);
	assert_string_equal(entry_named(config, "gone")->problems.lines.items[0],
		"s/gone.yaml: writable by everybody");
	assert_non_null(entry_named(config, "web")->declaration);
	assert_int_equal(config->problems.lines.count, 0);
}

static void test_ports_may_meet_where_services_do_not(void **state)
{
	static const struct {
		const char *rule, *first, *second;
		bool fits;
	} cases[] = {
		{ "the same port", "", "", false },
		{ "on another cluster", "clusters: [other]\n", "", true },
		{ "of a retired service", "state: retired\n", "", true },
		{ "by udp", "listen: [{name: a, port: 80, protocol: udp}]\n", "", true },
		{ "on another address",
			"listen: [{name: a, port: 80, address: 127.0.0.1}]\n",
			"listen: [{name: a, port: 80, address: 127.0.0.2}]\n", true },
		{ "on all addresses and on one",
			"listen: [{name: a, port: 80, address: 127.0.0.1}]\n", "",
			false },
		{ "of an instance",
			"run: {command: [a], instances: 3}\n"
			"listen: [{name: a, port: '${77 + instance}'}]\n",
			"", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(config_freep) struct config *config = NULL;
		const char *listen = "listen: [{name: a, port: 80}]\n";
		_cleanup_free_ char *a = text_format("service: a\n%s%s%s",
			strstr(cases[i].first, "run:") ? "" : COMMAND, cases[i].first,
			strstr(cases[i].first, "listen:") ? "" : listen);
		_cleanup_free_ char *b =
			text_format("service: b\n%s%s%s", COMMAND, cases[i].second,
				strstr(cases[i].second, "listen:") ? "" : listen);
		struct sources sources = { 0 };

		add(&sources, SOURCE_SERVICE, "b.yaml", b);
		add(&sources, SOURCE_SERVICE, "a.yaml", a);
		config = build(&sources);
		assert_non_null(entry_named(config, "a")->declaration);
		if (!!entry_named(config, "b")->declaration != cases[i].fits)
			fail_msg("%s", cases[i].rule);
	}
}

static void test_a_chain_of_services_is_no_circle(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { 0 };

	(void)state;
	add(&sources, SOURCE_SERVICE, "a.yaml",
		"service: a\n" COMMAND "depends: {services: [b, c, elsewhere]}\n");
	add(&sources, SOURCE_SERVICE, "b.yaml",
		"service: b\n" COMMAND "depends: {services: [c]}\n");
	add(&sources, SOURCE_SERVICE, "c.yaml", "service: c\n" COMMAND);
	config = build(&sources);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(config->entries[i].declaration);
}

static void test_what_was_not_listed_is_not_known_to_be_gone(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct sources sources = { .incomplete = true };

	(void)state;
	config = build(&sources);
	assert_true(config->incomplete);
	assert_int_equal(config->entries_count, 0);
}

/* ---- the whole as one document ------------------------------------------------- */

static void test_a_config_travels(void **state)
{
	_cleanup_(config_freep) struct config *config = NULL, *again = NULL;
	_cleanup_(json_freep) struct json_t *json = NULL, *second = NULL;
	struct sources sources = { .incomplete = true };
	struct error err = { 0 };

	(void)state;
	add_file(&sources, SOURCE_SITE, "examples/site.yaml", "site.yaml");
	add_file(&sources, SOURCE_HOST, "examples/svcd.yaml", "svcd.yaml");
	add_shipped(&sources);
	add_folder(&sources, SOURCE_SERVICE, "examples/services", "", ".yaml");
	add(&sources, SOURCE_SERVICE, "bad.yaml", "service: bad\nrun: 5\n");
	config = build(&sources);
	json = config_print(config);
	assert_non_null(json);
	assert_int_equal(config_read(&again, json, &err), 0);
	assert_int_equal(again->entries_count, config->entries_count);
	assert_true(again->incomplete);
	assert_null(entry_named(again, "bad")->declaration);
	assert_int_equal(entry_named(again, "bad")->problems.lines.count,
		entry_named(config, "bad")->problems.lines.count);
	assert_non_null(entry_named(again, "mathoid")->declaration);
	second = config_print(again);
	assert_true(json_same(json, second));
}

static void test_a_document_that_is_none_is_refused(void **state)
{
	static const char *const documents[] = {
		"{}",
		"[]",
		"{\"host\": {}, \"site\": {}, \"entries\": 5}",
		"{\"host\": {}, \"site\": {}, \"entries\": [5]}",
		"{\"host\": {}, \"site\": {}, \"entries\": [{\"name\": \"a\"}]}",
		"{\"host\": {\"nothing\": 1}, \"site\": {}, \"entries\": []}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		_cleanup_(json_freep) struct json_t *json = NULL;
		struct config *config = NULL;
		struct error err = { 0 };

		assert_int_equal(
			json_parse(&json, documents[i], strlen(documents[i]), 4096, NULL),
			0);
		assert_true(config_read(&config, json, &err) < 0);
		assert_null(config);
		assert_true(err.text[0]);
	}
}

static void test_a_service_that_does_not_come_back_refuses_itself_only(void **state)
{
	static const char document[] =
		"{\"host\": {}, \"site\": {}, \"entries\": ["
		"{\"name\": \"a\", \"path\": \"a.yaml\", \"effective\": {\"service\": \"A\"}}, "
		"{\"name\": \"b\", \"path\": \"b.yaml\", \"effective\": "
		"{\"service\": \"b\", \"run\": {\"command\": [\"true\"]}}}]}";
	_cleanup_(json_freep) struct json_t *json = NULL;
	_cleanup_(config_freep) struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(json_parse(&json, document, strlen(document), 4096, NULL), 0);
	assert_int_equal(config_read(&config, json, &err), 0);
	assert_null(entry_named(config, "a")->declaration);
	assert_non_null(strstr(entry_named(config, "a")->problems.lines.items[0],
		"a.yaml: not as it was printed: service: must be a name"));
	assert_non_null(entry_named(config, "b")->declaration);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_layer_wins_over_the_one_below),
		cmocka_unit_test(test_lists_replace_and_maps_are_joined),
		cmocka_unit_test(test_a_template_in_etc_replaces_the_shipped_one),
		cmocka_unit_test(test_overrides_match_by_all_their_words_in_order),
		cmocka_unit_test(test_a_service_is_here_when_its_cluster_is),
		cmocka_unit_test(test_names_are_those_of_the_host),
		cmocka_unit_test(
			test_what_is_not_known_of_a_host_is_refused_where_it_is_used),
		cmocka_unit_test(test_defaults_follow_other_values),
		cmocka_unit_test(test_ports_are_open_to_the_sites_default_sources),
		cmocka_unit_test(test_nobody_but_the_host_is_said_as_a_warning),
		cmocka_unit_test(test_a_files_own_values_come_before_the_declarations),
		cmocka_unit_test(test_one_refused_file_refuses_that_service_only),
		cmocka_unit_test(test_ports_may_meet_where_services_do_not),
		cmocka_unit_test(test_a_chain_of_services_is_no_circle),
		cmocka_unit_test(test_what_was_not_listed_is_not_known_to_be_gone),
		cmocka_unit_test(test_a_config_travels),
		cmocka_unit_test(test_a_document_that_is_none_is_refused),
		cmocka_unit_test(
			test_a_service_that_does_not_come_back_refuses_itself_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
