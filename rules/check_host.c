/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_host.c - what the host file says about sockets of our own: that each can be
 * bound, that who may see detail is somebody, and where etcd and Icinga are.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/json.h"

#include "document/document.h"
#include "rules/checking.h"

enum { PORT_MAX = 65535 };

static bool is_port(const char *text)
{
	char *end;
	const unsigned long port = strtoul(text, &end, 10);

	return isdigit((unsigned char)text[0]) && *end == '\0' && port > 0 &&
	       port <= PORT_MAX;
}

/* "127.0.0.1:9479", "[::1]:9479". */
static bool is_endpoint(const char *text)
{
	const char *colon = strrchr(text, ':');
	const bool bracketed = text[0] == '[' && colon > text && colon[-1] == ']';
	_cleanup_free_ char *address = NULL;
	unsigned char bytes[16];

	if (!colon || !is_port(colon + 1))
		return false;
	address = bracketed ? strndup(text + 1, (size_t)(colon - text) - 2)
			    : strndup(text, (size_t)(colon - text));
	return address && inet_pton(bracketed ? AF_INET6 : AF_INET, address, bytes) == 1;
}

static void check_endpoints(const char *key, const struct strings *endpoints,
	const struct node *tree, struct problems *problems)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		_cleanup_free_ char *path = text_format("%s[%zu]", key, i);

		if (path && !is_endpoint(endpoints->items[i])) {
			problem(problems, node_mark(tree, path), path,
				"must be ADDRESS:PORT such as 127.0.0.1:9479 or [::1]:9479, "
				"not %s",
				endpoints->items[i]);
		}
	}
}

/* ---- etcd, icinga: kept as JSON for later faces, judged here ----------------------- */

static bool is_url(const char *text)
{
	return text_starts(text, "https://") || text_starts(text, "http://");
}

static bool is_path(const char *text)
{
	return text[0] == '/';
}

static bool is_follow(const char *text)
{
	return strcmp(text, "off") == 0 || strcmp(text, "follow") == 0 ||
	       strcmp(text, "manage") == 0;
}

static bool is_word(const char *text)
{
	return text[0] != '\0';
}

static const struct inner {
	const char *section, *key;
	bool list;
	bool (*fits)(const char *text);
	const char *says;
} inners[] = {
	{ "etcd", "endpoints", true, is_url, "a list such as [https://etcd1:2379]" },
	{ "etcd", "ca", false, is_path, "an absolute path" },
	{ "etcd", "cert", false, is_path, "an absolute path" },
	{ "etcd", "key", false, is_path, "an absolute path" },
	{ "etcd", "prefix", false, is_path, "a path such as /conftool/v1" },
	{ "etcd", "conftool", false, is_follow, "off, follow or manage" },
	{ "icinga", "url", false, is_url, "an address such as https://icinga:5665" },
	{ "icinga", "user", false, is_word, "a name" },
	{ "icinga", "password_file", false, is_path, "an absolute path" },
	{ "icinga", "ca", false, is_path, "an absolute path" },
};

static bool inner_fits(const struct inner *inner, struct json_t *value)
{
	const char *text = json_text(value);

	if (!inner->list)
		return text && inner->fits(text);
	for (size_t i = 0; i < json_size(value); i++) {
		text = json_text(json_item(value, i));
		if (!text || !inner->fits(text))
			return false;
	}
	return json_kind(value) == JSON_IS_LIST && json_size(value) > 0;
}

static void check_inners(
	const struct host *host, const struct node *tree, struct problems *problems)
{
	for (size_t i = 0; i < ARRAY_LEN(inners); i++) {
		const struct inner *inner = &inners[i];
		struct json_t *value = json_get(
			inner->section[0] == 'e' ? host->etcd : host->icinga, inner->key);
		_cleanup_free_ char *path =
			text_format("%s.%s", inner->section, inner->key);

		if (path && value && !inner_fits(inner, value))
			problem(problems, node_mark(tree, path), path, "must be %s",
				inner->says);
	}
}

/* ---- policy ------------------------------------------------------------------------ */

/* Whole names and ${service}: what is compared must be what is meant. */
static const char *prefix_wrong(const char *prefix)
{
	const char *name = strstr(prefix, "${");

	if (prefix[0] != '/' || !path_is_plain(prefix))
		return "must be an absolute path without '..', '//' and '/.'";
	if (name && !text_starts(name, "${service}"))
		return "may hold ${service} and no other name";
	if (name && strstr(name + 1, "${"))
		return "may hold ${service} once";
	return NULL;
}

static void check_prefixes(const char *key, const struct strings *prefixes,
	const struct node *tree, struct problems *problems)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		const char *wrong = prefix_wrong(prefixes->items[i]);
		_cleanup_free_ char *path = text_format("policy.%s[%zu]", key, i);

		if (path && wrong)
			problem(problems, node_mark(tree, path), path, "'%s' %s",
				prefixes->items[i], wrong);
	}
}

static void check_policy(const struct host_policy *policy, const struct node *tree,
	struct problems *problems)
{
	static const char ports[] = "policy.ports.least";

	check_prefixes("paths.files", &policy->paths.files, tree, problems);
	check_prefixes("paths.writable", &policy->paths.writable, tree, problems);
	check_prefixes("paths.logs", &policy->paths.logs, tree, problems);
	check_prefixes("paths.environment_file", &policy->paths.environment_file, tree,
		problems);
	check_prefixes("paths.directory", &policy->paths.directory, tree, problems);
	check_prefixes("paths.before", &policy->paths.before, tree, problems);
	for (size_t i = 0; i < policy->services_count; i++) {
		const struct policy_exception *one = &policy->services[i];
		_cleanup_free_ char *key = text_format("services.%s.paths", one->service);

		if (key)
			check_prefixes(key, &one->paths, tree, problems);
	}
	if (policy->port_least > policy->port_most)
		problem(problems, node_mark(tree, ports), ports,
			"is above policy.ports.most: no service could have a port");
}

void host_check(
	const struct host *host, const struct node *tree, struct problems *problems)
{
	check_inners(host, tree, problems);
	check_policy(&host->policy, tree, problems);
	check_endpoints("http.listen", &host->http.listen, tree, problems);
	check_endpoints("agent.listen", &host->agent_listen, tree, problems);
}
