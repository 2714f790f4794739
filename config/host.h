/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * host.h - `/etc/svcd/svcd.yaml`: this host, and what root lets its services have. Part
 * of the door (config.h), whose conventions it follows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/text.h"

/* What root lets declarations wish for; no template, override or default passes it. Lists
 * may hold "*": all. `${service}` in a path is the name of the service that is judged. */
struct host_policy {
	struct strings users; /* and groups, besides the one of the service's own name */
	int64_t port_least, port_most;
	struct strings capabilities;
	/* directories (or files) below which something may lie */
	struct policy_paths {
		struct strings files, writable, logs, environment_file, directory, before;
	} paths;
	struct ceilings { /* UNSET: none */
		int64_t instances, open_files, core_bytes, tasks, memory_bytes,
			cpu_percent, cpu_weight, io_weight, logs_bytes;
		int64_t nice, oom_score; /* not below */
	} ceilings;
	struct strings world, rules, security, before; /* services that may */
	struct policy_exception {                      /* what one service may besides */
		char *service;
		struct strings users, capabilities, paths;
		int64_t *ports;
		size_t ports_count;
	} * services;
	size_t services_count;
};

/* What `service` may besides; nothing at all when policy has no word on it. */
const struct policy_exception *policy_besides(
	const struct host_policy *policy, const char *service);
/* Whether `service` may run as this user, or with this group: pure, by name. */
bool policy_allows_user(
	const struct host_policy *policy, const char *service, const char *user);

/* `/etc/svcd/svcd.yaml`: this host. */
struct host {
	char *site_file, *services_dir;
	char *fqdn, *site;       /* of this host */
	struct strings clusters; /* that this host is in */
	struct {
		struct strings listen, detail_from;
		char *tls_cert, *tls_key, *tls_client_ca;
	} http;
	struct strings agent_listen;
	struct {
		char *socket, *readers,
			*operators; /* readers and operators are groups; NULL: see door */
	} control;
	struct {
		enum firewall_mode { FIREWALL_ADD, FIREWALL_OWN, FIREWALL_OFF } mode;
		struct strings base;
		enum drift { DRIFT_REPAIR, DRIFT_REPORT } drift;
		bool log;
	} firewall;
	struct {
		int64_t total_bytes, reserve_percent;
	} logs;
	struct json_t *etcd, *icinga; /* checked by rows, used by later faces */
	enum realserver { REALSERVER_AUTO, REALSERVER_YES, REALSERVER_NO } realserver;
	int64_t budget_memory_percent;
	enum { AUTO_APPLY_WATCH, AUTO_APPLY_OFF } auto_apply;
	struct json_t *defaults; /* any keys of a declaration, unread */
	struct host_policy policy;
};
