/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lookup.c - two deeds, side by side: one asks for the engines, one for all people.
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
	struct deed *engines, *people; /* NULL: has ended */
	struct found found;
	struct error err;        /* the first of the two that failed */
	struct lookup_plan plan; /* with a share of its groups */
};

/* ---- in the child -------------------------------------------------------------- */

/* Who it runs as, or, as a text, why nobody is known: it is never root instead. */
static struct json_t *find_engine(const char *user)
{
	_cleanup_(identity_done) struct identity identity = { 0 };
	int r = identity_find(&identity, user, NULL);

	return r < 0 ? json_new_text(identity.reason) : identity_print(&identity);
}

static struct json_t *find_engines(void)
{
	_cleanup_(json_freep) struct json_t *users = json_new_object();
	int r = 0;

	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		r |= json_set(users, engine_programs[i], find_engine(engine_programs[i]));
	}
	return r ? NULL : TAKE(users);
}

/* Each name is asked for once: where one is not known, every name service is asked. */
struct people {
	struct strings members; /* by name, of any of the groups */
	struct json_t *groups;  /* {name: gid} */
	gid_t *gids;            /* sorted */
	size_t count;
};

static void people_done(struct people *people)
{
	strings_done(&people->members);
	json_free(people->groups);
	free(people->gids);
}

static int add_group(struct people *people, const char *name)
{
	const struct group *group = getgrnam(name);
	int r = 0;

	if (!group)
		return 0;
	people->gids[people->count++] = group->gr_gid;
	for (char **member = group->gr_mem; r == 0 && *member; member++)
		r = strings_add(&people->members, *member);
	return r < 0 ? r : json_set_int(people->groups, name, group->gr_gid);
}

static int by_gid(const void *a, const void *b)
{
	const gid_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static int find_groups(struct people *ret, struct json_t *names)
{
	const char *name;
	struct json_t *null;
	int r;

	ret->groups = json_new_object();
	ret->gids = calloc(json_size(names) + 1, sizeof(*ret->gids));
	r = ret->groups && ret->gids ? 0 : -ENOMEM;
	json_each(names, name, null)
	{
		(void)null;
		if (r == 0)
			r = add_group(ret, name);
	}
	if (r == 0)
		qsort(ret->gids, ret->count, sizeof(*ret->gids), by_gid);
	return r;
}

static int add_person(struct json_t *people, const struct passwd *person)
{
	char uid[16];

	if (!person || json_size(people) >= PEOPLE_MAX)
		return 0;
	snprintf(uid, sizeof(uid), "%u", person->pw_uid);
	return json_set_text(people, uid, person->pw_name);
}

/* Members by name, and those whose first group it is. */
static struct json_t *find_people(const struct people *people)
{
	_cleanup_(json_freep) struct json_t *found = json_new_object();
	const struct passwd *person;
	int r = 0;

	for (size_t i = 0; i < people->members.count; i++)
		r |= add_person(found, getpwnam(people->members.items[i]));
	setpwent();
	while ((person = getpwent()) && json_size(found) < PEOPLE_MAX) {
		if (bsearch(&person->pw_gid, people->gids, people->count,
			    sizeof(*people->gids), by_gid))
			r |= add_person(found, person);
	}
	endpwent();
	return r ? NULL : TAKE(found);
}

static int tell(int output_fd, const struct json_t *json)
{
	_cleanup_free_ char *text = json ? json_print(json, JSON_ONE_LINE) : NULL;

	return text && fd_write_all(output_fd, text, strlen(text)) == 0 ? EXIT_SUCCESS
									: EXIT_FAILURE;
}

static int run_engines(void *data, int output_fd)
{
	_cleanup_(json_freep) struct json_t *engines = find_engines();

	(void)data;
	return tell(output_fd, engines);
}

static int run_people(void *data, int output_fd)
{
	_cleanup_(people_done) struct people people = { 0 };
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = find_groups(&people, data);

	r |= json_set(json, "groups", json_share(people.groups));
	r |= json_set(json, "people", find_people(&people));
	return tell(output_fd, r ? NULL : json);
}

/* ---- in the supervisor --------------------------------------------------------- */

static int read_engine(struct identity *ret, const struct json_t *json)
{
	if (json_kind(json) != JSON_IS_TEXT)
		return identity_read(ret, json);
	*ret = (struct identity){ 0 };
	snprintf(ret->reason, sizeof(ret->reason), "%s", json_text(json));
	return 0;
}

static int read_engines(struct found *ret, const struct json_t *json, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ENGINE_COUNT; i++) {
		r = read_engine(&ret->engines[i], json_get(json, engine_programs[i]));
		if (r < 0)
			return error_set(err, r, "user %s", engine_programs[i]);
	}
	return r;
}

static int read_people(struct found *ret, const struct json_t *json, struct error *err)
{
	ret->groups = json_clone(json_get(json, "groups"));
	ret->people = json_clone(json_get(json, "people"));
	return ret->groups && ret->people ? 0 : error_set(err, -EINVAL, "groups");
}

typedef int read_fn(struct found *ret, const struct json_t *json, struct error *err);

static bool take(struct lookup *lookup, const struct deed_result *result, read_fn *read)
{
	_cleanup_(json_freep) struct json_t *json = NULL;
	struct error err = { 0 };

	if (!result->ok)
		error_set(&err, -EIO, "%s", result->reason);
	else if (json_parse(&json, result->output, result->output_size,
			 DEED_OUTPUT_MAX_BYTES, &err) < 0 ||
		 read(&lookup->found, json, &err) < 0)
		error_prefix(&err, "looking up users and groups");
	if (error_is_set(&err) && !error_is_set(&lookup->err))
		lookup->err = err;
	return !error_is_set(&err);
}

static void finish(struct lookup *lookup, struct instant now)
{
	bool failed = error_is_set(&lookup->err);

	if (!lookup->engines && !lookup->people)
		lookup->plan.done(lookup->plan.owner, failed ? NULL : &lookup->found,
			lookup->err.text, now);
}

static void on_engines(void *owner, const struct deed_result *result, struct instant now)
{
	struct lookup *lookup = owner;

	if (take(lookup, result, read_engines))
		lookup->plan.engines(lookup->plan.owner, lookup->found.engines, now);
	lookup->engines = deed_free(lookup->engines);
	finish(lookup, now);
}

static void on_people(void *owner, const struct deed_result *result, struct instant now)
{
	struct lookup *lookup = owner;

	(void)take(lookup, result, read_people);
	lookup->people = deed_free(lookup->people);
	finish(lookup, now);
}

static int begin(struct lookup *lookup, struct deed **ret,
	int (*function)(void *data, int output_fd), deed_done_fn *done)
{
	struct spawn_spec spec = spawn_plain("looking up users and groups");
	struct deed_plan deed = { .spec = &spec,
		.timeout_ms = LOOKUP_TIMEOUT_MS,
		.done = done,
		.owner = lookup };

	spec.function = function;
	spec.keep_privileges = true;
	spec.data = lookup->plan.groups;
	return deed_start(ret, lookup->plan.loop, lookup->plan.cgroups, &deed);
}

CLEANUP(struct lookup *, lookup_free)

int lookup_start(struct lookup **ret, const struct lookup_plan *plan)
{
	_cleanup_(lookup_freep) struct lookup *lookup = calloc(1, sizeof(*lookup));
	int r;

	if (!lookup)
		return -ENOMEM;
	lookup->plan = *plan;
	lookup->plan.groups = json_share(plan->groups);
	r = begin(lookup, &lookup->engines, run_engines, on_engines);
	if (r == 0)
		r = begin(lookup, &lookup->people, run_people, on_people);
	if (r < 0)
		return r;
	*ret = TAKE(lookup);
	return 0;
}

struct lookup *lookup_free(struct lookup *lookup)
{
	if (!lookup)
		return NULL;
	deed_free(lookup->engines);
	deed_free(lookup->people);
	found_done(&lookup->found);
	json_free(lookup->plan.groups);
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
