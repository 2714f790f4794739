/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shown.h - what an operator was shown and has not answered: kept for ten minutes, so
 * that what he agrees to is what is applied.
 */
#pragma once

#include "base/json.h"
#include "base/loop.h"
#include "base/text.h"

#include "config/config.h"

struct shown; /* one at most: the latest */

struct shown_plan {
	struct config *config;  /* as it was read */
	struct json_t *changes; /* that were shown */
	struct strings names, remove;
};

int shown_new(struct shown **ret, struct loop *loop); /* -ENOMEM */
struct shown *shown_free(struct shown *shown);
/* Takes all of `plan`; what was kept before is not any more. Its name, to ask for it by;
 * borrowed. */
const char *shown_keep(struct shown *shown, struct shown_plan *plan, struct instant now);
/* The caller owns all of *ret. False: nothing is kept by that name. */
bool shown_take(struct shown *shown, const char *name, struct shown_plan *ret);
