/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lookup.c - one deed that asks for all names at once.
 */
#include "supervisor/lookup.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

#include "spawn/spawn.h"

enum { PEOPLE_MAX = 1000 }; /* whose logins are asked for; others show as their uid */

struct lookup {
	struct deed *deed;
	struct lookup_plan plan; /* its groups are owned */
};

/* ---- in the child -------------------------------------------------------------- */

static struct json_t *find_engines(void)
{
	_cleanup_(json_freep) struct json_t *users = json_new_object();
	int r = 0;

	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		_cleanup_(identity_done) struct identity identity = { 0 };

		(void)identity_find(&identity, engine_programs[i], NULL);
		r |= json_set(users, engine_programs[i], identity_print(&identity));
	}
	return r ? NULL : TAKE(users);
}

static struct json_t *find_groups(const struct strings *names)
{
	_cleanup_(json_freep) struct json_t *groups = json_new_object();
	int r = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct group *group = getgrnam(names->items[i]);

		if (group)
			r |= json_set_int(groups, names->items[i], group->gr_gid);
	}
	return r ? NULL : TAKE(groups);
}

static int add_person(struct json_t *people, const struct passwd *person)
{
	char uid[16];

	if (!person || json_size(people) >= PEOPLE_MAX)
		return 0;
	snprintf(uid, sizeof(uid), "%u", person->pw_uid);
	return json_set_text(people, uid, person->pw_name);
}

static bool has_gid(const struct strings *names, const struct json_t *groups, gid_t gid)
{
	for (size_t i = 0; i < names->count; i++) {
		if (json_get_int(groups, names->items[i], UNSET) == (int64_t)gid)
			return true;
	}
	return false;
}

/* Members by name, and those whose first group it is. */
static struct json_t *find_people(
	const struct strings *names, const struct json_t *groups)
{
	_cleanup_(json_freep) struct json_t *people = json_new_object();
	const struct passwd *person;
	int r = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct group *group = getgrnam(names->items[i]);

		for (char **member = group ? group->gr_mem : NULL; member && *member;
			member++)
			r |= add_person(people, getpwnam(*member));
	}
	setpwent();
	while ((person = getpwent()) && json_size(people) < PEOPLE_MAX) {
		if (has_gid(names, groups, person->pw_gid))
			r |= add_person(people, person);
	}
	endpwent();
	return r ? NULL : TAKE(people);
}

static int run_in_child(void *data, int output_fd)
{
	const struct strings *names = data;
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	struct json_t *groups = find_groups(names);
	_cleanup_free_ char *text = NULL;
	int r = 0;

	r |= json_set(json, "engines", find_engines());
	r |= json_set(json, "groups", groups);
	r |= json_set(json, "people", find_people(names, json_get(json, "groups")));
	text = r ? NULL : json_print(json, JSON_ONE_LINE);
	if (!text || fd_write_all(output_fd, text, strlen(text)) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/* ---- in the supervisor --------------------------------------------------------- */

static int read_answer(
	struct found *ret, const struct deed_result *result, struct error *err)
{
	_cleanup_(json_freep) struct json_t *json = NULL;
	const struct json_t *engines;
	int r = json_parse(
		&json, result->output, result->output_size, DEED_OUTPUT_MAX_BYTES, err);

	if (r < 0)
		return r;
	engines = json_get(json, "engines");
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		r = identity_read(
			&ret->engines[i], json_get(engines, engine_programs[i]));
		if (r < 0)
			return error_set(err, r, "user %s", engine_programs[i]);
	}
	ret->groups = json_clone(json_get(json, "groups"));
	ret->people = json_clone(json_get(json, "people"));
	return ret->groups && ret->people ? 0 : error_set(err, -EINVAL, "groups");
}

static void on_done(void *owner, const struct deed_result *result, struct instant now)
{
	struct lookup *lookup = owner;
	_cleanup_(found_done) struct found found = { 0 };
	struct error err = { 0 };

	if (!result->ok)
		error_set(&err, -EIO, "%s", result->reason);
	else if (read_answer(&found, result, &err) < 0)
		error_prefix(&err, "looking up users and groups");
	lookup->plan.done(
		lookup->plan.owner, error_is_set(&err) ? NULL : &found, err.text, now);
}

int lookup_start(struct lookup **ret, struct lookup_plan *plan)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	struct spawn_spec spec = spawn_plain("looking up users and groups");
	struct deed_plan deed = { .spec = &spec,
		.timeout_ms = LOOKUP_TIMEOUT_MS,
		.done = on_done,
		.owner = lookup };
	int r;

	if (!lookup)
		return -ENOMEM;
	lookup->plan = *plan;
	plan->groups = (struct strings){ 0 };
	spec.function = run_in_child;
	spec.keep_privileges = true;
	spec.data = &lookup->plan.groups;
	r = deed_start(&lookup->deed, plan->loop, plan->cgroups, &deed);
	if (r < 0) {
		lookup_free(lookup);
		return r;
	}
	*ret = lookup;
	return 0;
}

struct lookup *lookup_free(struct lookup *lookup)
{
	if (!lookup)
		return NULL;
	deed_free(lookup->deed);
	strings_done(&lookup->plan.groups);
	free(lookup);
	return NULL;
}

void found_done(struct found *found)
{
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		identity_done(&found->engines[i]);
	json_free(found->groups);
	json_free(found->people);
	*found = (struct found){ 0 };
}

int64_t found_group(const struct found *found, const char *group)
{
	return group ? json_get_int(found->groups, group, UNSET) : UNSET;
}

const char *found_login(const struct found *found, int64_t uid)
{
	char key[24];

	snprintf(key, sizeof(key), "%" PRId64, uid);
	return json_get_text(found->people, key, NULL);
}
