/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_firewall.c - who may reach a service, and the site's network sets: that every
 * word means something, and that nothing is open to everyone by accident.
 */
#include <string.h>
#include <strings.h>

#include "document/document.h"
#include "rules/address.h"
#include "rules/checking.h"

enum { PATH_BYTES = 128 };

/* ---- members of lists -------------------------------------------------------------- */

static const char *set_name_at(size_t index, const void *data)
{
	const struct site *site = data;

	return index < site->networks_count ? site->networks[index].name : NULL;
}

/* Words of other firewalls for everyone. */
static bool means_world(const char *word)
{
	static const char *const words[] = { "world", "any", "all", "everyone",
		"everybody", "anywhere", "public", "internet", "*" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(words[i], word) == 0)
			return true;
	return false;
}

static int check_set_name(const struct site *site, const char *name, struct error *err)
{
	const char *nearest = NULL;

	if (site_set(site, name))
		return 0;
	if (means_world(name)) {
		return error_set(err, -EINVAL,
			"there is no network set '%s' in site.yaml; if everyone is meant, "
			"write world",
			name);
	}
	for (size_t i = 0; i < site->networks_count && !nearest; i++)
		if (strcasecmp(site->networks[i].name, name) == 0)
			nearest = site->networks[i].name;
	if (!nearest && strchr(name, '.') && is_host_name(name)) {
		return error_set(err, -EINVAL,
			"there is no network set '%s' in site.yaml; a host is written "
			"host:%s",
			name, name);
	}
	if (!nearest)
		nearest = text_nearest(name, set_name_at, site);
	return error_set(err, -EINVAL, "there is no network set '%s' in site.yaml%s%s%s",
		name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

/* One word of a `from`, `to` or of a set. */
static int check_member(
	const struct site *site, const char *word, bool world, struct error *err)
{
	if (text_starts(word, "host:")) {
		return is_host_name(word + strlen("host:"))
			       ? 0
			       : error_set(err, -EINVAL,
					 "'%s' names no host; write host:"
					 "NAME.EXAMPLE.ORG",
					 word);
	}
	if (strcmp(word, "world") == 0)
		return world ? 0
			     : error_set(err, -EINVAL,
				       "world belongs into the rule that means it");
	if (is_address_like(word))
		return address_check(word, err);
	return check_set_name(site, word, err);
}

static void check_members(
	struct checking *self, const char *path, const struct strings *members)
{
	for (size_t i = 0;
		i < members->count && self->problems->lines.count < DOCUMENT_MAX_PROBLEMS;
		i++) {
		struct error err = { 0 };
		char at[PATH_BYTES];

		snprintf(at, sizeof(at), "%s[%zu]", path, i);
		if (check_member(self->site, members->items[i], true, &err) < 0)
			checking_refuse(self, at, "%s", err.text);
		for (size_t j = 0; j < i; j++)
			if (strcmp(members->items[i], members->items[j]) == 0)
				checking_warn(self, at, "'%s' stands there already",
					members->items[i]);
	}
}

/* ---- the rules of a service -------------------------------------------------------- */

static bool check_sources(
	struct checking *self, const char *path, const struct allow *allow, bool is_allow)
{
	const struct node *written = node_find(self->tree, path);

	if (allow->from.count > 0 || !is_allow)
		return true;
	if (written && written->kind == NODE_LIST) {
		checking_refuse(self, path,
			"an empty list; leave the key out for the site's default_sources, "
			"or the whole rule for nobody");
	} else if (self->site->default_sources.count == 0) {
		checking_refuse(self, path,
			"say who may reach it: site.yaml has no default_sources");
	}
	return false;
}

static void check_rules(
	struct checking *self, const char *key, const struct allow *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "firewall.%s[%zu].port", key, i);
		checking_port(self, path, rules[i].port);
		snprintf(path, sizeof(path), "firewall.%s[%zu].from", key, i);
		if (check_sources(self, path, &rules[i], strcmp(key, "allow") == 0))
			check_members(self, path, &rules[i].from);
	}
}

static void check_egress(struct checking *self, size_t index)
{
	const struct egress_to *to = &self->declaration->firewall.egress_to[index];
	struct error err = { 0 };
	char path[PATH_BYTES];
	int r = 0;

	snprintf(path, sizeof(path), "firewall.egress.to[%zu]", index);
	if (!to->set == !to->to)
		r = error_set(&err, -EINVAL, "needs one of `set` and `to`");
	else if (to->set)
		r = check_set_name(self->site, to->set, &err);
	else
		r = check_member(self->site, to->to, true, &err);
	if (r < 0)
		checking_refuse(self, path, "%s", err.text);
}

static void check_empty(struct checking *self)
{
	const struct node *allow = node_find(self->tree, "firewall.allow");

	if (self->declaration->listen_count > 0 && allow && allow->kind == NODE_LIST &&
		allow->count == 0)
		checking_refuse(self, "firewall.allow",
			"an empty list; leave the key out for the site's default_sources, or "
			"name 127.0.0.1 alone for nobody else");
}

/* Nothing written and no default means that nobody is let in: said, not refused. */
static void warn_closed(struct checking *self)
{
	const struct declaration *declaration = self->declaration;

	if (declaration->listen_count > 0 && declaration->firewall.allow_count == 0 &&
		!node_find(self->tree, "firewall.allow") &&
		self->site->default_sources.count == 0) {
		checking_warn(self, "firewall.allow",
			"only this host can reach %s: neither this nor the site's "
			"default_sources say who else",
			declaration->service);
	}
}

void firewall_check(struct checking *self)
{
	const struct declaration *declaration = self->declaration;

	check_rules(self, "allow", declaration->firewall.allow,
		declaration->firewall.allow_count);
	check_rules(self, "deny", declaration->firewall.deny,
		declaration->firewall.deny_count);
	check_members(self, "firewall.destination", &declaration->firewall.destination);
	for (size_t i = 0; i < declaration->firewall.egress_to_count; i++)
		check_egress(self, i);
	check_empty(self);
	warn_closed(self);
}

/* ---- defaults ---------------------------------------------------------------------- */

static int fill_from(struct allow *allow, const struct strings *sources)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sources->count; i++)
		r = strings_add(&allow->from, sources->items[i]);
	return r;
}

/* Without `allow`, a rule for each port. */
static int fill_rules(struct declaration *declaration)
{
	struct allow *allow = calloc(declaration->listen_count, sizeof(*allow));

	if (!allow)
		return -ENOMEM;
	free(declaration->firewall.allow); /* an empty list may have its place */
	declaration->firewall.allow = allow;
	for (size_t i = 0; i < declaration->listen_count; i++) {
		allow[i].port = strdup(declaration->listen[i].name);
		declaration->firewall.allow_count++;
		if (!allow[i].port)
			return -ENOMEM;
	}
	return 0;
}

int firewall_complete(struct checking *self)
{
	struct declaration *declaration = self->declaration;
	const struct strings *sources = &self->site->default_sources;
	int r = 0;

	if (sources->count > 0 && declaration->listen_count > 0 &&
		!node_find(self->tree, "firewall.allow"))
		r = fill_rules(declaration);
	for (size_t i = 0; r == 0 && i < declaration->firewall.allow_count; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "firewall.allow[%zu].from", i);
		if (!node_find(self->tree, path))
			r = fill_from(&declaration->firewall.allow[i], sources);
	}
	return r;
}

/* ---- the site's sets --------------------------------------------------------------- */

enum visit { NOT_SEEN, ON_THE_WAY, SEEN };

/* Each set is looked into once; one that is met again on the way to it contains
 * itself. */
static void find_circles(const struct site *site, size_t index, enum visit *visits,
	const struct node *tree, struct problems *problems)
{
	const struct network_set *set = &site->networks[index];

	visits[index] = ON_THE_WAY;
	for (size_t i = 0; i < set->members.count; i++) {
		const struct network_set *next = site_set(site, set->members.items[i]);
		const size_t at = next ? (size_t)(next - site->networks) : index;
		_cleanup_free_ char *path = NULL;

		if (next && visits[at] == NOT_SEEN)
			find_circles(site, at, visits, tree, problems);
		if (!next || visits[at] != ON_THE_WAY)
			continue;
		path = text_format("networks.%s[%zu]", set->name, i);
		if (path)
			problem(problems, node_mark(tree, path), path,
				"the set %s contains itself by this", next->name);
	}
	visits[index] = SEEN;
}

static void check_circles(
	const struct site *site, const struct node *tree, struct problems *problems)
{
	_cleanup_free_ enum visit *visits =
		calloc(site->networks_count + 1, sizeof(*visits));

	for (size_t i = 0; visits && i < site->networks_count; i++)
		if (visits[i] == NOT_SEEN)
			find_circles(site, i, visits, tree, problems);
}

static void check_set(const struct site *site, const struct network_set *set,
	const struct node *tree, struct problems *problems)
{
	_cleanup_free_ char *path = text_format("networks.%s", set->name);

	if (path && (strcmp(set->name, "world") == 0 || is_address_like(set->name)))
		problem(problems, node_mark(tree, path), path,
			"a set cannot have a name that means something else already");
	for (size_t i = 0; path && i < set->members.count; i++) {
		_cleanup_free_ char *at = text_format("%s[%zu]", path, i);
		struct error err = { 0 };

		if (at && check_member(site, set->members.items[i], false, &err) < 0)
			problem(problems, node_mark(tree, at), at, "%s", err.text);
	}
}

void site_check(
	const struct site *site, const struct node *tree, struct problems *problems)
{
	for (size_t i = 0; i < site->networks_count; i++)
		check_set(site, &site->networks[i], tree, problems);
	check_circles(site, tree, problems);
	for (size_t i = 0; i < site->default_sources.count; i++) {
		_cleanup_free_ char *at = text_format("default_sources[%zu]", i);
		struct error err = { 0 };

		if (at && check_member(site, site->default_sources.items[i], true, &err) <
				  0)
			problem(problems, node_mark(tree, at), at, "%s", err.text);
	}
}
