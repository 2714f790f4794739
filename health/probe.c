/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe.c - the life of a probe: wait, try, judge, wait again. Never two tries at once.
 *
 * Not here: how a kind tries (probe_http.c, probe_tcp.c, probe_deed.c); which probes
 * there are (health.c).
 */
#include "health/probe.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const double latency_bounds_s[LATENCY_BUCKETS] = { 0.001, 0.005, 0.025, 0.1, 0.5, 1, 5,
	INFINITY };

static const struct probe_kind *const kinds[] = {
	[CHECK_HTTP] = &probe_http,
	[CHECK_OPENAPI] = &probe_openapi,
	[CHECK_TCP] = &probe_tcp,
	[CHECK_EXEC] = &probe_deed,
	[CHECK_FILE] = &probe_deed,
	[CHECK_NOTIFY] = &probe_deed,
};

static void count(struct probe *probe, const struct outcome *outcome)
{
	double latency_s = (double)outcome->latency_us / US_PER_S;
	size_t bucket = 0;

	while (latency_s > latency_bounds_s[bucket])
		bucket++;
	probe->runs[outcome->kind]++;
	probe->latencies[bucket]++;
	probe->latency_sum_s += latency_s;
}

void probe_done(struct probe *probe, const struct outcome *outcome, struct instant now)
{
	bool turned, soon;

	if (probe->starting && outcome->kind == OUTCOME_PASS)
		streak_unsettle(&probe->streak);
	turned = streak_feed(&probe->streak, probe->check, outcome);
	soon = probe->starting || streak_on_edge(&probe->streak);
	probe->last = *outcome;
	probe->at = now;
	probe->proven = probe->proven || outcome->kind == OUTCOME_PASS;
	count(probe, outcome);
	timer_arm(probe->timer, schedule_next(&probe->schedule, soon, now));
	/* Last: the owner may free this probe. */
	probe->prober->tried(probe->prober->owner, probe, turned, now);
}

static void on_due(void *owner, struct instant now)
{
	struct probe *probe = owner;

	if (probe->prober->must_wait(probe->prober->owner, probe)) {
		timer_arm(probe->timer, schedule_next(&probe->schedule, true, now));
		return;
	}
	if (kinds[probe->check->kind]->start(probe, now) < 0)
		timer_arm(probe->timer, schedule_next(&probe->schedule, false, now));
}

int probe_new(struct probe **ret, struct prober *prober, const struct probe_of *of,
	struct instant now)
{
	_cleanup_(probe_freep) struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return -ENOMEM;
	probe->prober = prober;
	probe->service = of->service;
	probe->declaration = of->declaration;
	probe->check = of->check;
	probe->instance = of->instance;
	probe->generation = of->generation;
	probe->schedule = schedule_of(of->check, prober->host, of->service, of->instance);
	if (timer_new(&probe->timer, prober->loop, on_due, probe) < 0)
		return -ENOMEM;
	timer_arm(probe->timer, schedule_first(&probe->schedule, now));
	*ret = TAKE(probe);
	return 0;
}

struct probe *probe_free(struct probe *probe)
{
	if (!probe)
		return NULL;
	if (probe->attempt)
		kinds[probe->check->kind]->cancel(probe);
	timer_free(probe->timer);
	free(probe);
	return NULL;
}

void probe_inherit(struct probe *probe, const struct probe *old)
{
	probe->streak = old->streak;
	probe->last = old->last;
	probe->perfdata = old->perfdata;
	probe->at = old->at;
	probe->told = old->told;
	probe->proven = old->proven;
	probe->starting = old->starting;
	memcpy(probe->runs, old->runs, sizeof(probe->runs));
	memcpy(probe->latencies, old->latencies, sizeof(probe->latencies));
	probe->latency_sum_s = old->latency_sum_s;
}

void probe_settle(struct probe *probe, bool starting, struct instant now)
{
	bool came_up = probe->starting && !starting;

	probe->starting = starting;
	if (!came_up || probe->streak.verdict == VERDICT_PASS)
		return;
	streak_unsettle(&probe->streak);
	/* A try that is under way asked the process before it was up. */
	if (probe->attempt)
		kinds[probe->check->kind]->cancel(probe);
	timer_arm(probe->timer, now);
}

bool probe_is_stale(const struct probe *probe, struct instant now)
{
	return probe->at.us && instant_since_us(now, probe->at) >
				       schedule_stale_us(&probe->schedule, probe->check);
}

/* Where a listener with that address is met from this host. */
static const char *local_address(const char *address)
{
	static const struct {
		const char *listens_on, *met_at;
	} met[] = {
		{ "*", "127.0.0.1" },
		{ "0.0.0.0", "127.0.0.1" },
		{ "::", "::1" },
		{ "localhost", "127.0.0.1" },
	};

	for (size_t i = 0; address && i < ARRAY_LEN(met); i++)
		if (strcmp(address, met[i].listens_on) == 0)
			return met[i].met_at;
	return address ? address : "127.0.0.1";
}

bool probe_target(const struct probe *probe, struct probe_target *ret,
	char reason[static REASON_BYTES])
{
	const struct check *check = probe->check;
	const struct listen *listen = config_listen(probe->declaration, check->port);
	/* `host` of an HTTP check is a header, of a tcp check the place itself */
	bool elsewhere = check->kind == CHECK_TCP && check->host;
	const char *address = local_address(elsewhere ? check->host
					    : listen  ? listen->address
						      : NULL);
	unsigned char bytes[sizeof(struct in6_addr)];
	struct probe_target target = { .port = config_port_of(probe->declaration,
					       check->port, probe->instance) };

	target.is_ipv6 = inet_pton(AF_INET6, address, bytes) == 1;
	snprintf(target.address, sizeof(target.address), "%s", address);
	if (!target.port) {
		snprintf(reason, REASON_BYTES,
			"check %s has no port: name one of `listen` or a number",
			check->name);
		return false;
	}
	if (!target.is_ipv6 && inet_pton(AF_INET, address, bytes) != 1) {
		snprintf(reason, REASON_BYTES,
			"\"%.64s\" is not an address, and names are not looked up here",
			address);
		return false;
	}
	*ret = target;
	return true;
}
