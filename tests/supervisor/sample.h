/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sample.h - a service made by hand, up and ready, for tests of what only reads it.
 */
#pragma once

#include "supervisor/member.h"

struct sample {
	struct declaration declaration;
	struct check check;
	struct listen listen;
	struct check_fact fact;
	struct instance instances[2];
	struct exit_record exits[2];
	struct service service;
	struct measured measured[2];
	struct readiness readiness;
	struct member member;
	char *effective;
};

/* Every instant and every date in it is near these. */
#define SAMPLE_NOW  ((struct instant){ 1000 * US_PER_S })
#define SAMPLE_WALL ((struct wall){ 1795416842335076 })

void sample_init(struct sample *sample);
void sample_done(struct sample *sample);
