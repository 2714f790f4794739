/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scrape.h - what the function of a metric family gets. Private to face_metrics.c and
 * scrape_checks.c.
 */
#pragma once

#include "health/face.h"
#include "health/metrics.h"

#define LABELS(...) ((const struct metric_label[]){ __VA_ARGS__, { NULL, NULL } })

/* Families of services are called once per service. */
struct scrape {
	struct metrics *out;
	const struct face_context *context;
	const struct service *service;
	struct json_t *status; /* of `service`, read once for all families */
	struct truth truth;    /* about `service` */
	size_t by_state[ARRAY_LEN(state_words)],
		refused; /* of all services, when all were seen */
};

/* Of each check on each instance. */
void scrape_check_success(const struct scrape *scrape);
void scrape_check_runs(const struct scrape *scrape);
void scrape_check_durations(const struct scrape *scrape);
void scrape_check_failures(const struct scrape *scrape);
void scrape_check_last_run(const struct scrape *scrape);
void scrape_check_figures(const struct scrape *scrape);
