/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * chosen.c - names to services, peers to permission.
 */
#include "logrotate/chosen.h"

#include <string.h>

void chosen_fail(struct varlink_call *call, const char *reason)
{
	struct json_t *parameters = json_new_object();

	json_set_text(parameters, "reason", reason);
	varlink_error(call, VARLINK_FAILED, parameters);
}

static bool is_in(const struct varlink_peer *peer, gid_t gid)
{
	for (size_t i = 0; i < peer->groups_count; i++)
		if (peer->groups[i] == gid)
			return true;
	return peer->gid == gid;
}

static bool may_read(const struct service *service, const struct varlink_peer *peer,
	int64_t operators_gid)
{
	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	if (operators_gid >= 0 && is_in(peer, (gid_t)operators_gid))
		return true;
	for (size_t i = 0; i < service->readers_count; i++)
		if (is_in(peer, service->readers[i]))
			return true;
	return false;
}

static struct service *find(struct service *services, const char *name)
{
	while (services && strcmp(services->name, name) != 0)
		services = services->next;
	return services;
}

static void not_found(
	struct varlink_call *call, const struct service *services, const char *name)
{
	_cleanup_(strings_done) struct strings names = { 0 };
	struct json_t *parameters = json_new_object();

	for (; services; services = services->next)
		strings_add(&names, services->name);
	json_set_text(parameters, "name", name);
	json_set(parameters, "suggestion", json_new_text(text_nearest_of(name, &names)));
	varlink_error(call, VARLINK_NOT_FOUND, parameters);
}

static void not_allowed(struct varlink_call *call, const struct service *service)
{
	const char *group = service->group;
	_cleanup_free_ char *reason = text_format(
		"the lines of %s are for root, svcd-operators and members of %s",
		service->name, group ? group : "its access.group");
	struct json_t *parameters = json_new_object();

	json_set_text(parameters, "reason", reason ? reason : "");
	varlink_error(call, VARLINK_NOT_ALLOWED, parameters);
}

static bool read_names(struct chosen *ret, struct service *services,
	struct varlink_call *call, const struct json_t *names, int64_t operators_gid)
{
	for (size_t i = 0; i < json_size(names); i++) {
		const char *name = json_text(json_item(names, i));
		struct service *service = find(services, name ? name : "");

		if (!service) {
			not_found(call, services, name ? name : "");
			return false;
		}
		if (!may_read(service, varlink_peer(call), operators_gid)) {
			not_allowed(call, service);
			return false;
		}
		ret->items[ret->count++] = service;
	}
	return true;
}

bool chosen_read(struct chosen *ret, struct service *services, struct varlink_call *call,
	const struct json_t *parameters, int64_t operators_gid)
{
	const struct json_t *names = json_get(parameters, "names");
	size_t room = json_size(names);

	for (struct service *i = services; i; i = i->next)
		room++;
	ret->items =
		room > CHOSEN_MAX ? NULL : calloc(room + 1, sizeof(struct service *));
	if (!ret->items) {
		chosen_fail(call, "too many services at once");
		return false;
	}
	if (json_size(names) > 0)
		return read_names(ret, services, call, names, operators_gid);
	for (struct service *i = services; i; i = i->next)
		if (may_read(i, varlink_peer(call), operators_gid))
			ret->items[ret->count++] = i;
	return true;
}

void chosen_done(struct chosen *chosen)
{
	free(chosen->items);
	*chosen = (struct chosen){ 0 };
}
