/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sample.c - mathoid, as it is on a good day. Words are literals: nothing of it is freed.
 */
#include "tests/supervisor/sample.h"

#include <stdio.h>
#include <string.h>

/* Config's structs own writable strings; a test only lends them. */
static char *lent(const char *text)
{
	union {
		const char *in;
		char *out;
	} both = { text };

	return both.out;
}

static void init_declaration(struct sample *sample)
{
	sample->check = (struct check){
		.name = lent("info"), .kind = CHECK_HTTP, .effect = EFFECT_READY
	};
	sample->listen = (struct listen){ .name = lent("http"),
		.port = lent("10042"),
		.protocol = PROTOCOL_TCP,
		.address = lent("*") };
	sample->declaration = (struct declaration){ .service = lent("mathoid"),
		.description = lent("Renders TeX to SVG and MathML"),
		.state = ROLLOUT_PRODUCTION,
		.listen = &sample->listen,
		.listen_count = 1 };
	sample->declaration.run.user = lent("mathoid");
	sample->declaration.health.checks = &sample->check;
	sample->declaration.health.checks_count = 1;
	sample->declaration.health.slow_start_ms = UNSET;
}

static void init_instance(struct sample *sample, unsigned number)
{
	struct instance *instance = &sample->instances[number - 1];

	*instance = (struct instance){ .service = &sample->service,
		.number = number,
		.generation = 3,
		.state = STATE_UP,
		.since = { SAMPLE_NOW.us - 60 * (int64_t)US_PER_S },
		.deadline = NEVER,
		.since_wall = { SAMPLE_WALL.us - 60 * (int64_t)US_PER_S },
		.pid = 4711,
		.pidfd = -1,
		.started = { SAMPLE_WALL.us - 61 * (int64_t)US_PER_S },
		.ready = true,
		.verdict = VERDICT_PASS,
		.output = { -1, -1 } };
	sample->measured[number - 1] = (struct measured){ 120000, 81920000, 22, 31, 4,
		{ 0, 12, 3, 0, 0, .memory = 125, .cpu = 0, .io = UNSET } };
}

static void init_service(struct sample *sample)
{
	sample->fact = (struct check_fact){ .name = lent("info"),
		.verdict = VERDICT_PASS,
		.latency_us = 1900,
		.at = SAMPLE_WALL,
		.instance = 1 };
	sample->service = (struct service){ .name = lent("mathoid"),
		.declaration = &sample->declaration,
		.effective = sample->effective,
		.hash = "08f44b07b5901a25",
		.wanted = WANTED_UP,
		.instances = sample->instances,
		.instances_count = 1,
		.checks = &sample->fact,
		.checks_count = 1,
		.firewall_applied = true,
		.accepted_packets = 812,
		.dropped_packets = 3,
		.job = { .id = 1, .kind = JOB_START, .result = JOB_DONE } };
	snprintf(sample->service.wish.who, sizeof(sample->service.wish.who), "svcd");
	remark_set(&sample->service.wish.why, "declared");
	sample->service.wish.since = SAMPLE_WALL;
}

void sample_init(struct sample *sample)
{
	*sample = (struct sample){ .effective = strdup("{}") };
	init_declaration(sample);
	init_instance(sample, 1);
	init_instance(sample, 2);
	init_service(sample);
	sample->member = (struct member){ .name = lent("mathoid"),
		.service = &sample->service,
		.index = 812,
		.readiness = &sample->readiness,
		.measured = sample->measured,
		.measured_count = 2,
		.start_by = NEVER,
		.operators_gid = UNSET };
	sample->readiness = (struct readiness){ .ready = true };
	for (size_t i = 0; i < TERM_COUNT; i++)
		sample->readiness.terms[i].ok = true;
}

void sample_done(struct sample *sample)
{
	free(sample->effective);
	remark_clear(&sample->service.wish.why);
}
