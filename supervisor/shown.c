/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shown.c - the latest plan that an operator was shown.
 *
 * Owns it until it is taken, replaced, or too old.
 */
#include "supervisor/shown.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MS = 10 * 60 * MS_PER_S, NAME_BYTES = 32 };

struct shown {
	struct loop *loop;
	char name[NAME_BYTES]; /* "": none */
	struct shown_plan plan;
	struct timer *end;
};

static void forget(struct shown *shown)
{
	config_free(shown->plan.config);
	json_free(shown->plan.changes);
	strings_done(&shown->plan.names);
	strings_done(&shown->plan.remove);
	shown->plan = (struct shown_plan){ 0 };
	shown->name[0] = '\0';
}

static void on_end(void *owner, struct instant now)
{
	(void)now;
	forget(owner);
	(void)malloc_trim(0); /* a config is large, and each start forks this process */
}

const char *shown_keep(struct shown *shown, struct shown_plan *plan, struct instant now)
{
	forget(shown);
	snprintf(shown->name, sizeof(shown->name), "%" PRId64, loop_wall(shown->loop).us);
	shown->plan = *plan;
	*plan = (struct shown_plan){ 0 };
	timer_arm(shown->end, instant_add_ms(now, KEPT_MS));
	return shown->name;
}

bool shown_take(struct shown *shown, const char *name, struct shown_plan *ret)
{
	if (!shown->name[0] || strcmp(shown->name, name) != 0)
		return false;
	*ret = shown->plan;
	shown->plan = (struct shown_plan){ 0 };
	forget(shown);
	return true;
}

CLEANUP(struct shown *, shown_free)

int shown_new(struct shown **ret, struct loop *loop)
{
	_cleanup_(shown_freep) struct shown *shown = calloc(1, sizeof(*shown));

	if (!shown)
		return -ENOMEM;
	shown->loop = loop;
	if (timer_new(&shown->end, loop, on_end, shown) < 0)
		return -ENOMEM;
	*ret = TAKE(shown);
	return 0;
}

struct shown *shown_free(struct shown *shown)
{
	if (!shown)
		return NULL;
	forget(shown);
	timer_free(shown->end);
	free(shown);
	return NULL;
}
