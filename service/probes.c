/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probes.c - who is tried when: one queue for all, a pace per check.
 *
 * An errand stands for one check on one process, from the question until it may be asked
 * again without hurry. Owns the errands and their deeds; borrows services.
 *
 * Not here: how a kind is tried (probe_try.c).
 */
#include "service/probes.h"

#include <string.h>
#include <sys/queue.h>

#include "service/probe_try.h"

/* How often a check is asked while its result changes, when fast_interval is not said. */
enum { FAST_DEFAULT_MS = 1000 };

enum phase {
	ERRAND_WAITS, /* for its turn */
	ERRAND_TRIES, /* its child runs */
	ERRAND_COOLS, /* answered; remembered for its pace */
	PHASE_COUNT,
};

struct errand {
	TAILQ_ENTRY(errand) beside; /* in the list of its phase */
	struct probes *probes;
	struct service *service;
	char *check;
	unsigned instance, generation;

	enum phase phase;
	int64_t number;       /* of the latest question */
	bool again;           /* which came while its child ran */
	struct instant due;   /* not before */
	struct instant paced; /* it has used up its pace until then */
	struct instant began;
	struct deed *deed;
};

struct probes {
	struct loop *loop;
	struct probes_user user;
	struct timer *timer;                            /* the earliest `due` */
	TAILQ_HEAD(errands, errand) lists[PHASE_COUNT]; /* oldest first */
};

/* ---- the lists ------------------------------------------------------------------ */

static void enter(struct errand *errand, enum phase phase)
{
	struct errands *lists = errand->probes->lists;

	TAILQ_REMOVE(&lists[errand->phase], errand, beside);
	TAILQ_INSERT_TAIL(&lists[phase], errand, beside);
	errand->phase = phase;
}

static void forget(struct errand *errand)
{
	TAILQ_REMOVE(&errand->probes->lists[errand->phase], errand, beside);
	deed_free(errand->deed);
	free(errand->check);
	free(errand);
}

static struct errand *remember(
	struct probes *probes, const struct instance *instance, const char *check)
{
	struct errand *errand = calloc(1, sizeof(*errand));
	char *name = strdup(check);

	if (!errand || !name) {
		free(errand);
		free(name);
		return NULL;
	}
	*errand = (struct errand){ .probes = probes,
		.service = instance->service,
		.check = name,
		.instance = instance->number,
		.generation = instance->generation,
		.phase = ERRAND_COOLS };
	TAILQ_INSERT_TAIL(&probes->lists[errand->phase], errand, beside);
	return errand;
}

static struct errand *find(
	struct probes *probes, const struct instance *instance, const char *check)
{
	struct errand *errand = NULL;

	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		TAILQ_FOREACH(errand, &probes->lists[phase], beside)
		{
			if (errand->service == instance->service &&
				errand->instance == instance->number &&
				strcmp(errand->check, check) == 0)
				return errand;
		}
	}
	return NULL;
}

static bool has_room(struct probes *probes, const struct service *service)
{
	unsigned of_host = 0, of_service = 0;
	const struct errand *errand = NULL;

	TAILQ_FOREACH(errand, &probes->lists[ERRAND_TRIES], beside)
	{
		of_host++;
		of_service += errand->service == service;
	}
	return of_host < PROBES_PER_HOST && of_service < PROBES_PER_SERVICE;
}

/* ---- what may be tried ---------------------------------------------------------- */

static const struct check *declared(const struct service *service, const char *name)
{
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		const struct check *check = &declaration->health.checks[i];

		if (strcmp(check->name, name) == 0)
			return try_is_ours(check) ? check : NULL;
	}
	return NULL;
}

/* It runs, and nobody told it to stop. */
static const struct instance *asked_instance(
	const struct service *service, int64_t number)
{
	const struct instance *instance;

	if (number < 1 || number > service->instances_count)
		return NULL;
	instance = &service->instances[number - 1];
	return instance->pid && instance->state != STATE_STOPPING ? instance : NULL;
}

static bool is_moot(const struct errand *errand)
{
	const struct instance *instance =
		asked_instance(errand->service, errand->instance);

	return !instance || instance->generation != errand->generation ||
	       !declared(errand->service, errand->check);
}

/* ---- the pace ------------------------------------------------------------------- */

/* Half of what the engine's schedule does at its fastest: it never meets this, one that
 * asks all the time does. */
static int64_t pace_us(const struct check *check)
{
	int64_t fast_ms =
		check->fast_interval_ms > 0 ? check->fast_interval_ms : FAST_DEFAULT_MS;

	return MIN(fast_ms, check->interval_ms) * US_PER_MS / 2;
}

/* Two tries may follow at once (a process that came up is asked anew), then the pace. */
static void enqueue(struct errand *errand, struct instant now)
{
	const struct check *check = declared(errand->service, errand->check);
	int64_t pace = check ? pace_us(check) : 0;

	enter(errand, ERRAND_WAITS);
	errand->due.us = MAX(now.us, errand->paced.us - pace);
	errand->paced.us = MAX(now.us, errand->paced.us) + pace;
}

/* ---- answers -------------------------------------------------------------------- */

static void answer(
	struct errand *errand, const struct deed_result *result, struct instant now)
{
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	size_t size = MIN(result->output_size, (size_t)PROBE_OUTPUT_BYTES);
	_cleanup_free_ char *output = strndup(result->output, size);
	bool ended = result->code >= 0 && !result->timed_out;
	int r = output ? 0 : -ENOMEM;

	r |= json_set_text(body, "service", errand->service->name);
	r |= json_set_text(body, "check", errand->check);
	r |= json_set_int(body, "instance", errand->instance);
	r |= json_set_int(body, "number", errand->number);
	r |= json_set(body, "code", ended ? json_new_int(result->code) : json_new_null());
	r |= json_set_bool(body, "timed_out", result->timed_out);
	r |= json_set_text(body, "trouble", ended ? "" : result->reason);
	r |= json_set_int(body, "latency_us", instant_since_us(now, errand->began));
	r |= json_set_text(body, "output", output);
	if (r == 0)
		errand->probes->user.answer(errand->probes->user.owner, TAKE(body));
}

static void go(struct probes *probes, struct instant now);

static void on_done(void *owner, const struct deed_result *result, struct instant now)
{
	struct errand *errand = owner;

	enter(errand, ERRAND_COOLS);
	if (errand->again) {
		errand->again = false;
		enqueue(errand, now);
	} else {
		answer(errand, result, now);
	}
	errand->deed = deed_free(errand->deed);
	go(errand->probes, now);
}

/* ---- turns ---------------------------------------------------------------------- */

static void start(struct errand *errand, struct instant now)
{
	const struct instance *instance =
		asked_instance(errand->service, errand->instance);
	const struct check *check = declared(errand->service, errand->check);
	const struct deed_plan plan = { .done = on_done, .owner = errand };
	struct deed_result result = { .code = -1, .output = "" };
	char text[REASON_BYTES];
	struct error err = { 0 };

	errand->began = now;
	enter(errand, ERRAND_TRIES);
	if (!try_needs_child(check)) {
		try_hear(&result, text, instance, now);
	} else if (try_start(&errand->deed, instance, check, &plan, &err) < 0) {
		snprintf(result.reason, sizeof(result.reason), "%.*s",
			(int)sizeof(result.reason) - 1, err.text);
	} else {
		return;
	}
	enter(errand, ERRAND_COOLS);
	answer(errand, &result, now);
}

/* Starts what has its turn. Others pass who waits for a child of its own service. */
static struct instant start_waiting(struct probes *probes, struct instant now)
{
	struct instant next = NEVER;
	struct errand *errand = TAILQ_FIRST(&probes->lists[ERRAND_WAITS]), *behind;

	for (; errand; errand = behind) {
		behind = TAILQ_NEXT(errand, beside);
		if (is_moot(errand))
			forget(errand);
		else if (!instant_reached(now, errand->due))
			next = instant_earlier(next, errand->due);
		else if (has_room(probes, errand->service))
			start(errand, now);
	}
	return next;
}

static void forget_cooled(struct probes *probes, struct instant now)
{
	struct errand *errand = TAILQ_FIRST(&probes->lists[ERRAND_COOLS]), *behind;

	for (; errand; errand = behind) {
		behind = TAILQ_NEXT(errand, beside);
		if (instant_reached(now, errand->paced))
			forget(errand);
	}
}

static void go(struct probes *probes, struct instant now)
{
	timer_arm(probes->timer, start_waiting(probes, now));
	forget_cooled(probes, now);
}

static void on_due(void *owner, struct instant now)
{
	go(owner, now);
}

/* ---- questions ------------------------------------------------------------------ */

bool probes_ask(struct probes *probes, struct service *service, const struct json_t *body,
	struct instant now)
{
	const struct instance *instance =
		asked_instance(service, json_get_int(body, "instance", 0));
	const char *check = json_get_text(body, "check", "");
	struct errand *errand;

	if (!instance || !declared(service, check) ||
		json_get_int(body, "generation", 0) != instance->generation)
		return false;
	errand = find(probes, instance, check);
	if (errand && errand->generation != instance->generation) {
		forget(errand); /* it tries the process before */
		errand = NULL;
	}
	if (!errand)
		errand = remember(probes, instance, check);
	if (!errand)
		return false;
	errand->number = json_get_int(body, "number", 0);
	errand->again = errand->phase == ERRAND_TRIES;
	if (errand->phase == ERRAND_COOLS)
		enqueue(errand, now);
	go(probes, now);
	return true;
}

/* NULL: of all services. */
static void drop(struct probes *probes, const struct service *service, bool only_moot)
{
	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		struct errand *errand = TAILQ_FIRST(&probes->lists[phase]), *behind;

		for (; errand; errand = behind) {
			behind = TAILQ_NEXT(errand, beside);
			if ((!service || errand->service == service) &&
				(!only_moot || is_moot(errand)))
				forget(errand);
		}
	}
}

void probes_prune(struct probes *probes, const struct service *service)
{
	drop(probes, service, true);
}

void probes_forget(struct probes *probes, const struct service *service)
{
	drop(probes, service, false);
}

void probes_forget_all(struct probes *probes)
{
	drop(probes, NULL, false);
}

int probes_new(struct probes **ret, struct loop *loop, const struct probes_user *user)
{
	struct probes *probes = calloc(1, sizeof(*probes));

	if (!probes || timer_new(&probes->timer, loop, on_due, probes) < 0) {
		free(probes);
		return -ENOMEM;
	}
	probes->loop = loop;
	probes->user = *user;
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		TAILQ_INIT(&probes->lists[phase]);
	*ret = probes;
	return 0;
}

struct probes *probes_free(struct probes *probes)
{
	if (!probes)
		return NULL;
	probes_forget_all(probes);
	timer_free(probes->timer);
	free(probes);
	return NULL;
}
