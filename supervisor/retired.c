/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * retired.c - looks now and then whether logs of retired services are old enough to go.
 *
 * Only in directories that are a service's by their name: what else somebody put his logs
 * into may be others'. Without logs.rotate.max_age they are kept. Not here: the removing
 * (old_logs.c).
 */
#include "supervisor/retired.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "spawn/spawn.h"
#include "supervisor/old_logs.h"
#include "supervisor/plan.h"
#include "supervisor/supervisor.h"

enum {
	LOOK_LEAST_MS = MS_PER_S,
	LOOK_MOST_MS = 60 * 60 * MS_PER_S,
	LOOKS_PER_AGE = 4,
	TIMEOUT_MS = 60 * MS_PER_S,
};

struct retired {
	struct supervisor *supervisor;
	struct log_place {
		char *service, *directory;
		int64_t max_age_ms;
	} * items;
	size_t count;
	struct timer *timer;
	struct deed *deed;
	struct wall at; /* of the deed */
};

static void forget_all(struct retired *retired)
{
	for (size_t i = 0; i < retired->count; i++) {
		free(retired->items[i].service);
		free(retired->items[i].directory);
	}
	free(retired->items);
	retired->items = NULL;
	retired->count = 0;
}

static bool is_by_name(const char *directory, const char *service)
{
	const char *name = directory ? strrchr(directory, '/') : NULL;

	return name && strcmp(name + 1, service) == 0;
}

static void keep(struct retired *retired, const struct declaration *declaration)
{
	const struct logs *logs = &declaration->logs;
	struct log_place *items, *place;

	if (logs->rotate.max_age_ms == UNSET ||
		!is_by_name(logs->directory, declaration->service))
		return;
	items = reallocarray(retired->items, retired->count + 1, sizeof(*items));
	if (!items)
		return; /* next time */
	retired->items = items;
	place = &items[retired->count];
	*place = (struct log_place){ .service = strdup(declaration->service),
		.directory = strdup(logs->directory),
		.max_age_ms = logs->rotate.max_age_ms };
	if (place->service && place->directory) {
		retired->count++;
	} else {
		free(place->service);
		free(place->directory);
	}
}

/* ---- looking ------------------------------------------------------------------- */

static int remove_old(void *data, int output_fd)
{
	const struct retired *retired = data;
	int failed = 0;

	for (size_t i = 0; i < retired->count; i++) {
		const struct log_place *place = &retired->items[i];
		int r;

		/* it is on its way out, and still writes */
		if (members_find(&retired->supervisor->members, place->service))
			continue;
		r = old_logs_remove(place->directory, place->max_age_ms, retired->at);
		if (r < 0 && r != -ENOENT) {
			dprintf(output_fd, "%s: %s\n", place->directory, strerror(-r));
			failed = 1;
		}
	}
	return failed;
}

static void look_again(struct retired *retired, struct instant now)
{
	int64_t pause_ms = LOOK_MOST_MS;

	if (retired->count == 0)
		return;
	for (size_t i = 0; i < retired->count; i++)
		pause_ms = MIN(pause_ms, retired->items[i].max_age_ms / LOOKS_PER_AGE);
	timer_arm(retired->timer, instant_add_ms(now, MAX(pause_ms, LOOK_LEAST_MS)));
}

static void on_removed(void *owner, const struct deed_result *result, struct instant now)
{
	struct retired *retired = owner;

	if (!result->ok)
		supervisor_say(retired->supervisor,
			(struct about){ NULL, "retired", LOG_WARNING },
			"logs of retired services stay: %s", result->reason);
	retired->deed = deed_free(retired->deed);
	look_again(retired, now);
}

static void on_timer(void *owner, struct instant now)
{
	struct retired *retired = owner;
	struct supervisor *supervisor = retired->supervisor;
	struct spawn_spec spec = spawn_plain("removing logs of retired services");
	struct deed_plan plan = { .spec = &spec,
		.timeout_ms = TIMEOUT_MS,
		.done = on_removed,
		.owner = retired };

	if (retired->deed || retired->count == 0 || supervisor->stopping)
		return;
	spec.function = remove_old;
	spec.keep_privileges = true;
	spec.data = retired;
	retired->at = loop_wall(supervisor->loop);
	if (deed_start(&retired->deed, supervisor->loop, supervisor->cgroups, &plan) < 0)
		look_again(retired, now);
}

void retired_take(struct retired *retired, const struct plan *plan, struct instant now)
{
	if (plan->whole)
		forget_all(retired);
	for (size_t i = 0; i < plan->count; i++) {
		const struct entry *entry = plan->items[i].entry;

		if (entry && entry->here && entry->declaration &&
			entry->declaration->state == ROLLOUT_RETIRED)
			keep(retired, entry->declaration);
	}
	if (!retired->deed)
		look_again(retired, now);
}

CLEANUP(struct retired *, retired_free)

int retired_new(struct retired **ret, struct supervisor *supervisor)
{
	_cleanup_(retired_freep) struct retired *retired = calloc(1, sizeof(*retired));

	if (!retired)
		return -ENOMEM;
	retired->supervisor = supervisor;
	if (timer_new(&retired->timer, supervisor->loop, on_timer, retired) < 0)
		return -ENOMEM;
	*ret = TAKE(retired);
	return 0;
}

struct retired *retired_free(struct retired *retired)
{
	if (!retired)
		return NULL;
	deed_free(retired->deed);
	timer_free(retired->timer);
	forget_all(retired);
	free(retired);
	return NULL;
}
