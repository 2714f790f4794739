/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * control.c - the socket, its methods by name, and the judgement of who asks.
 *
 * The socket is open to everyone (mode 0666); the kernel says who is at the other end.
 * Groups were resolved when the declarations were applied: no name is looked up here.
 */
#include "supervisor/control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/reason.h"

#include "supervisor/store.h"
#include "supervisor/supervisor.h"

enum { LOGINUID_MAX_BYTES = 32 };

struct control {
	struct varlink_server *server;
	struct jobs *jobs;
	struct streams *streams;
};

static const struct varlink_method methods[] = {
	{ "io.svcd.Status", ask_status },
	{ "io.svcd.Watch", stream_watch },
	{ "io.svcd.Events", stream_events },
	{ "io.svcd.Start", verb_start },
	{ "io.svcd.Stop", verb_stop },
	{ "io.svcd.Restart", verb_restart },
	{ "io.svcd.Reload", verb_reload },
	{ "io.svcd.Kill", verb_kill },
	{ "io.svcd.Diff", verb_diff },
	{ "io.svcd.Apply", verb_apply },
	{ "io.svcd.Reexec", verb_reexec },
	{ "io.svcd.Version", ask_version },
	{ NULL, NULL },
};
/* These tell nothing of services. */
static const struct varlink_method at_once[] = {
	{ "io.svcd.Version", ask_version },
	{ NULL, NULL },
};

int control_new(struct control **ret, struct supervisor *supervisor)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		return -ENOMEM;
	r = jobs_new(&control->jobs, supervisor);
	if (r == 0)
		r = streams_new(&control->streams, supervisor);
	if (r < 0) {
		control_free(control);
		return r;
	}
	*ret = control;
	return 0;
}

int control_open(struct control *control, struct supervisor *supervisor)
{
	int fd = store_fd(supervisor->store, STORE_CONTROL);
	int r;

	if (fd < 0 || control->server)
		return 0;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	r = fd < 0 ? -errno
		   : varlink_server_new(&control->server, supervisor->loop, fd, methods,
			     varlink_io_svcd, supervisor);
	if (r == 0 && !supervisor->known)
		varlink_server_hold(control->server, at_once);
	return r;
}

void control_release(struct control *control)
{
	if (control->server)
		varlink_server_release(control->server);
}

struct control *control_free(struct control *control)
{
	if (!control)
		return NULL;
	jobs_free(control->jobs);
	streams_free(control->streams);
	varlink_server_free(control->server);
	free(control);
	return NULL;
}

void control_settled(struct control *control, struct instant now)
{
	jobs_settled(control->jobs);
	streams_settled(control->streams, now);
}

bool control_waits_for(const struct control *control, const struct service *service)
{
	return jobs_wait_for(control->jobs, service);
}

struct jobs *control_jobs(const struct control *control)
{
	return control->jobs;
}

struct streams *control_streams(const struct control *control)
{
	return control->streams;
}

/* ---- answers ------------------------------------------------------------------- */

static struct json_t *one_text(const char *key, const char *text)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();

	return json_set_text(json, key, text) < 0 ? NULL : TAKE(json);
}

void control_fail(struct varlink_call *call, const char *reason)
{
	varlink_error(call, VARLINK_FAILED, one_text("reason", reason));
}

void control_invalid(struct varlink_call *call, const char *parameter)
{
	varlink_error(call, VARLINK_INVALID, one_text("parameter", parameter));
}

static bool not_allowed(struct varlink_call *call, const char *reason)
{
	varlink_error(call, VARLINK_NOT_ALLOWED, one_text("reason", reason));
	return false;
}

static const char *next_name(size_t index, const void *data)
{
	const struct members *members = data;

	return index < members->count ? members->items[index]->name : NULL;
}

static bool not_found(
	struct varlink_call *call, const struct members *members, const char *name)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = 0;

	r |= json_set_text(json, "name", name);
	r |= json_set_text(json, "suggestion", text_nearest(name, next_name, members));
	varlink_error(call, VARLINK_NOT_FOUND, r ? NULL : TAKE(json));
	return false;
}

/* ---- who asks ------------------------------------------------------------------ */

static bool is_in(const struct varlink_peer *peer, int64_t gid)
{
	if (gid == UNSET)
		return false;
	if ((int64_t)peer->gid == gid)
		return true;
	for (size_t i = 0; i < peer->groups_count; i++)
		if ((int64_t)peer->groups[i] == gid)
			return true;
	return false;
}

const char *control_operators(const struct host *host)
{
	return host->control.operators ? host->control.operators : "svcd-operators";
}

static int add_group(struct json_t *groups, const char *name)
{
	return name ? json_set(groups, name, json_new_null()) : 0;
}

static int add_group_of(struct json_t *groups, const struct declaration *declaration)
{
	return declaration ? add_group(groups, declaration->access.group) : 0;
}

struct json_t *control_groups(
	const struct supervisor *supervisor, const struct config *read)
{
	const struct host *host = read ? &read->host : &supervisor->config->host;
	_cleanup_(json_freep) struct json_t *groups = json_new_object();
	int r = add_group(groups, control_operators(host));

	r |= add_group(groups, host->control.readers);
	for (size_t i = 0; read && i < read->entries_count; i++)
		r |= add_group_of(groups, read->entries[i].declaration);
	for (size_t i = 0; i < supervisor->members.count; i++)
		if (supervisor->members.items[i]->service)
			r |= add_group_of(groups,
				supervisor->members.items[i]->service->declaration);
	return r ? NULL : TAKE(groups);
}

static bool is_operator(
	const struct supervisor *supervisor, const struct varlink_peer *peer)
{
	return peer->uid == 0 ||
	       is_in(peer, found_group(&supervisor->found,
				   control_operators(&supervisor->config->host)));
}

bool control_may_read(const struct supervisor *supervisor, struct varlink_call *call)
{
	const char *readers = supervisor->config->host.control.readers;
	const struct varlink_peer *peer = varlink_peer(call);
	char reason[REASON_BYTES];

	if (!readers || is_operator(supervisor, peer) ||
		is_in(peer, found_group(&supervisor->found, readers)))
		return true;
	for (size_t i = 0; i < supervisor->members.count; i++)
		if (is_in(peer, supervisor->members.items[i]->operators_gid))
			return true;
	snprintf(reason, sizeof(reason), "only members of group %s may ask", readers);
	return not_allowed(call, reason);
}

bool control_may_operate(const struct supervisor *supervisor, struct varlink_call *call,
	const struct selection *selection)
{
	const struct varlink_peer *peer = varlink_peer(call);
	char reason[REASON_BYTES];

	if (is_operator(supervisor, peer))
		return true;
	for (size_t i = 0; i < selection->count; i++) {
		const struct member *member = selection->items[i];
		const char *group = member->service
					    ? member->service->declaration->access.group
					    : NULL;

		if (is_in(peer, member->operators_gid))
			continue;
		snprintf(reason, sizeof(reason),
			"uid %u may not operate %s: not in group %s (or %s)", peer->uid,
			member->name, group ? group : "of its operators",
			control_operators(&supervisor->config->host));
		return not_allowed(call, reason);
	}
	return true;
}

bool control_may_all(struct varlink_call *call)
{
	return varlink_peer(call)->uid == 0 || not_allowed(call, "only root may do this");
}

/* "alice (uid 1001)", as far as it was looked up when the declarations were applied. */
static void name_person(
	char ret[static WHO_BYTES], const struct supervisor *supervisor, int64_t uid)
{
	const char *login = found_login(&supervisor->found, uid);

	if (login)
		snprintf(ret, WHO_BYTES, "%.32s (uid %" PRId64 ")", login, uid);
	else
		snprintf(ret, WHO_BYTES, "uid %" PRId64, uid);
}

/* Who logged in, whatever sudo made of it since (pam_loginuid(8)); NOBODY: not known. */
static int64_t login_uid(pid_t pid)
{
	_cleanup_free_ char *path = text_format("/proc/%d/loginuid", pid), *text = NULL;
	char *end = NULL;
	unsigned long uid;

	if (!path || file_read(&text, NULL, AT_FDCWD, path, LOGINUID_MAX_BYTES) < 0)
		return NOBODY;
	uid = strtoul(text, &end, 10);
	return end == text || uid >= UINT32_MAX ? NOBODY : (int64_t)uid;
}

void control_who(const struct supervisor *supervisor, const struct varlink_call *call,
	char ret[static WHO_BYTES])
{
	const struct varlink_peer *peer = varlink_peer(call);
	int64_t login = peer->uid == 0 ? login_uid(peer->pid) : NOBODY;

	if (peer->uid != 0)
		name_person(ret, supervisor, peer->uid);
	else if (login > 0)
		name_person(ret, supervisor, login);
	else
		snprintf(ret, WHO_BYTES, "root");
	if (peer->uid == 0 && login > 0)
		reason_add(ret, WHO_BYTES, " as root");
}

/* ---- what it is about ---------------------------------------------------------- */

bool control_strings(struct strings *ret, struct varlink_call *call,
	const struct json_t *parameters, const char *key)
{
	const struct json_t *list = json_get(parameters, key);
	bool good = json_kind(list) == JSON_IS_NULL || json_kind(list) == JSON_IS_LIST;

	for (size_t i = 0; good && i < json_size(list); i++) {
		const char *text = json_text(json_item(list, i));

		good = text && strings_add(ret, text) == 0;
	}
	if (!good)
		control_invalid(call, key);
	return good;
}

void selection_done(struct selection *selection)
{
	free(selection->items);
	*selection = (struct selection){ 0 };
}

static bool has_tag(const struct member *member, const char *tag)
{
	return member->service && strings_have(&member->service->declaration->tags, tag);
}

static bool is_selected(const struct selection *selection, const struct member *member)
{
	for (size_t i = 0; i < selection->count; i++)
		if (selection->items[i] == member)
			return true;
	return false;
}

static void select_matching(
	struct selection *ret, const struct members *members, const char *tag)
{
	for (size_t i = 0; i < members->count; i++)
		if (!tag || has_tag(members->items[i], tag))
			ret->items[ret->count++] = members->items[i];
}

static bool select_names(struct selection *ret, const struct members *members,
	struct varlink_call *call, const struct strings *names)
{
	for (size_t i = 0; i < names->count; i++) {
		struct member *member = members_find(members, names->items[i]);

		if (!member)
			return not_found(call, members, names->items[i]);
		if (!is_selected(ret, member))
			ret->items[ret->count++] = member;
	}
	return true;
}

bool control_select(struct selection *ret, struct supervisor *supervisor,
	struct varlink_call *call, const struct json_t *parameters, bool all_by_default)
{
	const struct members *members = &supervisor->members;
	_cleanup_(strings_done) struct strings names = { 0 };
	const char *tag = json_get_text(parameters, "tag", NULL);
	bool all = json_get_bool(parameters, "all", false);

	if (!control_strings(&names, call, parameters, "names"))
		return false;
	ret->items = calloc(members->count + 1, sizeof(struct member *));
	if (!ret->items) {
		control_fail(call, "out of memory");
		return false;
	}
	if (tag) {
		select_matching(ret, members, tag[0] == '@' ? tag + 1 : tag);
		return ret->count > 0 || not_found(call, members, tag);
	}
	if (all || (names.count == 0 && all_by_default)) {
		select_matching(ret, members, NULL);
		return true;
	}
	if (names.count == 0) {
		control_invalid(call, "names");
		return false;
	}
	return select_names(ret, members, call, &names);
}
