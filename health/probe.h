/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe.h - one check on one instance of a service: its tries, its streak, its figures.
 */
#pragma once

#include "base/loop.h"

#include "health/http_client.h"
#include "health/perfdata.h"
#include "health/schedule.h"
#include "health/verdict.h"

enum { LATENCY_BUCKETS = 8 };
extern const double
	latency_bounds_s[LATENCY_BUCKETS]; /* upper bounds; the last is +Inf */

struct probe;

/* What all probes share. */
struct prober {
	struct loop *loop;
	struct http_client *http;
	const char *host;  /* this host's name: spreads the schedule */
	int64_t questions; /* to the supervisor, until now */
	/* Asks the supervisor to try it; probe_answered() follows. -errno. */
	int (*ask)(void *owner, const struct probe *probe, int64_t number);
	/* A try ended; `turned`: verdict or reason is another now. */
	void (*tried)(void *owner, struct probe *probe, bool turned, struct instant now);
	/* Another check of the same instance (`startup`) must pass once before this
	 * one starts. */
	bool (*must_wait)(void *owner, const struct probe *probe);
	void *owner;
};

struct probe {
	struct prober *prober;
	const struct declaration *declaration;
	const struct check *check;
	const char *service;
	unsigned instance, generation;

	struct schedule schedule;
	struct timer *timer;
	void *attempt; /* of the kind's; NULL: none is running */

	struct streak streak;
	struct outcome last;
	struct perfdata perfdata; /* of the latest try */
	struct instant at;        /* the latest try ended; 0: none yet */
	struct instant told;      /* the supervisor was told; 0: never */
	bool proven;              /* passed once */
	bool starting;            /* its process is not up yet */

	uint64_t runs[OUTCOME_COUNT];
	uint64_t latencies[LATENCY_BUCKETS];
	double latency_sum_s;
};

struct probe_of { /* whose */
	const char *service;
	const struct declaration *declaration;
	const struct check *check;
	unsigned instance, generation;
};
/* Borrows everything. First try soon. -ENOMEM. */
int probe_new(struct probe **ret, struct prober *prober, const struct probe_of *of,
	struct instant now);
struct probe *probe_free(struct probe *probe);
CLEANUP(struct probe *, probe_free)
/* The same process under a new declaration: keeps streak and figures of `old`. */
void probe_inherit(struct probe *probe, const struct probe *old);
/* Whether its process still starts. Then it is asked often, as failures are expected;
 * when it is up it is asked at once, and one good answer is enough. */
void probe_settle(struct probe *probe, bool starting, struct instant now);
bool probe_is_stale(const struct probe *probe, struct instant now);
/* What the supervisor's try showed: the body of MESSAGE_PROBED. */
void probe_answered(struct probe *probe, const struct json_t *answer, struct instant now);

/* ---- for the kinds ----------------------------------------------------------------- */

/* Where it asks: "127.0.0.1" and port. False: it has no port; `reason` says why. */
struct probe_target {
	char address[64];
	bool is_ipv6;
	uint16_t port;
};
bool probe_target(const struct probe *probe, struct probe_target *ret,
	char reason[static REASON_BYTES]);
/* A try ended: the attempt is over and freed by its kind. */
void probe_done(struct probe *probe, const struct outcome *outcome, struct instant now);

struct probe_kind {
	/* Starts a try, or ends it at once by probe_done(). -ENOMEM. */
	int (*start)(struct probe *probe, struct instant now);
	void (*cancel)(struct probe *probe);
};
extern const struct probe_kind probe_http, probe_openapi, probe_tcp, probe_deed;
