/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_service.c - the keys at the top of a declaration, and who owns the service.
 */
#include "config/keys.h"

#define AT(member) offsetof(struct declaration, member)

/* clang-format off */

static const struct rows names_rows = { .noun = "names", .fields = (const struct field[]){
	{ "unit", AT(names.unit), &kind_text, CHANGE_IN_PLACE, .shape = &shape_name,
		.help = "name of the systemd unit or init script",
		.derived = "the service's name" },
	{ "user", AT(names.user), &kind_text, CHANGE_RESTART, .shape = &shape_user,
		.help = "user that it runs as", .derived = "the service's name" },
	{ "conftool", AT(names.conftool), &kind_text, CHANGE_IN_PLACE,
		.shape = &shape_name, .help = "name in conftool",
		.derived = "the service's name" },
	{ "dns", AT(names.dns), &kind_text, CHANGE_IN_PLACE, .shape = &shape_host,
		.help = "name in DNS", .derived = "the service's name" },
	{ "group", AT(names.group), &kind_text, CHANGE_RESTART, .shape = &shape_user,
		.help = "group that it runs as", .derived = "the user's name" },
	{ 0 } } };

static const struct rows owner_rows = { .noun = "owner", .fields = (const struct field[]){
	{ "team", AT(owner.team), &kind_text, CHANGE_IN_PLACE,
		.help = "team that owns the service" },
	{ "contact", AT(owner.contact), &kind_text, CHANGE_IN_PLACE, .shape = &shape_name,
		.help = "contact group for alerts" },
	{ "wiki", AT(owner.wiki), &kind_text, CHANGE_IN_PLACE,
		.help = "address of the page that describes it" },
	{ "runbook", AT(owner.runbook), &kind_text, CHANGE_IN_PLACE,
		.help = "address of the page that says what to do when it fails" },
	{ "task", AT(owner.task), &kind_text, CHANGE_IN_PLACE,
		.help = "task that tracks its rollout" },
	{ "point", AT(owner.point), &kind_text, CHANGE_IN_PLACE,
		.help = "who is on point: a team or a login" },
	{ 0 } } };

static const struct rows depends_rows = {
	.noun = "depends",
	.fields = (const struct field[]){
	{ "services", AT(depends.services), &kind_strings, CHANGE_IN_PLACE, "[]",
		.shape = &shape_service,
		.help = "services of this host that are started first, and stopped last" },
	{ "stores", AT(depends.stores), &kind_strings, CHANGE_IN_PLACE, "[]",
		.shape = &shape_name, .help = "stores that it needs, such as cassandra" },
	{ "external", AT(depends.external), &kind_strings, CHANGE_IN_PLACE, "[]",
		.help = "addresses outside that it needs" },
	{ "survives_without_cache", AT(depends.survives_without_cache), &kind_bool,
		CHANGE_IN_PLACE, "false",
		.help = "whether it stands the load when caches are empty" },
	{ 0 } } };

const struct rows access_rows = { .noun = "access", .fields = (const struct field[]){
	{ "group", AT(access.group), &kind_text, CHANGE_IN_PLACE, .shape = &shape_user,
		.help = "group whose members may operate the service",
		.derived = "the service's name and -admins, where a group can be so long" },
	{ "members", AT(access.members), &kind_strings, CHANGE_IN_PLACE, "[]",
		.shape = &shape_user, .help = "logins that the group should have" },
	{ "description", AT(access.description), &kind_text, CHANGE_IN_PLACE,
		.help = "what the group is for" },
	{ "privileges", AT(access.privileges), &kind_strings, CHANGE_IN_PLACE, "[]",
		.help = "sudo rules beyond operating the service, running as its user and reading its logs" },
	{ 0 } } };

const struct rows monitor_rows = { .noun = "monitor", .fields = (const struct field[]){
	{ "page", AT(monitor.page), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether an alert wakes somebody" },
	{ "interval", AT(monitor.interval_ms), &kind_duration, CHANGE_IN_PLACE, "30s",
		.help = "how often the monitoring asks", .least = 1000, .most = 86400000 },
	{ "retries", AT(monitor.retries), &kind_count, CHANGE_IN_PLACE, "3",
		.help = "failures in a row before an alert", .least = 1, .most = 100 },
	{ "contact", AT(monitor.contact), &kind_text, CHANGE_IN_PLACE,
		.shape = &shape_name, .help = "contact group for these alerts",
		.derived = "owner.contact" },
	{ 0 } } };

const struct rows declaration_rows = {
	.noun = "a declaration", .size = sizeof(struct declaration), .whole = true,
	.fields = (const struct field[]){
	{ "service", AT(service), &kind_text, CHANGE_RESTART, .required = true,
		.shape = &shape_service,
		.help = "the service's name, equal to the file's name" },
	{ "description", AT(description), &kind_text, CHANGE_IN_PLACE,
		.help = "what it does, in a line" },
	{ "template", AT(template), &kind_text, CHANGE_IN_PLACE, .shape = &shape_name,
		.help = "file of values to begin with: generic, node, service-runner, python, java or your own" },
	{ "state", AT(state), &kind_word, CHANGE_IN_PLACE, "setup",
		.help = "how far the rollout is", .words = WORDS(rollout) },
	{ "clusters", AT(clusters), &kind_strings, CHANGE_IN_PLACE, "[]",
		.shape = &shape_name,
		.help = "clusters of the site file whose hosts run it; none: this host does" },
	{ "tags", AT(tags), &kind_strings, CHANGE_IN_PLACE, "[]", .shape = &shape_name,
		.help = "words to ask for it together with others (`@word`)" },
	{ "values", AT(values), &kind_pairs, CHANGE_IN_PLACE, "{}", .keys = &shape_name,
		.keep_instance = true, .lines = true, .most = 65536,
		.help = "your own names, as ${values.NAME} in texts and file templates" },
	{ "names", 0, &kind_section, .rows = &names_rows,
		.help = "where the world calls it otherwise" },
	{ "overrides", 0, &kind_overrides, CHANGE_IN_PLACE, .most = 1 << 20,
		.help = "other values on some sites, clusters or hosts: [{match: {host: NAME}, set: {PATH: VALUE}}]" },
	{ "owner", 0, &kind_section, .rows = &owner_rows, .help = "whom to ask" },
	{ "depends", 0, &kind_section, .rows = &depends_rows, .help = "what it needs" },
	{ "run", AT(run), &kind_section, .rows = &run_rows, .help = "how it runs" },
	{ "listen", AT(listen), &kind_list, .count_at = AT(listen_count),
		.rows = &listen_rows, .help = "ports that it serves", .unset = "[]" },
	{ "files", AT(files), &kind_list, .count_at = AT(files_count), .rows = &file_rows,
		.help = "files that are rendered before it starts", .unset = "[]" },
	{ "limits", 0, &kind_section, .rows = &limits_rows, .help = "what it may use" },
	{ "security", 0, &kind_section, .rows = &security_rows,
		.help = "what it may see and do" },
	{ "health", 0, &kind_section, .rows = &health_rows,
		.help = "how its health is found" },
	{ "firewall", 0, &kind_section, .rows = &firewall_rows,
		.help = "who may reach it" },
	{ "logs", AT(logs), &kind_section, .rows = &logs_rows,
		.help = "what becomes of its output" },
	{ "lvs", AT(lvs), &kind_one_or_list, .count_at = AT(lvs_count), .rows = &lvs_rows,
		.help = "balancing by LVS; one map or a list" },
	{ "dns", 0, &kind_section, .rows = &dns_rows, .help = "its names in DNS" },
	{ "deploy", AT(deploy), &kind_one_or_list, .count_at = AT(deploy_count),
		.rows = &deploy_rows,
		.help = "where its code comes from; one map or a list" },
	{ "access", 0, &kind_section, .rows = &access_rows, .help = "who may operate it" },
	{ "edge", AT(edge.wanted), &kind_switch, CHANGE_IN_PLACE, .rows = &edge_rows,
		.help = "how the caches at the edge reach it; null: they do not" },
	{ "monitor", 0, &kind_section, .rows = &monitor_rows,
		.help = "how it is watched" },
	{ 0 } } };

/* clang-format on */
