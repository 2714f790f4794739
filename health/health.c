/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * health.c - owns the services that were told and the probes of their running instances.
 *
 * There is one probe per check and instance, for as long as the instance's process lives;
 * a new generation begins with an empty streak. Nothing that waits for the network is
 * done here.
 *
 * Not here: how the facts arrive (monitor.c); how they are shown (truth.c and the faces).
 */
#include "health/health.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"

#include "health/truth.h"

enum { TELL_AGAIN_S = 10 }; /* figures of an unchanged verdict, to the supervisor */

struct health {
	struct prober prober;
	struct health_user user;
	char *host;
	struct service **services;
	struct picture picture;
};

static struct service *service_free(struct service *service)
{
	if (!service)
		return NULL;
	for (size_t i = 0; i < service->probes_count; i++)
		probe_free(service->probes[i]);
	free(service->probes);
	declaration_free(service->declaration);
	free(service->told);
	free(service->name);
	free(service);
	return NULL;
}
CLEANUP(struct service *, service_free)

static struct service *find(const struct health *health, const char *name)
{
	bool found;
	size_t place = picture_place(&health->picture, name, &found);

	return found ? health->services[place] : NULL;
}

static void touch(struct health *health, struct service *service, struct instant now)
{
	service->changed = now;
	service->index = ++health->picture.index;
}

static int add(struct health *health, struct service **ret, const char *name)
{
	_cleanup_(service_freep) struct service *service = calloc(1, sizeof(*service));
	size_t count = health->picture.services_count;
	struct service **longer;
	size_t place;
	bool found;

	if (!service || !(service->name = strdup(name)))
		return -ENOMEM;
	longer = reallocarray(health->services, count + 1, sizeof(struct service *));
	if (!longer)
		return -ENOMEM;
	health->services = longer;
	health->picture.services = longer;
	place = picture_place(&health->picture, name, &found);
	memmove(longer + place + 1, longer + place,
		(count - place) * sizeof(struct service *));
	*ret = longer[place] = TAKE(service);
	health->picture.services_count++;
	return 0;
}

static void drop(struct health *health, size_t place)
{
	service_free(health->services[place]);
	health->picture.services_count--;
	memmove(health->services + place, health->services + place + 1,
		(health->picture.services_count - place) * sizeof(struct service *));
	health->picture.index++;
}

/* ---- which probes there are -------------------------------------------------------- */

/* What the supervisor last heard about this check: a restarted engine goes on from
 * there. */
static void recall(struct probe *probe, struct json_t *status)
{
	struct json_t *checks = json_get(status, "checks");

	for (size_t i = 0; i < json_size(checks); i++) {
		struct json_t *row = json_item(checks, i);
		int verdict = words_find(verdict_words, ARRAY_LEN(verdict_words),
			json_get_text(row, "verdict", NULL));

		if (!text_equal(json_get_text(row, "check", NULL), probe->check->name) ||
			json_get_int(row, "instance", 1) != probe->instance ||
			verdict <= VERDICT_UNKNOWN)
			continue;
		probe->streak.verdict = (enum verdict)verdict;
		probe->proven = verdict == VERDICT_PASS;
		snprintf(probe->streak.reason, sizeof(probe->streak.reason), "%s",
			json_get_text(row, "reason", ""));
	}
}

static struct probe *take_same(
	struct probe **probes, size_t count, const struct probe_of *of)
{
	for (size_t i = 0; i < count; i++) {
		if (probes[i] && probes[i]->instance == of->instance &&
			probes[i]->generation == of->generation &&
			text_equal(probes[i]->check->name, of->check->name))
			return TAKE(probes[i]);
	}
	return NULL;
}

struct renewal {
	struct health *health;
	struct service *service;
	struct probe **old; /* taken ones are NULL */
	size_t old_count;
	bool declared_anew; /* old probes point into the declaration before */
	struct json_t *status;
	struct instant now;
	struct probe **fresh; /* what will be */
	size_t fresh_count;
};

static int renew(struct probe **ret, struct renewal *renewal, const struct probe_of *of)
{
	_cleanup_(probe_freep) struct probe *probe = NULL;
	_cleanup_(probe_freep) struct probe *old =
		take_same(renewal->old, renewal->old_count, of);
	int r;

	if (old && !renewal->declared_anew) {
		*ret = renewal->fresh[renewal->fresh_count++] = TAKE(old);
		return 0;
	}
	r = probe_new(&probe, &renewal->health->prober, of, renewal->now);
	if (r < 0)
		return r;
	if (old)
		probe_inherit(probe, old);
	else if (!renewal->health->picture.synced)
		recall(probe, renewal->status);
	*ret = renewal->fresh[renewal->fresh_count++] = TAKE(probe);
	return 0;
}

static bool is_in(struct json_t *instance, enum state state)
{
	return text_equal(json_get_text(instance, "state", ""), state_words[state]);
}

/* A process runs and nobody told it to stop: worth asking. */
static bool is_probed(struct json_t *instance)
{
	return json_get_int(instance, "pid", 0) > 0 && !is_in(instance, STATE_STOPPING);
}

static int renew_instances(struct renewal *renewal, const struct check *check)
{
	struct json_t *instances = json_get(renewal->status, "instances");
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_size(instances); i++) {
		struct json_t *instance = json_item(instances, i);
		struct probe_of of = {
			.service = renewal->service->name,
			.declaration = renewal->service->declaration,
			.check = check,
			.instance = (unsigned)json_get_int(instance, "instance", 1),
			.generation = (unsigned)json_get_int(instance, "generation", 0),
		};
		struct probe *probe;

		if (!is_probed(instance))
			continue;
		r = renew(&probe, renewal, &of);
		if (r == 0)
			probe_settle(
				probe, is_in(instance, STATE_STARTING), renewal->now);
	}
	return r;
}

/* Makes the probes be those that declaration and status ask for. `declared_anew`: the
 * old ones go, after handing on what they know. */
static int renew_probes(struct health *health, struct service *service,
	bool declared_anew, struct instant now)
{
	_cleanup_(json_freep) struct json_t *status =
		service->declaration->health.checks_count || service->probes_count
			? service_status(service)
			: NULL;
	const struct declaration *declaration = service->declaration;
	size_t most = declaration->health.checks_count *
		      json_size(json_get(status, "instances"));
	struct renewal renewal = {
		.health = health,
		.service = service,
		.old = service->probes,
		.old_count = service->probes_count,
		.declared_anew = declared_anew,
		.status = status,
		.now = now,
	};
	int r;

	renewal.fresh = calloc(most + 1, sizeof(struct probe *));
	r = renewal.fresh ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < declaration->health.checks_count; i++)
		r = renew_instances(&renewal, &declaration->health.checks[i]);
	for (size_t i = 0; i < renewal.old_count; i++)
		probe_free(renewal.old[i]);
	free(renewal.old);
	service->probes = renewal.fresh;
	service->probes_count = renewal.fresh_count;
	return r;
}

/* ---- what probes say --------------------------------------------------------------- */

static void on_tried(void *owner, struct probe *probe, bool turned, struct instant now)
{
	struct health *health = owner;
	struct service *service = find(health, probe->service);

	touch(health, service, now);
	if (!turned &&
		instant_since_us(now, probe->told) < (int64_t)TELL_AGAIN_S * US_PER_S)
		return;
	probe->told = now;
	health->user.verdict(health->user.owner, probe, now);
}

static int ask(void *owner, const struct probe *probe, int64_t number)
{
	const struct health *health = owner;

	return health->user.ask(health->user.owner, probe, number);
}

/* Before this engine began, too: then the startup check had passed. */
static bool was_asked(const struct probe *probe)
{
	return probe->at.us || probe->streak.verdict != VERDICT_UNKNOWN;
}

static bool must_wait(void *owner, const struct probe *probe)
{
	const struct service *service = find(owner, probe->service);

	if (probe->check->startup)
		return false;
	for (size_t i = 0; i < service->probes_count; i++) {
		const struct probe *other = service->probes[i];

		if (other->check->startup && !other->proven &&
			other->instance == probe->instance)
			return !was_asked(probe);
	}
	return false;
}

/* ---- what the supervisor says ------------------------------------------------------ */

int health_declare(struct health *health, const char *name,
	struct declaration *declaration, struct instant now)
{
	_cleanup_(declaration_freep) struct declaration *before = NULL;
	struct service *service = find(health, name);
	int r = 0;

	if (!service)
		r = add(health, &service, name);
	if (r < 0) {
		declaration_free(declaration);
		return r;
	}
	before = service->declaration;
	service->declaration = declaration;
	service->named = true;
	r = renew_probes(health, service, true, now);
	touch(health, service, now);
	return r;
}

void health_gone(struct health *health, const char *name, struct instant now)
{
	bool found;
	size_t place = picture_place(&health->picture, name, &found);

	(void)now;
	if (found)
		drop(health, place);
}

int health_state(struct health *health, const char *name, struct json_t *status,
	struct instant now)
{
	struct service *service = find(health, name);
	char *told;
	int r;

	if (!service)
		return -ENOENT;
	told = json_print(status, JSON_ONE_LINE);
	if (!told)
		return -ENOMEM;
	free(service->told);
	service->told = told;
	service->plain = status_is_plain(status);
	r = renew_probes(health, service, false, now);
	touch(health, service, now);
	return r;
}

void health_probed(struct health *health, const struct json_t *answer, struct instant now)
{
	struct service *service = find(health, json_get_text(answer, "service", ""));
	const char *check = json_get_text(answer, "check", NULL);

	for (size_t i = 0; service && i < service->probes_count; i++) {
		struct probe *probe = service->probes[i];

		if (json_get_int(answer, "instance", 0) == probe->instance &&
			text_equal(probe->check->name, check)) {
			probe_answered(probe, answer, now);
			return;
		}
	}
}

void health_hello(struct health *health)
{
	for (size_t i = 0; i < health->picture.services_count; i++)
		health->services[i]->named = false;
}

void health_sync(struct health *health, struct instant now)
{
	(void)now;
	for (size_t i = health->picture.services_count; i > 0; i--)
		if (!health->services[i - 1]->named)
			drop(health, i - 1);
	health->picture.synced = true;
	health->picture.index++;
}

void health_heard(struct health *health, struct instant now)
{
	health->picture.heard = now;
}

const struct picture *health_picture(const struct health *health)
{
	return &health->picture;
}

int health_set_host(struct health *health, const char *fqdn)
{
	char *host = strdup(fqdn);

	if (!host)
		return -ENOMEM;
	free(health->host);
	health->prober.host = health->picture.host = health->host = host;
	return 0;
}

int health_new(struct health **ret, const struct health_with *with)
{
	_cleanup_(health_freep) struct health *health = calloc(1, sizeof(*health));

	if (!health)
		return -ENOMEM;
	health->user = with->user;
	health->prober = (struct prober){
		.loop = with->loop,
		.http = with->http,
		.ask = ask,
		.tried = on_tried,
		.must_wait = must_wait,
		.owner = health,
	};
	if (health_set_host(health, "localhost") < 0)
		return -ENOMEM;
	*ret = TAKE(health);
	return 0;
}

struct health *health_free(struct health *health)
{
	if (!health)
		return NULL;
	while (health->picture.services_count)
		drop(health, health->picture.services_count - 1);
	free(health->services);
	free(health->host);
	free(health);
	return NULL;
}
