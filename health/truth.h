/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * truth.h - what every face says about one service, decided once.
 */
#pragma once

#include "health/health.h"

#define SITUATIONS(X)                                                                    \
	X(UNTOLD, "unknown") /* declared, and the supervisor has not told its state */   \
	X(STARTING, "starting")                                                          \
	X(READY, "ready")                                                                \
	X(DEGRADED, "degraded")   /* has traffic, something is wrong */                  \
	X(NOT_READY, "not ready") /* runs, may have no traffic */                        \
	X(DRAINING, "draining")                                                          \
	X(STOPPED, "stopped")  /* nobody wants it up */                                  \
	X(DOWN, "not running") /* wanted up, nothing runs */                             \
	X(WAITING, "waiting")  /* died, is started again after the back-off */           \
	X(FAILED, "failed")    /* gave up */                                             \
	X(DONE, "done")        /* a one-shot that succeeded */                           \
	X(MAINTENANCE, "in maintenance")
enum situation {
#define X(id, word) SITUATION_##id,
	SITUATIONS(X)
#undef X
		SITUATION_COUNT
};
extern const char *const situation_words[SITUATION_COUNT];

enum nagios { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };
extern const char *const nagios_words[4];

struct truth {
	enum situation situation;
	bool live, ready;
	bool stale;           /* what is known is old; readiness stays as it was */
	struct instant as_of; /* how old the oldest part of this is */
	bool unroute;         /* balancers should take it out at once */
	enum verdict verdict; /* pass, warn, fail: health+json and X-Svcd-Status */
	enum nagios nagios;
	char reason[REASON_BYTES]; /* one line; "" when all is well */
	char public_reason
		[REASON_BYTES]; /* the same without what only insiders may read */
};

/* Pure: from the service's status and probes, at `now`. */
void truth_of(struct truth *ret, const struct picture *picture,
	const struct service *service, const struct moment *now);

/* The worse of two, in the order of plugins: OK, WARNING, UNKNOWN, CRITICAL. */
enum nagios nagios_worse(enum nagios a, enum nagios b);
/* Is it up to this service whether the host is ready? Not when people took it out on
 * purpose. */
bool truth_counts(const struct truth *truth);

/* ---- questions about the status document ------------------------------------------- */

/* By it the service is ready, its declaration is what its file says, and time alone
 * changes nothing about that. */
bool status_is_plain(struct json_t *status);
/* Deaths in a row, none of which ran for `run.restart.stable`. */
unsigned status_deaths_in_a_row(struct json_t *status, int64_t stable_us);
/* Sums `key` over the instances; false when none knows it. */
bool status_sum(struct json_t *status, const char *key, double *ret);
/* For how long a change of its file has waited for `svcctl apply`; -1: none waits. */
int64_t status_waits_us(struct json_t *status, struct wall now);
/* Since its longest-running instance started; -1: nothing runs. */
int64_t status_uptime_us(struct json_t *status, struct wall now);
