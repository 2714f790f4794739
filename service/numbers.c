/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * numbers.c - whose else a uid and a gid are: by what the name service says first about
 * the number, and by the users of svcd's own programs, which it may list later.
 */
#include "service/numbers.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "config/config.h"
#include "protocol/protocol.h"
#include "spawn/spawn.h"

/* ---- whose they are ------------------------------------------------------------ */

void numbers_find(struct numbers *ret, const struct identity *identity)
{
	const struct passwd *user = getpwuid(identity->uid);
	const struct group *group = getgrgid(identity->gid);

	*ret = (struct numbers){ .uid = identity->uid, .gid = identity->gid };
	if (user)
		snprintf(ret->user, sizeof(ret->user), "%s", user->pw_name);
	if (group)
		snprintf(ret->group, sizeof(ret->group), "%s", group->gr_name);
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		user = getpwnam(engine_programs[i]);
		if (user && user->pw_uid == identity->uid)
			ret->engine_user = engine_programs[i];
		group = getgrnam(engine_programs[i]);
		if (group && group->gr_gid == identity->gid)
			ret->engine_group = engine_programs[i];
	}
}

/* ---- whether they may be the service's ----------------------------------------- */

struct judging {
	const struct declaration *declaration;
	const struct host_policy *policy;
	struct error *err;
};

struct number {
	const char *kind, *short_kind; /* "user", "uid" */
	const char *name;              /* as declared */
	unsigned value;
};

static int judge(
	const struct judging *self, const struct number *number, const char *owner)
{
	static const struct host_policy closed;
	const char *service = self->declaration->service;

	if (!owner || !owner[0] || strcmp(owner, number->name) == 0 ||
		policy_allows_user(self->policy ? self->policy : &closed, service, owner))
		return 0;
	return error_set(self->err, -EPERM,
		"%s %s: %s %u is %s's (policy.users); give it a number of its own, or root "
		"may write in svcd.yaml: policy: {services: {%s: {users: [%s]}}}",
		number->kind, number->name, number->short_kind, number->value, owner,
		service, owner);
}

int numbers_judge(const struct numbers *numbers, const struct declaration *declaration,
	const struct host_policy *policy, struct error *err)
{
	const struct judging self = { declaration, policy, err };
	const struct run *run = &declaration->run;
	const struct number uid = { "user", "uid", run->user, numbers->uid };
	const struct number gid = { "group", "gid", run->group, numbers->gid };
	int r = judge(&self, &uid, numbers->user);

	if (r == 0)
		r = judge(&self, &uid, numbers->engine_user);
	if (r < 0 || !run->group) /* what was completed (rules/) always names one */
		return r;
	r = judge(&self, &gid, numbers->gid == 0 ? "root" : numbers->group);
	return r < 0 ? r : judge(&self, &gid, numbers->engine_group);
}
