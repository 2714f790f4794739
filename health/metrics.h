/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * metrics.h - writes figures as Prometheus 0.0.4 text or OpenMetrics 1.0.
 */
#pragma once

#include "base/text.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_INFO, METRIC_HISTOGRAM };

struct metric_family {
	const char *name; /* without _total and _info */
	enum metric_type type;
	const char *help;
};

struct metrics {
	struct text *text;
	const struct metric_family *family;
	bool open_metrics;
	bool headed; /* HELP and TYPE stand already; without samples they never do */
};

enum { METRIC_LABELS_MAX = 4 };
struct metric_label {
	const char *name, *value;
};

void metrics_begin(struct metrics *metrics, const struct metric_family *family);
/* `suffix` is "" or, of a histogram, "_bucket", "_sum", "_count". Labels end with a
 * NULL name. */
void metrics_add(struct metrics *metrics, const char *suffix,
	const struct metric_label *labels, double value);
void metrics_end(struct metrics *metrics);
