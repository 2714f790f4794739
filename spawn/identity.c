/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * identity.c - getpwnam(3), getgrnam(3), getgrouplist(3), in a child.
 */
#include "spawn/identity.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

enum { FIRST_GROUPS = 64, MAX_GROUPS = 65536 };

static int refuse(struct identity *identity, const char *kind, const char *name)
{
	int error = errno;

	/* "Not found" is told by 0 or, depending on the source, by one of these. */
	if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF ||
		error == EPERM) {
		snprintf(identity->reason, sizeof(identity->reason),
			"%s %s: no such %s (create it: svcctl apply --create-users, or %s --system "
			"%s)",
			kind, name, kind, *kind == 'u' ? "useradd" : "groupadd", name);
		return -ENOENT;
	}
	snprintf(identity->reason, sizeof(identity->reason), "%s %s: %s", kind, name,
		strerror(error));
	return -error;
}

static int find_groups(struct identity *identity, const char *user)
{
	int count = FIRST_GROUPS;

	for (;;) {
		gid_t *groups =
			reallocarray(identity->groups, (size_t)count, sizeof(*groups));

		if (!groups)
			return -ENOMEM;
		identity->groups = groups;
		if (getgrouplist(user, identity->gid, groups, &count) >= 0)
			break;
		if (count > MAX_GROUPS)
			return -E2BIG;
	}
	identity->groups_count = (size_t)count;
	return 0;
}

/* The policy of this host knows root by its name. */
static int refuse_alias(struct identity *identity, const char *user)
{
	snprintf(identity->reason, sizeof(identity->reason),
		"user %s: uid 0 is root's; give the service a user of its own, or write "
		"root where policy.users allows it",
		user);
	return -EPERM;
}

int identity_find(struct identity *ret, const char *user, const char *group)
{
	const struct passwd *passwd;
	const struct group *entry;

	*ret = (struct identity){ 0 };
	errno = 0;
	passwd = getpwnam(user);
	if (!passwd)
		return refuse(ret, "user", user);
	ret->uid = passwd->pw_uid;
	ret->gid = passwd->pw_gid;
	if (ret->uid == 0 && strcmp(user, "root") != 0)
		return refuse_alias(ret, user);
	snprintf(ret->home, sizeof(ret->home), "%s", passwd->pw_dir);
	snprintf(ret->shell, sizeof(ret->shell), "%s", passwd->pw_shell);
	if (group) {
		errno = 0;
		entry = getgrnam(group);
		if (!entry)
			return refuse(ret, "group", group);
		ret->gid = entry->gr_gid;
	}
	if (find_groups(ret, user) < 0) {
		identity_done(ret);
		snprintf(ret->reason, sizeof(ret->reason), "user %s: too many groups",
			user);
		return -E2BIG;
	}
	ret->known = true;
	return 0;
}

void identity_done(struct identity *identity)
{
	free(identity->groups);
	*identity = (struct identity){ 0 };
}

struct json_t *identity_print(const struct identity *identity)
{
	struct json_t *json = json_new_object(), *groups = json_new_array();
	bool ok = json && groups;

	for (size_t i = 0; ok && i < identity->groups_count; i++)
		ok = json_append(groups, json_new_int(identity->groups[i])) == 0;
	if (!ok || json_set_int(json, "uid", identity->uid) < 0 ||
		json_set_int(json, "gid", identity->gid) < 0 ||
		json_set_text(json, "home", identity->home) < 0 ||
		json_set_text(json, "shell", identity->shell) < 0) {
		json_free(groups);
		json_free(json);
		return NULL;
	}
	if (json_set(json, "groups", groups) < 0) {
		json_free(json);
		return NULL;
	}
	return json;
}

static bool is_id(const struct json_t *value)
{
	return json_kind(value) == JSON_IS_INT && json_int(value) >= 0 &&
	       json_int(value) < UINT32_MAX;
}

int identity_read(struct identity *ret, const struct json_t *json)
{
	const struct json_t *groups = json_get(json, "groups");
	struct identity identity = { .known = true };

	if (!is_id(json_get(json, "uid")) || !is_id(json_get(json, "gid")) ||
		json_kind(groups) != JSON_IS_LIST || json_size(groups) > MAX_GROUPS)
		return -EINVAL;
	identity.uid = (uid_t)json_get_int(json, "uid", 0);
	identity.gid = (gid_t)json_get_int(json, "gid", 0);
	identity.groups = calloc(json_size(groups) + 1, sizeof(gid_t));
	if (!identity.groups)
		return -ENOMEM;
	for (size_t i = 0; i < json_size(groups); i++) {
		if (!is_id(json_item(groups, i))) {
			identity_done(&identity);
			return -EINVAL;
		}
		identity.groups[identity.groups_count++] =
			(gid_t)json_int(json_item(groups, i));
	}
	snprintf(identity.home, sizeof(identity.home), "%s",
		json_get_text(json, "home", "/"));
	snprintf(identity.shell, sizeof(identity.shell), "%s",
		json_get_text(json, "shell", "/bin/sh"));
	*ret = identity;
	return 0;
}
