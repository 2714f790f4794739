/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_host.c - the keys of /etc/svcd/svcd.yaml: this host.
 */
#include "config/keys.h"

static const char *const drift_words[] = {
	[DRIFT_REPAIR] = "repair",
	[DRIFT_REPORT] = "report",
};
static const char *const realserver_words[] = {
	[REALSERVER_AUTO] = "auto",
	[REALSERVER_YES] = "true",
	[REALSERVER_NO] = "false",
};
static const char *const apply_words[] = {
	[AUTO_APPLY_WATCH] = "watch",
	[AUTO_APPLY_OFF] = "off",
};
static const char *const etcd_words[] = { "endpoints", "ca", "cert", "key", "prefix",
	"conftool" };
static const char *const icinga_words[] = { "url", "user", "password_file", "ca" };

#define AT(member) offsetof(struct host, member)
/* clang-format off */

static const struct rows place_rows = { .noun = "host", .fields = (const struct field[]){
	{ "fqdn", AT(fqdn), &kind_text, .shape = &shape_host, .help = "name of this host",
		.derived = "what the host says" },
	{ "site", AT(site), &kind_text, .shape = &shape_name,
		.help = "site that it stands in", .derived = "from the site file" },
	{ "clusters", AT(clusters), &kind_strings, .unset = "[]", .shape = &shape_name,
		.help = "clusters that it is in", .derived = "from the site file" },
	{ 0 } } };

static const struct rows tls_rows = { .noun = "tls", .fields = (const struct field[]){
	{ "cert", AT(http.tls_cert), &kind_text, .shape = &shape_path,
		.help = "certificate (PEM); without it HTTP is plain" },
	{ "key", AT(http.tls_key), &kind_text, .shape = &shape_path, .help = "its key" },
	{ "client_ca", AT(http.tls_client_ca), &kind_text, .shape = &shape_path,
		.help = "only clients with a certificate of this authority may ask" },
	{ 0 } } };

static const struct rows http_rows = { .noun = "http", .fields = (const struct field[]){
	{ "listen", AT(http.listen), &kind_strings,
		.unset = "[\"127.0.0.1:9479\", \"[::1]:9479\"]",
		.help = "addresses for health over HTTP" },
	{ "detail_from", AT(http.detail_from), &kind_strings, .unset = "[\"loopback\"]",
		.help = "who sees commands, paths and outputs: loopback, sets of the site file, networks" },
	{ "tls", 0, &kind_section, .rows = &tls_rows, .help = "TLS for these addresses" },
	{ 0 } } };

static const struct rows agent_rows = { .noun = "agent", .fields = (const struct field[]){
	{ "listen", AT(agent_listen), &kind_strings, .unset = "[\"127.0.0.1:9480\"]",
		.help = "addresses for HAProxy's agent-check" },
	{ 0 } } };

static const struct rows control_rows = {
	.noun = "control",
	.fields = (const struct field[]){
	{ "socket", AT(control.socket), &kind_text, .shape = &shape_path,
		.help = "socket for svcctl", .derived = "/run/svcd/control.sock" },
	{ "readers", AT(control.readers), &kind_text, .shape = &shape_user,
		.help = "group that may ask", .derived = "anybody" },
	{ "operators", AT(control.operators), &kind_text, .shape = &shape_user,
		.help = "group that may operate all services",
		.derived = "svcd-operators" },
	{ 0 } } };

static const struct rows host_firewall_rows = {
	.noun = "firewall",
	.fields = (const struct field[]){
	{ "mode", AT(firewall.mode), &kind_word, .unset = "add",
		.words = WORDS(firewall_mode),
		.help = "add: rules for our services only; own: svcd is the host's firewall; off: a plan only" },
	{ "base", AT(firewall.base), &kind_strings, .unset = "[]",
		.help = "mode own: rules of the host, in order" },
	{ "drift", AT(firewall.drift), &kind_word, .unset = "repair",
		.words = WORDS(drift),
		.help = "what happens when somebody else changes our table" },
	{ "log", AT(firewall.log), &kind_bool, .unset = "false",
		.help = "whether dropped packets are logged" },
	{ 0 } } };

static const struct rows host_logs_rows = {
	.noun = "logs",
	.fields = (const struct field[]){
	{ "total", AT(logs.total_bytes), &kind_size, .unset = "20G", .least = 1 << 20,
		.help = "cap for the logs of all services" },
	{ "reserve", AT(logs.reserve_percent), &kind_percent, .unset = "5%", .most = 90,
		.help = "part of the disk that logs leave free" },
	{ 0 } } };

static const struct rows realserver_rows = {
	.noun = "realserver",
	.fields = (const struct field[]){
	{ "manage", AT(realserver), &kind_word, .unset = "auto",
		.words = WORDS(realserver),
		.help = "whether svcd keeps balanced addresses on lo; auto: unless another package does" },
	{ 0 } } };

static const struct rows budget_rows = {
	.noun = "budget",
	.fields = (const struct field[]){
	{ "memory", AT(budget_memory_percent), &kind_percent, .unset = "90%", .least = 1,
		.most = 1000, .help = "part of the memory that limits may add up to" },
	{ 0 } } };

const struct rows host_rows = { .noun = "svcd.yaml", .fields = (const struct field[]){
	{ "site", AT(site_file), &kind_text, .shape = &shape_path,
		.help = "the site file", .derived = "/etc/svcd/site.yaml" },
	{ "host", 0, &kind_section, .rows = &place_rows, .help = "which host this is" },
	{ "services", AT(services_dir), &kind_text, .shape = &shape_path,
		.help = "directory of declarations", .derived = "/etc/svcd/services" },
	{ "http", 0, &kind_section, .rows = &http_rows, .help = "health over HTTP" },
	{ "agent", 0, &kind_section, .rows = &agent_rows, .help = "the agent port" },
	{ "control", 0, &kind_section, .rows = &control_rows,
		.help = "who may use svcctl" },
	{ "firewall", 0, &kind_section, .rows = &host_firewall_rows,
		.help = "the firewall" },
	{ "logs", 0, &kind_section, .rows = &host_logs_rows, .help = "room for logs" },
	{ "etcd", AT(etcd), &kind_json, .words = WORDS(etcd),
		.help = "etcd and conftool: {endpoints, ca, cert, key, prefix, conftool: off|follow|manage}" },
	{ "icinga", AT(icinga), &kind_json, .words = WORDS(icinga),
		.help = "Icinga's API: {url, user, password_file, ca}" },
	{ "realserver", 0, &kind_section, .rows = &realserver_rows,
		.help = "balanced addresses" },
	{ "defaults", AT(defaults), &kind_json,
		.help = "values of any keys of a declaration, for all services of this host" },
	{ "budget", 0, &kind_section, .rows = &budget_rows,
		.help = "what services may add up to" },
	{ "auto_apply", AT(auto_apply), &kind_word, .unset = "watch",
		.words = WORDS(apply),
		.help = "whether changed files are applied by themselves where nothing restarts" },
	{ "policy", AT(policy), &kind_section, .rows = &policy_rows,
		.help = "what declarations may not pass" },
	{ 0 } } };

/* clang-format on */
