/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scrape_checks.c - the figures of checks for /metrics.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "health/scrape.h"

struct check_labels {
	char instance[16];
	struct metric_label labels[METRIC_LABELS_MAX + 1];
};

static void label(struct check_labels *ret, const struct probe *probe)
{
	snprintf(ret->instance, sizeof(ret->instance), "%u", probe->instance);
	ret->labels[0] = (struct metric_label){ "service", probe->service };
	ret->labels[1] = (struct metric_label){ "check", probe->check->name };
	ret->labels[2] = (struct metric_label){ "instance", ret->instance };
	ret->labels[3] = ret->labels[4] = (struct metric_label){ NULL, NULL };
}

static void each_probe(const struct scrape *scrape,
	void (*add)(struct metrics *, const struct probe *, struct check_labels *,
		const struct moment *))
{
	for (size_t i = 0; i < scrape->service->probes_count; i++) {
		struct check_labels labels;

		label(&labels, scrape->service->probes[i]);
		add(scrape->out, scrape->service->probes[i], &labels,
			&scrape->context->now);
	}
}

static void add_success(struct metrics *out, const struct probe *probe,
	struct check_labels *labels, const struct moment *now)
{
	(void)now;
	if (probe->streak.verdict != VERDICT_UNKNOWN)
		metrics_add(
			out, "", labels->labels, probe->streak.verdict == VERDICT_PASS);
}

static void add_runs(struct metrics *out, const struct probe *probe,
	struct check_labels *labels, const struct moment *now)
{
	(void)now;
	for (size_t i = 0; i < OUTCOME_COUNT; i++) {
		labels->labels[3] = (struct metric_label){ "result", outcome_words[i] };
		metrics_add(out, "", labels->labels, (double)probe->runs[i]);
	}
}

static void add_durations(struct metrics *out, const struct probe *probe,
	struct check_labels *labels, const struct moment *now)
{
	uint64_t sum = 0;
	char bound[32];

	(void)now;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		sum += probe->latencies[i];
		snprintf(bound, sizeof(bound), isinf(latency_bounds_s[i]) ? "+Inf" : "%g",
			latency_bounds_s[i]);
		if (!strpbrk(bound, ".I"))
			snprintf(bound + strlen(bound), sizeof(".0"), ".0");
		labels->labels[3] = (struct metric_label){ "le", bound };
		metrics_add(out, "_bucket", labels->labels, (double)sum);
	}
	labels->labels[3] = (struct metric_label){ NULL, NULL };
	metrics_add(out, "_sum", labels->labels, probe->latency_sum_s);
	metrics_add(out, "_count", labels->labels, (double)sum);
}

static void add_failures(struct metrics *out, const struct probe *probe,
	struct check_labels *labels, const struct moment *now)
{
	(void)now;
	metrics_add(out, "", labels->labels, probe->streak.bad);
}

static void add_last_run(struct metrics *out, const struct probe *probe,
	struct check_labels *labels, const struct moment *now)
{
	if (probe->at.us)
		metrics_add(out, "", labels->labels,
			(double)moment_wall(now, probe->at).us / US_PER_S);
}

static void add_printed(struct metrics *out, const struct probe *probe,
	struct check_labels *labels, const struct moment *now)
{
	(void)now;
	for (size_t i = 0; i < probe->perfdata.count; i++) {
		const struct perf_figure *figure = &probe->perfdata.items[i];

		labels->labels[3] = (struct metric_label){ "figure", figure->label };
		metrics_add(out, "", labels->labels, figure->value);
	}
}

void scrape_check_figures(const struct scrape *scrape)
{
	each_probe(scrape, add_printed);
}

void scrape_check_success(const struct scrape *scrape)
{
	each_probe(scrape, add_success);
}

void scrape_check_runs(const struct scrape *scrape)
{
	each_probe(scrape, add_runs);
}

void scrape_check_durations(const struct scrape *scrape)
{
	each_probe(scrape, add_durations);
}

void scrape_check_failures(const struct scrape *scrape)
{
	each_probe(scrape, add_failures);
}

void scrape_check_last_run(const struct scrape *scrape)
{
	each_probe(scrape, add_last_run);
}
