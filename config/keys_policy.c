/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_policy.c - the keys below `policy` of svcd.yaml: what root lets declarations wish
 * for. The defaults are closed: a service may have what is its own.
 *
 * Not here: the judging (policy.c, policy_paths.c, policy_firewall.c).
 */
#include "config/keys.h"

/* clang-format off */

#define AT(member) offsetof(struct host_policy, member)
static const struct rows ports_rows = { .noun = "ports", .fields = (const struct field[]){
	{ "least", AT(port_least), &kind_count, .unset = "1024", .least = 1,
		.most = 65535, .help = "lowest port that services may have or open" },
	{ "most", AT(port_most), &kind_count, .unset = "49151", .least = 1,
		.most = 65535, .help = "highest one; above it the kernel takes ports for clients" },
	{ 0 } } };

static const struct rows paths_rows = { .noun = "paths", .fields = (const struct field[]){
	{ "files", AT(paths.files), &kind_strings, .shape = &shape_path,
		.unset = "[\"/etc/${service}\", \"/run/${service}\", \"/var/lib/${service}\"]",
		.help = "where `files` may be written (by root)" },
	{ "writable", AT(paths.writable), &kind_strings, .shape = &shape_path,
		.unset = "[\"/var/lib/${service}\", \"/var/cache/${service}\", \"/var/log/${service}\", "
			 "\"/var/spool/${service}\", \"/run/${service}\", \"/srv/${service}\", \"/srv/log/${service}\"]",
		.help = "what security.writable may name" },
	{ "logs", AT(paths.logs), &kind_strings, .shape = &shape_path,
		.unset = "[\"/var/log/${service}\", \"/srv/log/${service}\"]",
		.help = "where logs.directory, logs.files and logs.rotate.olddir may be" },
	{ "environment_file", AT(paths.environment_file), &kind_strings,
		.shape = &shape_path,
		.unset = "[\"/etc/${service}\", \"/etc/default/${service}\"]",
		.help = "where run.environment_file may be (root reads it)" },
	{ "directory", AT(paths.directory), &kind_strings, .shape = &shape_path,
		.unset = "[\"/srv\", \"/usr\", \"/opt\", \"/var/www\", \"/etc/${service}\", "
			 "\"/run/${service}\", \"/var/lib/${service}\", \"/var/cache/${service}\"]",
		.help = "where run.directory may be; / itself always" },
	{ "before", AT(paths.before), &kind_strings, .shape = &shape_path,
		.unset = "[\"/usr\", \"/bin\", \"/sbin\", \"/srv\", \"/opt\"]",
		.help = "where programs of run.before may be" },
	{ 0 } } };

const struct rows ceilings_rows = { .noun = "ceilings", .fields = (const struct field[]){
	{ "instances", AT(ceilings.instances), &kind_count, .unset = "64", .least = 1,
		.help = "most of run.instances" },
	{ "open_files", AT(ceilings.open_files), &kind_count, .unset = "65536",
		.least = 16, .help = "most of limits.open_files" },
	{ "core", AT(ceilings.core_bytes), &kind_size, .unset = "0",
		.help = "most of limits.core" },
	{ "tasks", AT(ceilings.tasks), &kind_count, .unset = "8192", .least = 1,
		.help = "most of limits.tasks" },
	{ "memory", AT(ceilings.memory_bytes), &kind_size, .least = 1 << 20,
		.help = "most of limits.memory, which every service must then have" },
	{ "cpu", AT(ceilings.cpu_percent), &kind_percent, .least = 1,
		.help = "most of limits.cpu, which every service must then have" },
	{ "cpu_weight", AT(ceilings.cpu_weight), &kind_count, .unset = "1000",
		.least = 1, .help = "most of limits.cpu_weight" },
	{ "io_weight", AT(ceilings.io_weight), &kind_count, .unset = "1000", .least = 1,
		.help = "most of limits.io_weight" },
	{ "nice", AT(ceilings.nice), &kind_count, .unset = "0", .least = -20,
		.most = 19, .help = "least of run.nice: below it a service goes before others" },
	{ "oom_score", AT(ceilings.oom_score), &kind_count, .unset = "0",
		.least = -1000, .most = 1000,
		.help = "least of limits.oom_score: below it others are killed before" },
	{ "logs_total", AT(ceilings.logs_bytes), &kind_size, .unset = "10G",
		.least = 1 << 20, .help = "most of logs.total" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct policy_exception, member)
static const struct rows exception_rows = {
	.noun = "what one service may besides", .size = sizeof(struct policy_exception),
	.fields = (const struct field[]){
	{ "users", AT(users), &kind_strings, .unset = "[]", .shape = &shape_user_or_all,
		.help = "users and groups that it may run as" },
	{ "ports", AT(ports), &kind_codes, .unset = "[]", .least = 1, .most = 65535,
		.count_at = AT(ports_count), .help = "ports that it may have or open" },
	{ "capabilities", AT(capabilities), &kind_strings, .unset = "[]",
		.shape = &shape_capability_or_all, .help = "capabilities that it may keep" },
	{ "paths", AT(paths), &kind_strings, .unset = "[]", .shape = &shape_path,
		.help = "where anything of it may be" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct host_policy, member)
const struct rows policy_rows = { .noun = "policy", .fields = (const struct field[]){
	{ "users", AT(users), &kind_strings, .unset = "[]", .shape = &shape_user_or_all,
		.help = "users and groups that any service may run as, besides those of its own name; root must be named" },
	{ "ports", 0, &kind_section, .rows = &ports_rows,
		.help = "ports that services may have or open" },
	{ "capabilities", AT(capabilities), &kind_strings,
		.unset = "[\"CAP_NET_BIND_SERVICE\"]", .shape = &shape_capability_or_all,
		.help = "capabilities that services may keep" },
	{ "paths", 0, &kind_section, .rows = &paths_rows,
		.help = "directories, with ${service} for the name of a service" },
	{ "ceilings", 0, &kind_section, .rows = &ceilings_rows,
		.help = "how much a service may ask for" },
	{ "world", AT(world), &kind_strings, .unset = "[]",
		.shape = &shape_service_or_all,
		.help = "services that may let everyone in (`world`)" },
	{ "rules", AT(rules), &kind_strings, .unset = "[]",
		.shape = &shape_service_or_all,
		.help = "services that may have firewall.rules" },
	{ "security", AT(security), &kind_strings, .unset = "[]",
		.shape = &shape_service_or_all,
		.help = "services that may have `security` weaker than its defaults" },
	{ "before", AT(before), &kind_strings, .unset = "[]",
		.shape = &shape_service_or_all,
		.help = "services whose run.before is as they write it: a shell, any program" },
	{ "services", AT(services), &kind_map, .unset = "{}", .keys = &shape_service,
		.count_at = AT(services_count), .rows = &exception_rows,
		.help = "what one service may besides, by its name" },
	{ 0 } } };

/* clang-format on */
