/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inside.h - private: all that the keeper knows.
 */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "base/orphans.h"

#include "keeper/outer.h"
#include "keeper/place.h"
#include "keeper/renew.h"

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

/* What is to be when the supervisor has ended. */
enum goal {
	GOAL_RUN,   /* the next one */
	GOAL_RENEW, /* we execute ourselves anew */
	GOAL_LEAVE, /* our end; services run on */
	GOAL_STOP,  /* our end; it has stopped all services before */
};

struct keeper {
	const char *root;
	struct renew renew;
	struct place place;
	struct fd_table store;
	struct outer outer;
	char *unknown; /* owned: see carry.h */
	int signals;   /* signalfd */
	enum goal goal;
	bool ended;
	int exit_status;

	/* its life */
	pid_t supervisor; /* 0: none runs */
	int pipe;         /* write end of what it reads as "keeper"; -1: none runs */
	int64_t started_us, heard_us;
	bool watched;        /* by systemd: it says at times that it lives */
	int64_t owes_us;     /* since then it should have spoken; NEVER_US: it need not */
	int64_t patience_us; /* so long it may owe */
	bool aborted;        /* it did not speak, and was sent SIGABRT */
	int64_t start_at_us, pause_us; /* back-off; pause 0: none */
	int64_t leave_by_us;           /* it was told to; NEVER_US: it was not */
	unsigned stops;                /* how often one died when it was to stop all */

	/* exits: counters of the ring */
	struct orphans orphans;
	size_t told;           /* before it: in the pipe, or handed over */
	size_t handed, proven; /* handed over to this one; to the one before it */

	pid_t trial; /* of the program that we would execute; 0: none */
	int64_t trial_by_us;
};

#define NEVER_US INT64_MAX

static inline int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

/* ---- keeper.c ------------------------------------------------------------------- */

/* Hears what is in the notify socket now. */
void keeper_hear(struct keeper *keeper);

/* ---- life.c: of one supervisor after the other ------------------------------------- */

/* Before the first start. */
void life_end_left(const struct keeper *keeper);
void life_start(struct keeper *keeper);
void life_ended(struct keeper *keeper, const siginfo_t *info);
/* It is asked to leave, or to stop everything first. */
void life_signal(struct keeper *keeper, int number);
/* It said READY=1. */
void life_ready(struct keeper *keeper);
/* It spoke. */
void life_heard(struct keeper *keeper);
/* It was stopped, or goes on. */
void life_halted(struct keeper *keeper, bool halted);
/* What is due: a start, an end by force. */
void life_turn(struct keeper *keeper);
int64_t life_due_us(const struct keeper *keeper); /* when life_turn() has work */

/* A child of ours ended that is not the supervisor (not reaped yet: its start time can
 * still be read). */
void life_orphan(struct keeper *keeper, const siginfo_t *info);
/* A line to the supervisor. False when it has no room for it, or there is none. */
bool life_tell(const struct keeper *keeper, const char *line);
/* Tells the exits that it has not been told. True when none is left. */
bool life_tell_orphans(struct keeper *keeper);
