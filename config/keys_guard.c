/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_guard.c - the keys below `limits`, `security` and `firewall`: what a service may
 * use, what it may do, and who may reach it.
 */
#include "config/keys.h"

static const char *const system_words[] = {
	[SYSTEM_STRICT] = "strict",
	[SYSTEM_OFF] = "off",
};
static const char *const home_words[] = {
	[HOME_HIDDEN] = "hidden",
	[HOME_READ_ONLY] = "read-only",
	[HOME_VISIBLE] = "visible",
};
static const char *const space_words[] = {
	[SPACE_PRIVATE] = "private",
	[SPACE_HOST] = "host",
};
static const char *const calls_words[] = {
	[CALLS_SERVICE] = "service",
	[CALLS_ANY] = "any",
};
static const char *const network_words[] = {
	[NETWORK_HOST] = "host",
	[NETWORK_NONE] = "none",
};
static const char *const egress_policy_words[] = {
	[EGRESS_ALLOW] = "allow",
	[EGRESS_DENY] = "deny",
};
static const char *const qos_words[] = {
	[QOS_CONTROL] = "control",
	[QOS_HIGH] = "high",
	[QOS_NORMAL] = "normal",
	[QOS_LOW] = "low",
};

#define AT(member) offsetof(struct declaration, member)
/* clang-format off */

const struct rows limits_rows = { .noun = "limits", .fields = (const struct field[]){
	{ "open_files", AT(limits.open_files), &kind_count, CHANGE_RESTART, "10000",
		.help = "open files of each process", .least = 16, .most = 1 << 20 },
	{ "core", AT(limits.core_bytes), &kind_size, CHANGE_RESTART, "0",
		.help = "size of a core file" },
	{ "tasks", AT(limits.tasks), &kind_count, CHANGE_IN_PLACE, "512",
		.help = "processes and threads", .least = 1, .most = 1 << 22 },
	{ "memory", AT(limits.memory_bytes), &kind_size, CHANGE_IN_PLACE,
		.least = 1 << 20,
		.help = "memory, above which the kernel kills; required in state production" },
	{ "memory_high", AT(limits.memory_high_bytes), &kind_size, CHANGE_IN_PLACE,
		.least = 1 << 20,
		.help = "memory, above which the kernel reclaims and slows down" },
	{ "swap", AT(limits.swap_bytes), &kind_size, CHANGE_IN_PLACE, .help = "swap" },
	{ "cpu", AT(limits.cpu_percent), &kind_percent, CHANGE_IN_PLACE, .least = 1,
		.help = "processor time; 200% is two of them", .most = 1000000 },
	{ "cpu_weight", AT(limits.cpu_weight), &kind_count, CHANGE_IN_PLACE, "100",
		.help = "share of the processors when they are short", .least = 1,
		.most = 10000 },
	{ "io_weight", AT(limits.io_weight), &kind_count, CHANGE_IN_PLACE, "100",
		.help = "share of the disks when they are short", .least = 1,
		.most = 10000 },
	{ "oom_score", AT(limits.oom_score), &kind_count, CHANGE_IN_PLACE, "0",
		.help = "how gladly the kernel kills it when memory is out",
		.least = -1000, .most = 1000 },
	{ 0 } } };

const struct rows security_rows = { .noun = "security", .fields = (const struct field[]){
	{ "capabilities", AT(security.capabilities), &kind_strings, CHANGE_RESTART, "[]",
		.shape = &shape_capability,
		.help = "capabilities that it keeps, by name" },
	{ "no_new_privileges", AT(security.no_new_privileges), &kind_bool, CHANGE_RESTART,
		"true", .help = "whether setuid programs gain nothing" },
	{ "system", AT(security.system), &kind_word, CHANGE_RESTART, "strict",
		.help = "whether all but `writable`, logs and its own places is read-only",
		.words = WORDS(system) },
	{ "home", AT(security.home), &kind_word, CHANGE_RESTART, "hidden",
		.help = "what it sees of /home and /root", .words = WORDS(home) },
	{ "tmp", AT(security.tmp), &kind_word, CHANGE_RESTART, "private",
		.help = "whose /tmp it sees", .words = WORDS(space) },
	{ "devices", AT(security.devices), &kind_word, CHANGE_RESTART, "private",
		.help = "whose /dev it sees", .words = WORDS(space) },
	{ "writable", AT(security.writable), &kind_strings, CHANGE_RESTART, "[]",
		.shape = &shape_path, .help = "directories that it may write to" },
	{ "system_calls", AT(security.system_calls), &kind_word, CHANGE_RESTART,
		"service", .help = "which system calls it may make",
		.words = WORDS(calls) },
	{ "network", AT(security.network), &kind_word, CHANGE_RESTART, "host",
		.help = "which network it sees", .words = WORDS(network) },
	{ 0 } } };

/* ---- firewall ---------------------------------------------------------------------- */

#define FROM(member) offsetof(struct allow, member)
static const struct rows allow_rows = {
	.noun = "an allowed port", .size = sizeof(struct allow),
	.fields = (const struct field[]){
	{ "port", FROM(port), &kind_port_name, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_name, .help = "port: a name of `listen` or a number" },
	{ "from", FROM(from), &kind_strings, CHANGE_IN_PLACE, "[]",
		.help = "sets of the site file, networks, addresses, host:NAME, or world",
		.derived = "default_sources of the site file" },
	{ 0 } } };

#define TO(member) offsetof(struct egress_to, member)
static const struct rows egress_to_rows = {
	.noun = "a destination", .size = sizeof(struct egress_to),
	.fields = (const struct field[]){
	{ "set", TO(set), &kind_text, CHANGE_IN_PLACE, .shape = &shape_name,
		.help = "set of the site file; or:" },
	{ "to", TO(to), &kind_text, CHANGE_IN_PLACE,
		.help = "network, address or host:NAME" },
	{ "port", TO(port), &kind_count, CHANGE_IN_PLACE, .required = true,
		.help = "port", .least = 1, .most = 65535 },
	{ 0 } } };

static int finish_rate(struct reader *reader, const struct node *node, void *base)
{
	struct declaration *declaration = base;

	(void)reader;
	(void)node;
	if (declaration->firewall.rate.burst == UNSET) {
		declaration->firewall.rate.burst =
			declaration->firewall.rate.per_source_per_s;
}
	return 0;
}

static const struct rows rate_rows = {
	.noun = "rate", .finish = finish_rate,
	.fields = (const struct field[]){
	{ "per_source", AT(firewall.rate.per_source_per_s), &kind_rate, CHANGE_IN_PLACE,
		.required = true, .help = "new connections of one address", .least = 1,
		.most = 1000000 },
	{ "burst", AT(firewall.rate.burst), &kind_count, CHANGE_IN_PLACE, .least = 1,
		.most = 1000000, .help = "so many at once are fine",
		.derived = "those of a second" },
	{ 0 } } };

static const struct rows connections_rows = {
	.noun = "connections",
	.fields = (const struct field[]){
	{ "per_source", AT(firewall.connections_per_source), &kind_count, CHANGE_IN_PLACE,
		.required = true, .help = "open connections of one address", .least = 1,
		.most = 1000000 },
	{ 0 } } };

static const struct rows egress_rows = {
	.noun = "egress",
	.fields = (const struct field[]){
	{ "policy", AT(firewall.egress_policy), &kind_word, CHANGE_IN_PLACE, "allow",
		.help = "what happens to connections that it makes to others than `to`",
		.words = WORDS(egress_policy) },
	{ "to", AT(firewall.egress_to), &kind_list, CHANGE_IN_PLACE, "[]",
		.help = "where it may connect to when the policy is deny",
		.count_at = AT(firewall.egress_to_count), .rows = &egress_to_rows },
	{ 0 } } };

const struct rows firewall_rows = { .noun = "firewall", .fields = (const struct field[]){
	{ "allow", AT(firewall.allow), &kind_list, CHANGE_IN_PLACE, "[]",
		.help = "who may reach which port",
		.derived = "the ports of `listen` from default_sources",
		.count_at = AT(firewall.allow_count), .rows = &allow_rows },
	{ "deny", AT(firewall.deny), &kind_list, CHANGE_IN_PLACE, "[]",
		.help = "who may not, whatever `allow` says",
		.count_at = AT(firewall.deny_count), .rows = &allow_rows },
	{ "destination", AT(firewall.destination), &kind_strings, CHANGE_IN_PLACE, "[]",
		.derived = "any", .help = "addresses of this host that it is reached at" },
	{ "rate", AT(firewall.rate.per_source_per_s), &kind_choice, CHANGE_IN_PLACE,
		.rows = &rate_rows, .help = "limit on new connections" },
	{ "connections", AT(firewall.connections_per_source), &kind_choice,
		CHANGE_IN_PLACE, .rows = &connections_rows,
		.help = "limit on open connections" },
	{ "notrack", AT(firewall.notrack), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether its connections are not tracked by the kernel" },
	{ "egress", 0, &kind_section, .rows = &egress_rows,
		.help = "where it may connect to" },
	{ "qos", AT(firewall.qos), &kind_word, CHANGE_IN_PLACE, "normal",
		.help = "class of its replies (DSCP)", .words = WORDS(qos) },
	{ "rules", AT(firewall.rules), &kind_block, CHANGE_IN_PLACE, .most = 1 << 16,
		.help = "ferm text for what has no word here" },
	{ 0 } } };

/* clang-format on */
