/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * metrics.c - the two texts that scrapers read. Pure.
 *
 * They differ in where `_total` and `_info` stand in TYPE, in the type of an info, and in
 * the last line.
 */
#include "health/metrics.h"

#include <math.h>
#include <string.h>

static const struct type_facts {
	const char *word, *open_word, *suffix;
} types[] = {
	[METRIC_GAUGE] = { "gauge", "gauge", "" },
	[METRIC_COUNTER] = { "counter", "counter", "_total" },
	[METRIC_INFO] = { "gauge", "info", "_info" },
	[METRIC_HISTOGRAM] = { "histogram", "histogram", "" },
};

static void add_escaped(struct text *text, const char *value)
{
	static const char *const escapes[256] = {
		['\\'] = "\\\\",
		['"'] = "\\\"",
		['\n'] = "\\n",
	};

	for (; *value; value++) {
		if (escapes[(unsigned char)*value])
			text_add(text, escapes[(unsigned char)*value]);
		else
			text_add_bytes(text, value, 1);
	}
}

static void head(struct metrics *metrics)
{
	const struct metric_family *family = metrics->family;
	const struct type_facts *type = &types[family->type];
	const char *suffix = metrics->open_metrics ? "" : type->suffix;

	text_addf(metrics->text, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, suffix,
		family->help, family->name, suffix,
		metrics->open_metrics ? type->open_word : type->word);
}

static void add_value(struct text *text, double value)
{
	if (isinf(value))
		text_add(text, value > 0 ? "+Inf" : "-Inf");
	else if (value == floor(value) && fabs(value) < 1e15)
		text_addf(text, "%.0f", value);
	else
		text_addf(text, "%.17g", value);
}

void metrics_begin(struct metrics *metrics, const struct metric_family *family)
{
	metrics->family = family;
	metrics->headed = false;
}

void metrics_add(struct metrics *metrics, const char *suffix,
	const struct metric_label *labels, double value)
{
	struct text *text = metrics->text;
	const char *separator = "{";

	if (!metrics->headed)
		head(metrics);
	metrics->headed = true;
	text_addf(text, "%s%s%s", metrics->family->name,
		types[metrics->family->type].suffix, suffix);
	for (; labels && labels->name; labels++) {
		text_addf(text, "%s%s=\"", separator, labels->name);
		add_escaped(text, labels->value ? labels->value : "");
		text_add(text, "\"");
		separator = ",";
	}
	text_add(text, *separator == ',' ? "} " : " ");
	add_value(text, value);
	text_add(text, "\n");
}

void metrics_end(struct metrics *metrics)
{
	if (metrics->open_metrics)
		text_add(metrics->text, "# EOF\n");
}
