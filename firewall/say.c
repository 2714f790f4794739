/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * say.c - the engine's half of the conversation, as JSON.
 */
#include "firewall/say.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

#include "firewall/model.h"

void say(struct channel *channel, enum message_kind kind, struct json_t *body)
{
	int r = body ? channel_send(channel, kind, body, NULL, 0) : -ENOMEM;

	if (r < 0 && r != -EPIPE) {
		log_warning("cannot tell the supervisor: %s: %s", message_words[kind],
			strerror(-r));
	}
}

void say_hello(struct channel *channel)
{
	struct json_t *body = json_new_object();

	json_set_int(body, "version", CHANNEL_VERSION);
	json_set_text(body, "build", SVCD_VERSION);
	say(channel, MESSAGE_HELLO, body);
}

void say_ack(struct channel *channel, enum message_kind of, const struct json_t *message,
	const char *error)
{
	struct json_t *body = json_new_object();

	json_set_text(body, "of", message_words[of]);
	json_set_text(body, "service", json_get_text(message, "service", NULL));
	json_set_int(body, "generation", json_get_int(message, "generation", 0));
	json_set_text(body, "error", error);
	say(channel, MESSAGE_ACK, body);
}

void say_applied(struct channel *channel, struct told_service *service, bool ok,
	const char *reason)
{
	struct json_t *body;

	if (service->reported_generation == service->generation &&
		service->reported_ok == ok &&
		text_equal(service->reported_reason, reason))
		return;
	free(service->reported_reason);
	service->reported_reason = strdup(reason);
	service->reported_ok = ok;
	service->reported_generation = service->generation;
	body = json_new_object();
	json_set_text(body, "service", service->name);
	json_set_int(body, "generation", service->generation);
	json_set_bool(body, "ok", ok);
	json_set_text(body, "reason", reason);
	say(channel, MESSAGE_APPLIED, body);
}

void say_counters(struct channel *channel, const struct told *told)
{
	struct json_t *body = json_new_object(), *services = json_new_object();

	for (size_t i = 0; i < told->count; i++) {
		const struct told_service *service = told->services[i];
		struct json_t *row = json_new_object();

		json_set_int(row, "accepted", (int64_t)service->accepted);
		json_set_int(row, "dropped", (int64_t)service->dropped);
		json_set(services, service->name, row);
	}
	json_set(body, "services", services);
	say(channel, MESSAGE_COUNTERS, body);
}

void say_foreign(struct channel *channel, const char *culprit, const char *what_we_do)
{
	struct json_t *body = json_new_object();
	_cleanup_free_ char *text = text_format(
		"%s changed table inet " TABLE_NAME ": %s", culprit, what_we_do);

	json_set_text(body, "text", text);
	say(channel, MESSAGE_FOREIGN, body);
}
