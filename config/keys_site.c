/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_site.c - the keys of site.yaml: what all hosts share. svcd reads the network sets
 * and the clusters; the rest is kept as written for the generator.
 */
#include "config/keys.h"

static const char *const lvs_words[] = { "classes", "reserved" };
static const char *const dns_words[] = { "zones", "reverse", "discovery", "ttl" };
static const char *const conftool_words[] = { "namespace", "etcd" };
static const char *const gids_words[] = { "first", "taken" };
static const char *const deployment_words[] = { "server", "user", "base" };

/* clang-format off */

static const struct field members_row = { "members", offsetof(struct network_set, members),
	&kind_strings, .unset = "[]", .help = "networks, addresses, host:NAME, names of other sets" };
static const struct rows network_rows = {
	.noun = "a list of networks", .size = sizeof(struct network_set) };

static const struct field nodes_row = { "nodes", offsetof(struct cluster_site, nodes),
	&kind_strings, .unset = "[]", .shape = &shape_host, .help = "hosts by full name" };
static const struct rows nodes_rows = {
	.noun = "a list of hosts", .size = sizeof(struct cluster_site) };

static const struct rows cluster_rows = {
	.noun = "a cluster", .size = sizeof(struct cluster),
	.fields = (const struct field[]){
	{ "site", offsetof(struct cluster, sites), &kind_map, .keys = &shape_name,
		.count_at = offsetof(struct cluster, sites_count), .rows = &nodes_rows,
		.item = &nodes_row, .required = true,
		.help = "its hosts by site: {eqiad: [FQDN, FQDN]}" },
	{ 0 } } };

#define AT(member) offsetof(struct site, member)
const struct rows site_rows = { .noun = "site.yaml", .fields = (const struct field[]){
	{ "domain", AT(domain), &kind_text, .shape = &shape_host,
		.help = "domain of all hosts" },
	{ "networks", AT(networks), &kind_map, .unset = "{}", .keys = &shape_name,
		.count_at = AT(networks_count), .rows = &network_rows,
		.item = &members_row,
		.help = "sets of networks by name: networks, addresses, host:NAME, names of other sets" },
	{ "default_sources", AT(default_sources), &kind_strings, .unset = "[]",
		.help = "who may reach a port when a declaration does not say" },
	{ "clusters", AT(clusters), &kind_map, .unset = "{}", .keys = &shape_name,
		.count_at = AT(clusters_count), .rows = &cluster_rows,
		.help = "clusters by name" },
	{ "sites", AT(rest), &kind_rest, .help = "sites by name: networks, resolvers" },
	{ "lvs", AT(rest), &kind_rest, .words = WORDS(lvs),
		.help = "{classes, reserved}" },
	{ "dns", AT(rest), &kind_rest, .words = WORDS(dns),
		.help = "{zones, reverse, discovery, ttl}" },
	{ "conftool", AT(rest), &kind_rest, .words = WORDS(conftool),
		.help = "{namespace, etcd}" },
	{ "edge", AT(rest), &kind_rest, .help = "{kind: varnish or ats, ...}" },
	{ "gids", AT(rest), &kind_rest, .words = WORDS(gids), .help = "{first, taken}" },
	{ "people", AT(rest), &kind_rest, .help = "{LOGIN: {uid, name, ssh}}" },
	{ "contacts", AT(rest), &kind_rest, .help = "contact groups by name" },
	{ "deployment", AT(rest), &kind_rest, .words = WORDS(deployment),
		.help = "{server, user, base}" },
	{ "puppet", AT(rest), &kind_rest, .help = "paths of modules" },
	{ "existing", AT(rest), &kind_rest, .unset = "[]",
		.help = "files to check against" },
	{ 0 } } };

/* clang-format on */
