/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin.c - Nagios plugin output about one service, the same for GET /check/NAME and
 * `svcctl check`.
 *
 * The first line with its figures stays below 900 bytes (old NRPE cuts at 1024); text
 * never holds a `|`, which would begin figures; figures hold plain numbers only, as every
 * reader takes them.
 */
#include "health/plugin.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "health/range.h"

enum { HEADLINE_MAX_BYTES = 400, FIGURES_MAX_BYTES = 780 };

struct figure {
	const char *label, *status_key, *unit;
	double scale;
};
/* Read from the status document, summed over the instances; what is not known is left
 * out. */
static const struct figure figures[] = {
	{ "restarts", "restarts", "c", 1 },
	{ "conns", "connections", "", 1 },
	{ "rss", "memory_bytes", "B", 1 },
	{ "cpu", "cpu_us", "c", 1e-6 },
	{ "tasks", "tasks", "", 1 },
	{ "fds", "fds", "", 1 },
};

void plugin_result_done(struct plugin_result *result)
{
	text_done(&result->text);
	text_done(&result->perfdata);
	text_done(&result->details);
}

void plugin_print(struct text *text, const struct plugin_result *result)
{
	text_addf(text, "%s|%s\n", result->text.bytes, result->perfdata.bytes);
	if (result->details.size)
		text_add(text, result->details.bytes);
}

void plugin_add_plain(struct text *text, const char *string, size_t max_bytes)
{
	struct text shown = { 0 };

	text_add_shown(&shown, string, strnlen(string, max_bytes));
	for (size_t i = 0; i < shown.size; i++)
		if (shown.bytes[i] == '|')
			shown.bytes[i] = '/';
	text_add_bytes(text, shown.bytes, shown.size);
	text_done(&shown);
}

/* ---- figures ----------------------------------------------------------------------- */

/* Integers without a point, others with up to six places; never an exponent. */
static void add_number(struct text *text, double value)
{
	char number[DBL_MAX_10_EXP + 16];
	size_t size = (size_t)snprintf(number, sizeof(number), "%.6f", value);

	while (number[size - 1] == '0')
		size--;
	size -= number[size - 1] == '.';
	text_add_bytes(text, number, size);
}

/* Readers of figures know plain upper limits only. */
static void add_limit(struct text *text, const struct range *range)
{
	text_add(text, ";");
	if (range && !range->inside && isfinite(range->end))
		add_number(text, range->end);
}

struct thresholds {
	const struct range *warning, *critical;
};

static void add_figure(struct text *text, const struct figure *figure, double value,
	struct thresholds limits)
{
	text_addf(text, "%s%s=", text->size ? " " : "", figure->label);
	add_number(text, value);
	text_add(text, figure->unit);
	add_limit(text, limits.warning);
	add_limit(text, limits.critical);
	text_add(text, ";0;");
}

static const struct figure uptime_figure = { "uptime", NULL, "s", 1e-6 };
static const struct figure age_figure = { "age", NULL, "s", 1e-6 };

/* Every figure of a service by its label: what --metric can name. */
static bool figure_value(const struct face_context *context, struct json_t *status,
	const struct figure *figure, double *ret)
{
	int64_t us = -1;
	double sum;

	if (figure->status_key) {
		if (!status_sum(status, figure->status_key, &sum))
			return false;
		*ret = sum * figure->scale;
		return true;
	}
	if (figure == &uptime_figure)
		us = status_uptime_us(status, context->now.wall);
	else
		us = instant_since_us(context->now.now, context->picture->heard);
	*ret = floor((double)us * figure->scale);
	return us >= 0;
}

static const struct figure *nth_figure(size_t index)
{
	static const struct figure *const first[] = { &uptime_figure, &age_figure };

	if (index < ARRAY_LEN(first))
		return first[index];
	index -= ARRAY_LEN(first);
	return index < ARRAY_LEN(figures) ? &figures[index] : NULL;
}

static const struct figure *find_figure(const char *label)
{
	const struct figure *figure = nth_figure(0);

	for (size_t i = 1; figure && strcmp(figure->label, label) != 0; i++)
		figure = nth_figure(i);
	return figure;
}

static void add_figures(struct plugin_result *result, const struct face_context *context,
	struct json_t *status)
{
	const struct figure *figure;
	double value;

	text_addf(&result->perfdata, "state=%d;1;2;0;3", result->status);
	for (size_t i = 0; (figure = nth_figure(i)); i++)
		if (figure_value(context, status, figure, &value))
			add_figure(&result->perfdata, figure, value,
				(struct thresholds){ 0 });
}

/* What its checks print, as "CHECK.LABEL", while there is room on the line. */
static void add_check_figures(struct plugin_result *result, const struct service *service)
{
	for (size_t i = 0; i < service->probes_count; i++) {
		const struct probe *probe = service->probes[i];

		for (size_t k = 0; k < probe->perfdata.count; k++) {
			const struct perf_figure *figure = &probe->perfdata.items[k];

			if (result->text.size + result->perfdata.size > FIGURES_MAX_BYTES)
				return;
			text_addf(&result->perfdata, " %s.%s", probe->check->name,
				figure->label);
			if (probe->instance > 1)
				text_addf(&result->perfdata, ".%u", probe->instance);
			text_add(&result->perfdata, "=");
			add_number(&result->perfdata, figure->value);
			text_addf(&result->perfdata, "%s;;;;", figure->unit);
		}
	}
}

/* ---- a service --------------------------------------------------------------------- */

static void headline(struct plugin_result *result, const char *name, const char *what,
	const char *reason)
{
	text_addf(&result->text, "SVC %s - ", nagios_words[result->status]);
	plugin_add_plain(&result->text, name, HEADLINE_MAX_BYTES);
	text_addf(&result->text, " %s%s", what, *reason ? ": " : "");
	plugin_add_plain(&result->text, reason, HEADLINE_MAX_BYTES);
}

static void add_usage(struct plugin_result *result, const struct face_context *context,
	struct json_t *status)
{
	int64_t uptime_us = status_uptime_us(status, context->now.wall);
	char text[DURATION_TEXT_BYTES];
	double connections;

	if (uptime_us >= 0)
		text_addf(&result->text, ", up %s", duration_format(uptime_us, text));
	if (status_sum(status, "connections", &connections))
		text_addf(&result->text, ", %.0f conns", connections);
}

static void add_check_detail(struct plugin_result *result, const struct service *service,
	const struct check *check, bool detail)
{
	static const enum nagios by_verdict[] = {
		[VERDICT_UNKNOWN] = NAGIOS_UNKNOWN,
		[VERDICT_PASS] = NAGIOS_OK,
		[VERDICT_WARN] = NAGIOS_WARNING,
		[VERDICT_FAIL] = NAGIOS_CRITICAL,
	};
	struct check_sum sum = check_sum_of(service, check);
	bool has_output = sum.verdict != VERDICT_PASS;

	text_addf(&result->details, "[%s] check/%s",
		nagios_words[by_verdict[sum.verdict]], check->name);
	if (sum.verdict == VERDICT_PASS && sum.latency_us >= 0)
		text_addf(
			&result->details, " %.1fms", (double)sum.latency_us / US_PER_MS);
	else if (*sum.reason)
		text_add(&result->details, " ");
	plugin_add_plain(&result->details,
		has_output && !detail ? "reason withheld" : sum.reason, REASON_BYTES);
	text_add(&result->details, "\n");
}

/* One that is down is as bad as the service is for it: not at all when it was stopped. */
static void add_instance(
	struct plugin_result *result, struct json_t *instance, bool detail)
{
	int64_t pid = json_get_int(instance, "pid", 0);
	const char *why = json_get_text(instance, "why", "");

	text_addf(&result->details, "[%s] instance %lld ",
		nagios_words[pid > 0 ? NAGIOS_OK : result->status],
		(long long)json_get_int(instance, "instance", 1));
	plugin_add_plain(&result->details, json_get_text(instance, "state", "?"), 32);
	if (pid > 0)
		text_addf(&result->details, " pid %lld", (long long)pid);
	if (detail && *why) {
		text_add(&result->details, ": ");
		plugin_add_plain(&result->details, why, REASON_BYTES);
	}
	text_add(&result->details, "\n");
}

static void add_details(struct plugin_result *result, const struct service *service,
	struct json_t *status, bool detail)
{
	struct json_t *instances = json_get(status, "instances");
	const struct declaration *declaration = service->declaration;

	for (size_t i = 0; i < json_size(instances); i++)
		add_instance(result, json_item(instances, i), detail);
	for (size_t i = 0; i < declaration->health.checks_count; i++)
		add_check_detail(result, service, &declaration->health.checks[i], detail);
}

/* The service's own state, without thresholds. */
static void plugin_state(struct plugin_result *result, const struct face_context *context,
	const struct service *service, const struct plugin_request *request)
{
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	struct truth truth;

	truth_of(&truth, context->picture, service, &context->now);
	result->status = truth.nagios;
	headline(result, service->name, situation_words[truth.situation],
		request->detail ? truth.reason : truth.public_reason);
	if (truth.situation == SITUATION_READY && !truth.stale)
		add_usage(result, context, status);
	add_figures(result, context, status);
	add_check_figures(result, service);
	add_details(result, service, status, request->detail);
}

static int bad_request(struct plugin_result *result, const char *what, const char *word)
{
	result->status = NAGIOS_UNKNOWN;
	text_addf(&result->text, "SVC UNKNOWN - %s: ", what);
	plugin_add_plain(&result->text, word, HEADLINE_MAX_BYTES);
	text_addf(&result->perfdata, "state=%d;1;2;0;3", result->status);
	return -EINVAL;
}

static enum nagios judged(double value, struct thresholds limits)
{
	if (limits.critical && range_alerts(limits.critical, value))
		return NAGIOS_CRITICAL;
	return limits.warning && range_alerts(limits.warning, value) ? NAGIOS_WARNING
								     : NAGIOS_OK;
}

/* One figure against ranges, as `svcctl check --metric conns -w 100 -c 200` asks. */
static int plugin_metric(struct plugin_result *result, const struct face_context *context,
	const struct service *service, const struct plugin_request *request)
{
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	const struct figure *figure = find_figure(request->metric);
	struct range warning = { 0 }, critical = { 0 };
	struct thresholds limits = {
		.warning = request->warning ? &warning : NULL,
		.critical = request->critical ? &critical : NULL,
	};
	double value;

	if (!figure)
		return bad_request(result,
			"no such metric (uptime age restarts conns rss cpu tasks fds)",
			request->metric);
	if (request->warning && range_parse(&warning, request->warning) < 0)
		return bad_request(result, "not a range", request->warning);
	if (request->critical && range_parse(&critical, request->critical) < 0)
		return bad_request(result, "not a range", request->critical);
	if (!figure_value(context, status, figure, &value)) {
		bad_request(result, "not known now", figure->label);
		return 0;
	}
	result->status = judged(value, limits);
	text_addf(&result->text, "SVC %s - %s %s is ", nagios_words[result->status],
		service->name, figure->label);
	add_number(&result->text, value);
	text_add(&result->text, strcmp(figure->unit, "c") == 0 ? "" : figure->unit);
	add_figure(&result->perfdata, figure, value, limits);
	return 0;
}

int plugin_service(struct plugin_result *ret, const struct face_context *context,
	const struct service *service, const struct plugin_request *request)
{
	if (request->metric)
		return plugin_metric(ret, context, service, request);
	if (request->warning || request->critical)
		return bad_request(ret, "-w and -c need --metric",
			request->warning ? request->warning : request->critical);
	plugin_state(ret, context, service, request);
	return 0;
}
