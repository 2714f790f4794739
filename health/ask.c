/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ask.c - `svcctl check`: the same result as GET /check, over varlink. Whoever can open
 * the socket is on this host and may read detail.
 */
#include "health/ask.h"

#include <string.h>

#include "health/plugin.h"

static void reply(struct varlink_call *call, const struct plugin_result *result,
	const struct face_context *context)
{
	struct json_t *body = json_new_object(), *details = json_new_array();
	const char *at = result->details.size ? result->details.bytes : "";

	while (*at) {
		_cleanup_free_ char *line = strndup(at, strcspn(at, "\n"));

		json_append_text(details, line);
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	json_set_int(body, "status", result->status);
	json_set_text(body, "text", result->text.bytes);
	json_set(body, "long", details);
	json_set_text(body, "perfdata", result->perfdata.bytes);
	json_set_int(body, "age_us",
		instant_since_us(context->now.now, context->picture->heard));
	varlink_reply(call, body, false);
}

static void no_such(
	struct varlink_call *call, const struct face_context *context, const char *name)
{
	struct json_t *parameters = json_new_object();
	const char *nearest = picture_nearest(context->picture, name);

	json_set(parameters, "name", json_new_text(name));
	json_set(parameters, "suggestion", json_new_text(nearest));
	varlink_error(call, VARLINK_NOT_FOUND, parameters);
}

void ask_check(struct varlink_call *call, struct json_t *parameters,
	const struct face_context *context)
{
	const char *name = json_get_text(parameters, "name", NULL);
	const struct plugin_request request = {
		.metric = json_get_text(parameters, "metric", NULL),
		.warning = json_get_text(parameters, "warning", NULL),
		.critical = json_get_text(parameters, "critical", NULL),
		.detail = true,
	};
	const struct service *service =
		name ? picture_find(context->picture, name) : NULL;
	bool about_host = json_get_bool(parameters, "host", false);
	struct plugin_result result = { 0 };

	if (name && !service && !about_host) {
		no_such(call, context, name);
		return;
	}
	if (about_host)
		plugin_host(&result, context, &request);
	else if (service)
		plugin_service(&result, context, service, &request);
	else
		plugin_all(&result, context, &request);
	reply(call, &result, context);
	plugin_result_done(&result);
}
