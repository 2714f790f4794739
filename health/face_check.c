/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face_check.c - /check: plugin output over HTTP, and its summaries of all services and
 * of the host.
 */
#include <string.h>

#include "health/plugin.h"

/* ---- all of them, and the host ----------------------------------------------------- */

void plugin_all(struct plugin_result *ret, const struct face_context *context,
	const struct plugin_request *request)
{
	const struct picture *picture = context->picture;
	size_t by_status[4] = { 0 };

	ret->status = picture->synced ? NAGIOS_OK : NAGIOS_UNKNOWN;
	for (size_t i = 0; i < picture->services_count; i++) {
		const struct service *service = picture->services[i];
		struct truth truth;

		truth_of(&truth, picture, service, &context->now);
		by_status[truth.nagios]++;
		ret->status = nagios_worse(ret->status, truth.nagios);
		text_addf(&ret->details, "[%s] %s %s%s", nagios_words[truth.nagios],
			service->name, situation_words[truth.situation],
			truth.reason[0] ? ": " : "");
		plugin_add_plain(&ret->details,
			request->detail ? truth.reason : truth.public_reason,
			REASON_BYTES);
		text_add(&ret->details, "\n");
	}
	text_addf(&ret->text, "SVC %s - %zu services", nagios_words[ret->status],
		picture->services_count);
	for (size_t i = 0; i < ARRAY_LEN(by_status); i++) {
		static const char *const words[] = { "ok", "warning", "critical",
			"unknown" };

		if (by_status[i])
			text_addf(&ret->text, ", %zu %s", by_status[i], words[i]);
		text_addf(&ret->perfdata, "%s%s=%zu;;;0;", i ? " " : "", words[i],
			by_status[i]);
	}
}

static void host_detail(struct plugin_result *result, enum nagios status,
	const char *format, size_t count)
{
	if (!count)
		return;
	result->status = nagios_worse(result->status, status);
	text_addf(&result->details, "[%s] %zu %s\n", nagios_words[status], count, format);
}

void plugin_host(struct plugin_result *ret, const struct face_context *context,
	const struct plugin_request *request)
{
	const struct picture *picture = context->picture;
	int64_t silent_us = instant_since_us(context->now.now, picture->heard);
	const int64_t hour_us = 3600 * (int64_t)US_PER_S;
	size_t refused = 0, stale = 0, pending = 0, overdue = 0;
	char text[DURATION_TEXT_BYTES];

	(void)request;
	for (size_t i = 0; i < picture->services_count; i++) {
		const struct service *service = picture->services[i];
		_cleanup_(json_freep) struct json_t *status =
			service->plain ? NULL : service_status(service);

		if (json_size(json_get(status, "refused")) > 0)
			refused++;
		else
			stale += json_get_bool(status, "stale", false);
		pending += json_size(json_get(status, "pending")) > 0;
		overdue += status_waits_us(status, context->now.wall) > hour_us;
	}
	host_detail(ret, NAGIOS_WARNING, "services with a refused file", refused);
	host_detail(ret, NAGIOS_WARNING,
		"services as accepted before: the host or site file is refused", stale);
	host_detail(ret, overdue ? NAGIOS_WARNING : NAGIOS_OK,
		"services with pending changes", pending);
	if (!picture->synced)
		ret->status = nagios_worse(ret->status, NAGIOS_UNKNOWN);
	if (picture_is_stale(picture, context->now.now))
		ret->status = NAGIOS_CRITICAL;
	text_addf(&ret->text, "SVC %s - ", nagios_words[ret->status]);
	if (picture_is_stale(picture, context->now.now))
		text_addf(&ret->text, "svcd state is %s old",
			duration_format(silent_us, text));
	else if (!picture->synced)
		text_add(&ret->text, "svcd has not told its services yet");
	else
		text_addf(&ret->text,
			"svcd watches %zu services, %zu refused, %zu pending",
			picture->services_count, refused, pending);
	text_addf(&ret->perfdata,
		"services=%zu;;;0; refused=%zu;;;0; pending=%zu;;;0; age=%.1fs;;;0; "
		"loop_lag=%.6fs;;;0;",
		picture->services_count, refused, pending, (double)silent_us / US_PER_S,
		context->process.loop_lag_s);
}

/* ---- HTTP -------------------------------------------------------------------------- */

static const struct {
	unsigned http;
	enum verdict verdict;
} by_status[] = {
	[NAGIOS_OK] = { 200, VERDICT_PASS },
	[NAGIOS_WARNING] = { 429, VERDICT_WARN },
	[NAGIOS_CRITICAL] = { 503, VERDICT_FAIL },
	[NAGIOS_UNKNOWN] = { 503, VERDICT_FAIL },
};

static void answer_result(struct answer *answer, const struct plugin_result *result)
{
	answer->status = by_status[result->status].http;
	answer->verdict = by_status[result->status].verdict;
	plugin_print(&answer->body, result);
}

void face_check(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const char *name = request->target.parts[1];
	const struct service *service = picture_find(context->picture, name);
	struct plugin_request question = { .detail = request->detail };
	struct plugin_result result = { 0 };
	struct truth truth;

	if (request->target.parts_count < 2 || strcmp(name, "_host") == 0) {
		answer->modified = context->picture->heard;
		if (request->target.parts_count < 2)
			plugin_all(&result, context, &question);
		else
			plugin_host(&result, context, &question);
	} else if (service) {
		truth_of(&truth, context->picture, service, &context->now);
		answer_about(answer, service, &truth, true);
		plugin_service(&result, context, service, &question);
	} else {
		answer_no_service(answer, context, name);
		return;
	}
	answer_result(answer, &result);
	plugin_result_done(&result);
}
