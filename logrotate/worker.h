/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * worker.h - one thread for what may take long: compressing, syncing, unlinking,
 * scanning, searching.
 *
 * A job belongs to the worker from worker_add() until its `done` ran on the loop's
 * thread.
 */
#pragma once

#include "base/loop.h"

struct worker;
struct job {
	void (*work)(struct job *job);                     /* in the worker's thread */
	void (*done)(struct job *job, struct instant now); /* on the loop; may free it */
	struct job *next;
};

enum worker_pace {
	WORKER_NORMAL,
	WORKER_IDLE, /* SCHED_IDLE: only when nobody else wants the processor */
};
int worker_new(struct worker **ret, struct loop *loop, const char *name,
	enum worker_pace pace); /* -errno */
void worker_add(struct worker *worker, struct job *job);
/* Waits for the running job; then `done` of every job is called, also of those that never
 * ran. */
struct worker *worker_free(struct worker *worker, struct instant now);
