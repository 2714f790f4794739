/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_release.c - the keys below `lvs`, `dns`, `deploy` and `edge`: how the world finds
 * a service and where its code comes from.
 */
#include "config/keys.h"

static const char *const protocol_words[] = {
	[PROTOCOL_TCP] = "tcp",
	[PROTOCOL_UDP] = "udp",
};
static const char *const mode_words[] = {
	[MODE_ACTIVE_ACTIVE] = "active-active",
	[MODE_ACTIVE_PASSIVE] = "active-passive",
};
static const char *const deploy_by_words[] = {
	[DEPLOY_AUTO] = "auto",
	[DEPLOY_SCAP] = "scap",
	[DEPLOY_SVCCTL] = "svcctl",
};
static const char *const caching_words[] = {
	[CACHING_NORMAL] = "normal",
	[CACHING_PASS] = "pass",
	[CACHING_PIPE] = "pipe",
};

enum { SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR };

/* clang-format off */

#define AT(member) offsetof(struct lvs, member)
static const struct rows conftool_rows = {
	.noun = "conftool",
	.fields = (const struct field[]){
	{ "cluster", AT(conftool_cluster), &kind_text, CHANGE_IN_PLACE,
		.shape = &shape_name, .help = "cluster in conftool",
		.derived = "the first of `clusters`" },
	{ "service", AT(conftool_service), &kind_text, CHANGE_IN_PLACE,
		.shape = &shape_name, .help = "service in conftool",
		.derived = "names.conftool" },
	{ 0 } } };

const struct rows lvs_rows = {
	.noun = "a pool", .size = sizeof(struct lvs),
	.fields = (const struct field[]){
	{ "class", AT(class), &kind_text, CHANGE_IN_PLACE, "low-traffic",
		.shape = &shape_name, .help = "class of balancers, of the site file" },
	{ "address", AT(address), &kind_json, CHANGE_IN_PLACE, "auto",
		.help = "auto, or {SITE: ADDRESS}, or {SITE: {LABEL: ADDRESS}}" },
	{ "port", AT(port), &kind_port_name, CHANGE_IN_PLACE, .shape = &shape_name,
		.help = "port as clients see it", .derived = "the first of `listen`" },
	{ "protocol", AT(protocol), &kind_word, CHANGE_IN_PLACE, "tcp",
		.help = "protocol", .words = WORDS(protocol) },
	{ "scheduler", AT(scheduler), &kind_text, CHANGE_IN_PLACE, "wrr",
		.shape = &shape_name, .help = "scheduler of IPVS" },
	{ "depool_threshold", AT(depool_threshold), &kind_fraction, CHANGE_IN_PLACE,
		"0.5",
		.help = "share of hosts that stays pooled whatever the checks say" },
	{ "monitors", AT(monitors), &kind_json, CHANGE_IN_PLACE,
		.help = "checks of the balancer, by name" },
	{ "conftool", 0, &kind_section, .rows = &conftool_rows,
		.help = "its place in conftool" },
	{ "weight", AT(weight), &kind_count, CHANGE_IN_PLACE, "10",
		.help = "weight of this host", .most = 65535 },
	{ "bgp", AT(bgp), &kind_bool, CHANGE_IN_PLACE, "true",
		.help = "whether balancers announce the address" },
	{ "ipip", AT(ipip), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether packets come in IPIP" },
	{ "ops", AT(ops), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether each UDP packet is balanced by itself" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct discovery, member)
static const struct rows discovery_rows = {
	.noun = "a discovery record", .size = sizeof(struct discovery),
	.fields = (const struct field[]){
	{ "name", AT(name), &kind_text, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_host, .help = "name below discovery" },
	{ "mode", AT(mode), &kind_word, CHANGE_IN_PLACE, "active-active",
		.help = "whether all sites answer or one", .words = WORDS(mode) },
	{ "ttl", AT(ttl_s), &kind_count, CHANGE_IN_PLACE, "300", .help = "seconds",
		.least = 1, .most = 604800 },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct declaration, member)
const struct rows dns_rows = { .noun = "dns", .fields = (const struct field[]){
	{ "discovery", AT(dns.discovery), &kind_one_or_list, CHANGE_IN_PLACE,
		.count_at = AT(dns.discovery_count), .rows = &discovery_rows,
		.help = "names that follow the active site; one map or a list" },
	{ "ttl", AT(dns.ttl_ms), &kind_duration, CHANGE_IN_PLACE, "1h",
		.help = "TTL of its records", .least = SECOND, .most = (int64_t)7 * DAY },
	{ "public", AT(dns.public), &kind_text, CHANGE_IN_PLACE, .shape = &shape_host,
		.help = "name in public DNS, if it is reachable from outside" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct deploy, member)
const struct rows deploy_rows = {
	.noun = "a repository", .size = sizeof(struct deploy),
	.fields = (const struct field[]){
	{ "repository", AT(repository), &kind_text, CHANGE_IN_PLACE,
		.help = "name of the repository, such as mathoid/deploy" },
	{ "origin", AT(origin), &kind_text, CHANGE_IN_PLACE,
		.help = "where it is cloned from" },
	{ "user", AT(user), &kind_text, CHANGE_IN_PLACE, "deploy-service",
		.shape = &shape_user, .help = "user that deploys" },
	{ "submodules", AT(submodules), &kind_bool, CHANGE_IN_PLACE, "true",
		.help = "whether submodules are taken too" },
	{ "canaries", AT(canaries), &kind_strings, CHANGE_IN_PLACE, "[]",
		.shape = &shape_host, .help = "hosts that are first" },
	{ "group_size", AT(group_size), &kind_count, CHANGE_IN_PLACE, "1",
		.help = "hosts at a time after them", .least = 1, .most = 10000 },
	{ "service_timeout", AT(service_timeout_ms), &kind_duration, CHANGE_IN_PLACE,
		"120s", .help = "how long a host may take to be ready", .least = SECOND,
		.most = HOUR },
	{ "keep", AT(keep), &kind_count, CHANGE_IN_PLACE, "5",
		.help = "revisions that are kept", .least = 1, .most = 1000 },
	{ "by", AT(by), &kind_word, CHANGE_IN_PLACE, "auto",
		.help = "who deploys; auto: scap where its layout is found",
		.words = WORDS(deploy_by) },
	{ "build", AT(build), &kind_argv, CHANGE_IN_PLACE, "[]",
		.help = "command that builds a revision, in the sandbox" },
	{ "watch", AT(watch_ms), &kind_duration, CHANGE_IN_PLACE, "60s",
		.help = "it must stay ready this long, or the last revision comes back",
		.most = DAY },
	{ "with", AT(with), &kind_text, CHANGE_IN_PLACE, .shape = &shape_service,
		.help = "another service whose repository this one shares" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct declaration, member)
static const struct rows timeout_rows = {
	.noun = "timeouts",
	.fields = (const struct field[]){
	{ "connect", AT(edge.connect_ms), &kind_duration, CHANGE_IN_PLACE, "3s",
		.help = "until connected", .least = 1, .most = HOUR },
	{ "first_byte", AT(edge.first_byte_ms), &kind_duration, CHANGE_IN_PLACE, "180s",
		.help = "until the answer begins", .least = 1, .most = HOUR },
	{ "between_bytes", AT(edge.between_bytes_ms), &kind_duration, CHANGE_IN_PLACE,
		"60s", .help = "between parts of it", .least = 1, .most = HOUR },
	{ 0 } } };

const struct rows edge_rows = { .noun = "edge", .fields = (const struct field[]){
	{ "host", AT(edge.host), &kind_text, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_host, .help = "name that clients ask for" },
	{ "path", AT(edge.path), &kind_text, CHANGE_IN_PLACE, "/", .shape = &shape_path,
		.help = "path below it" },
	{ "caching", AT(edge.caching), &kind_word, CHANGE_IN_PLACE, "normal",
		.help = "what the caches do", .words = WORDS(caching) },
	{ "max_connections", AT(edge.max_connections), &kind_count, CHANGE_IN_PLACE,
		"1000", .help = "connections of one cache", .least = 1, .most = 1000000 },
	{ "timeouts", 0, &kind_section, .rows = &timeout_rows,
		.help = "how long the caches wait" },
	{ 0 } } };

/* clang-format on */
