/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face_services.c - /v1/services[/NAME]: the status documents themselves
 * (docs/status.md).
 *
 * Those who may not read detail get the keys of `public_keys` only.
 */
#include <string.h>

#include "health/face.h"

static const char *const public_keys[] = { "service", "description", "rollout", "host",
	"state", "since", "ready", "listen", "index" };

static struct json_t *status_for(
	const struct service *service, const struct request *request)
{
	_cleanup_(json_freep) struct json_t *status = service_status(service);
	struct json_t *ret;

	if (!status) {
		ret = json_new_object();
		json_set_text(ret, "service", service->name);
		json_set(ret, "state", json_new_null());
		json_set_bool(ret, "ready", false);
		return ret;
	}
	if (request->detail)
		return TAKE(status);
	ret = json_new_object();
	for (size_t i = 0; i < ARRAY_LEN(public_keys); i++)
		if (json_get(status, public_keys[i]))
			json_set(ret, public_keys[i],
				json_share(json_get(status, public_keys[i])));
	return ret;
}

static void print(struct answer *answer, struct json_t *json)
{
	_cleanup_free_ char *text = json_print(json, JSON_ONE_LINE);

	text_add(&answer->body, text ? text : "");
	text_add(&answer->body, "\n");
	answer->type = type_json;
	json_free(json);
}

static void answer_list(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const struct picture *picture = context->picture;
	struct json_t *root = json_new_object(), *list = json_new_array();

	for (size_t i = 0; i < picture->services_count; i++)
		json_append(list, status_for(picture->services[i], request));
	json_set_int(root, "index", (int64_t)picture->index);
	json_set(root, "services", list);
	answer->modified = picture->heard;
	print(answer, root);
	answer_etag(answer, context, picture->index);
}

static void answer_one(struct answer *answer, const struct face_context *context,
	const struct service *service, const struct request *request)
{
	struct truth truth;

	truth_of(&truth, context->picture, service, &context->now);
	answer_about(answer, service, &truth, true);
	answer->unroute = false;
	print(answer, status_for(service, request));
	answer_etag(answer, context, service->index);
}

void face_services(struct answer *answer, const struct face_context *context,
	const struct request *request)
{
	const struct target *target = &request->target;
	const struct service *service;

	if (strcmp(target->parts[1], "services") != 0) {
		answer_not_found(answer, "page below /v1", target->parts[1]);
		return;
	}
	if (target->parts_count < 3) {
		answer_list(answer, context, request);
		return;
	}
	service = picture_find(context->picture, target->parts[2]);
	if (service)
		answer_one(answer, context, service, request);
	else
		answer_no_service(answer, context, target->parts[2]);
}
