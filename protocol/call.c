/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * call.c - one varlink call: from message to method, from answer to message.
 *
 * A call lives until its owner ends it, also when the client left meanwhile: then
 * answers go nowhere.
 */
#include <assert.h>
#include <string.h>

#include "protocol/varlink.h"

static void call_end(struct varlink_call *call)
{
	if (call->connection) {
		call->connection->call = NULL;
		task_schedule(call->connection->server->turn);
	}
	free(call);
}

void call_detach(struct varlink_call *call)
{
	call->connection = NULL;
	if (call->gone)
		call->gone(call->gone_data, call);
}

/* Takes `message`; without memory for it the client is dropped, which it notices. */
static void send_message(struct varlink_call *call, struct json_t *message)
{
	_cleanup_(json_freep) struct json_t *owned = message;
	_cleanup_free_ char *line = NULL;

	if (varlink_is_gone(call) || call->oneway)
		return;
	line = owned ? json_print(owned, JSON_ONE_LINE) : NULL;
	if (!line) {
		connection_drop(call->connection, "out of memory");
	} else {
		connection_send(call->connection, line, strlen(line) + 1);
	}
}

static struct json_t *message_new(struct json_t *parameters)
{
	_cleanup_(json_freep) struct json_t *message = json_new_object();

	if (!message) {
		json_free(parameters);
		return NULL;
	}
	if (json_set(message, "parameters", parameters ? parameters : json_new_object()) <
		0)
		return NULL;
	return TAKE(message);
}

void varlink_reply(struct varlink_call *call, struct json_t *parameters, bool more)
{
	struct json_t *message = message_new(parameters);

	if (more && !call->more) {
		json_free(message); /* who did not ask for progress gets the end only */
		return;
	}
	if (message && more && json_set_bool(message, "continues", true) < 0) {
		json_free(message);
		message = NULL;
	}
	send_message(call, message);
	if (!more)
		call_end(call);
}

void varlink_error(
	struct varlink_call *call, const char *error, struct json_t *parameters)
{
	struct json_t *message = message_new(parameters);

	if (message && json_set_text(message, "error", error) < 0) {
		json_free(message);
		message = NULL;
	}
	send_message(call, message);
	call_end(call);
}

const struct varlink_peer *varlink_peer(const struct varlink_call *call)
{
	return &call->peer;
}

bool varlink_wants_more(const struct varlink_call *call)
{
	return call->more;
}

bool varlink_is_gone(const struct varlink_call *call)
{
	return !call->connection || call->connection->dead;
}

size_t varlink_queued(const struct varlink_call *call)
{
	return call->connection ? bytes_left(&call->connection->out) : 0;
}

void varlink_on_gone(struct varlink_call *call,
	void (*gone)(void *data, struct varlink_call *call), void *data)
{
	call->gone = gone;
	call->gone_data = data;
}

void varlink_on_drained(struct varlink_call *call,
	void (*drained)(void *data, struct instant now), void *data)
{
	call->drained = drained;
	call->drained_data = data;
}

static const struct varlink_method *find(
	const struct varlink_method *methods, const char *name)
{
	for (; methods->name; methods++) {
		if (strcmp(methods->name, name) == 0)
			return methods;
	}
	return NULL;
}

static size_t interface_size(const char *method)
{
	const char *dot = strrchr(method, '.');

	return dot ? (size_t)(dot - method) : 0;
}

/* Which of the two the client got wrong: the interface, or the method in it. */
static void refuse_unknown(struct varlink_call *call, const char *name)
{
	const struct varlink_server *server = call->connection->server;
	const char *ours[] = { service_methods[0].name, server->methods[0].name };
	struct json_t *parameters = json_new_object();
	size_t size = interface_size(name);
	char interface[256];

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		if (!ours[i] || size != interface_size(ours[i]) ||
			memcmp(ours[i], name, size) != 0)
			continue;
		json_set_text(parameters, "method", name);
		varlink_error(call, "org.varlink.service.MethodNotFound", parameters);
		return;
	}
	snprintf(interface, sizeof(interface), "%.*s", (int)MIN(size, sizeof(interface)),
		name);
	json_set_text(parameters, "interface", interface);
	varlink_error(call, "org.varlink.service.InterfaceNotFound", parameters);
}

static void run(struct varlink_call *call, const char *name, struct json_t *parameters,
	struct instant now)
{
	struct varlink_server *server = call->connection->server;
	const struct varlink_method *method = find(service_methods, name);

	if (method) {
		method->run(server, call, parameters, now);
		return;
	}
	method = find(server->methods, name);
	if (method) {
		method->run(server->owner, call, parameters, now);
	} else {
		refuse_unknown(call, name);
	}
}

/* What makes no sense is found out by who begins it. */
bool call_must_wait(const struct varlink_server *server, const char *frame, size_t size)
{
	_cleanup_(json_freep) struct json_t *message = NULL;
	const char *name;

	if (!server->at_once ||
		json_parse(&message, frame, size, VARLINK_MAX_BYTES, NULL) < 0)
		return false;
	name = json_get_text(message, "method", "");
	return find(server->methods, name) && !find(server->at_once, name);
}

bool call_begin(
	struct connection *connection, const char *frame, size_t size, struct instant now)
{
	_cleanup_(json_freep) struct json_t *message = NULL, *empty = json_new_object();
	struct json_t *parameters;
	struct varlink_call *call;
	const char *name;

	if (!empty || json_parse(&message, frame, size, VARLINK_MAX_BYTES, NULL) < 0)
		return false;
	name = json_get_text(message, "method", NULL);
	parameters = json_get(message, "parameters");
	if (!name || (json_kind(parameters) != JSON_IS_NULL &&
			     json_kind(parameters) != JSON_IS_MAP))
		return false;
	call = calloc(1, sizeof(*call));
	if (!call)
		return false;
	assert(!connection->call);
	call->connection = connection;
	call->peer = connection->peer;
	call->more = json_get_bool(message, "more", false);
	call->oneway = json_get_bool(message, "oneway", false);
	connection->call = call;
	run(call, name, json_kind(parameters) == JSON_IS_MAP ? parameters : empty, now);
	return true;
}
