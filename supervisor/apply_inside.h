/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * apply_inside.h - one wish on its way: what apply.c reads for it, and compare.c decides.
 * Private to these two.
 */
#pragma once

#include "supervisor/apply.h"
#include "supervisor/wish_queue.h"

struct apply {
	struct supervisor *supervisor;
	struct wish_queue wishes; /* the one at work, then those that wait */
	struct task *next;        /* begins with the first */
	struct reader *reader;
	struct operators *operators;
	struct config *config;   /* read, and not yet in use */
	struct json_t *expected; /* changes that were agreed to; NULL: any */
	struct shown *shown;
	struct timer *read_again; /* armed: what nobody waits for could not be read */
	struct file_watch *watch; /* NULL: this host cannot */
	bool taken_over;          /* what another supervisor left as it was accepted */
	bool looked;              /* the disk was read once */
	bool unsealed;            /* and is to be understood, sealed or not */
};

/* The one at work. */
static inline struct apply_wish *wish_of(const struct apply *apply)
{
	return wish_queue_first(&apply->wishes);
}

/* apply.c: its end, and the next one's begin. `outcome` is borrowed but for its changes.
 * A refusal tells the problems of what was read. */
void apply_finish(
	struct apply *apply, const struct apply_outcome *outcome, struct instant now);
void apply_refuse(struct apply *apply, const char *reason, struct instant now);

/* compare.c: what was read (`config`) meets what runs: shown, refused or done. */
void apply_compare(struct apply *apply, struct instant now);
/* What was read is as it was accepted, and was begun while it was read. */
void apply_begin_sealed(struct apply *apply, struct instant now);
