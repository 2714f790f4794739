/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * operators.c - when to look up, and what is said of a look-up that fails.
 *
 * Not here: the deed and what it finds (lookup.c).
 */
#include "supervisor/operators.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "supervisor/control.h"
#include "supervisor/estate.h"
#include "supervisor/lookup.h"
#include "supervisor/supervisor.h"

/* That a look-up lets the services of a boot go first. */
enum { STARTS_MAX_MS = MS_PER_S };
/* After one that failed: a directory of people may come later than this host. */
enum { LOOK_AGAIN_MS = 5 * MS_PER_S };

struct operators {
	struct supervisor *supervisor;
	struct operators_user user;
	struct lookup *lookup;
	struct timer *later;        /* armed: after the services of a boot */
	struct timer *again;        /* armed: the latest look-up failed */
	char unknown[REASON_BYTES]; /* why the latest failed, as it was said */
};

static void on_engines(
	void *owner, struct identity engines[static ENGINE_COUNT], struct instant now)
{
	struct operators *operators = owner;

	supervisor_adopt_engines(operators->supervisor, engines, now);
}

/* Until one succeeds: said once, not every time. */
static void look_again(
	struct operators *operators, const char *reason, struct instant now)
{
	if (reason && strcmp(operators->unknown, reason) != 0) {
		supervisor_say(operators->supervisor,
			(struct about){ NULL, "lookup", LOG_ERR },
			"it is not known who may operate services, and is tried again "
			"every %d s: %s",
			LOOK_AGAIN_MS / MS_PER_S, reason);
	} else if (!reason && operators->unknown[0]) {
		supervisor_say(operators->supervisor,
			(struct about){ NULL, "lookup", LOG_NOTICE },
			"it is known again who may operate services");
	}
	snprintf(operators->unknown, sizeof(operators->unknown), "%s",
		reason ? reason : "");
	timer_arm(operators->again, reason ? instant_add_ms(now, LOOK_AGAIN_MS) : NEVER);
}

static void finish(struct operators *operators, const char *reason, struct instant now)
{
	look_again(operators, reason, now);
	operators->user.done(operators->user.owner, reason, now);
}

static void on_looked_up(
	void *owner, struct found *found, const char *reason, struct instant now)
{
	struct operators *operators = owner;
	const bool known = found;
	char why[REASON_BYTES];

	snprintf(why, sizeof(why), "%s", reason); /* it is the look-up's */
	supervisor_adopt_found(operators->supervisor, found);
	estate_touch(operators->supervisor->estate);
	operators->lookup = lookup_free(operators->lookup);
	finish(operators, known ? NULL : why, now);
}

void operators_look(
	struct operators *operators, const struct config *config, struct instant now)
{
	struct supervisor *supervisor = operators->supervisor;
	struct lookup_plan plan = { .loop = supervisor->loop,
		.cgroups = supervisor->cgroups,
		.groups = control_groups(supervisor, config),
		.engines = on_engines,
		.done = on_looked_up,
		.owner = operators };
	int r = plan.groups ? lookup_start(&operators->lookup, &plan) : -ENOMEM;

	json_free(plan.groups);
	if (r == 0)
		return;
	supervisor_adopt_found(supervisor, NULL);
	finish(operators, "out of memory", now);
}

void operators_look_later(struct operators *operators, struct instant now)
{
	timer_arm(operators->later, instant_add_ms(now, STARTS_MAX_MS));
}

void operators_settled(struct operators *operators, struct instant now)
{
	if (!timer_is_armed(operators->later) ||
		!preparer_is_idle(operators->supervisor->preparer))
		return;
	timer_arm(operators->later, NEVER);
	operators_look(operators, NULL, now);
}

bool operators_are_asked(const struct operators *operators)
{
	return operators->lookup || timer_is_armed(operators->later);
}

static void on_later(void *owner, struct instant now)
{
	operators_look(owner, NULL, now);
}

static void on_again(void *owner, struct instant now)
{
	struct operators *operators = owner;

	if (operators->user.busy(operators->user.owner) ||
		operators->supervisor->stopping)
		timer_arm(operators->again, instant_add_ms(now, LOOK_AGAIN_MS));
	else
		operators_look(operators, NULL, now);
}

CLEANUP(struct operators *, operators_free)

int operators_new(struct operators **ret, struct supervisor *supervisor,
	const struct operators_user *user)
{
	_cleanup_(operators_freep) struct operators *operators =
		calloc(1, sizeof(*operators));
	int r;

	if (!operators)
		return -ENOMEM;
	operators->supervisor = supervisor;
	operators->user = *user;
	r = timer_new(&operators->later, supervisor->loop, on_later, operators);
	if (r == 0)
		r = timer_new(&operators->again, supervisor->loop, on_again, operators);
	if (r < 0)
		return r;
	*ret = TAKE(operators);
	return 0;
}

struct operators *operators_free(struct operators *operators)
{
	if (!operators)
		return NULL;
	lookup_free(operators->lookup);
	timer_free(operators->later);
	timer_free(operators->again);
	free(operators);
	return NULL;
}
