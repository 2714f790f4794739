/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gates.c - from listen rows and instances to protocol and port.
 */
#include "firewall/gates.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t protocol_numbers[] = {
	[PROTOCOL_TCP] = IPPROTO_TCP,
	[PROTOCOL_UDP] = IPPROTO_UDP,
};

static bool is_loopback(const char *address)
{
	return address &&
	       (text_starts(address, "127.") || text_equal(address, "::1") ||
		       text_equal(address, "[::1]") || text_equal(address, "localhost"));
}

static bool gate_has_number(const struct gate *gate, uint16_t port)
{
	for (size_t i = 0; i < gate->ports_count; i++) {
		if (gate->ports[i] == port)
			return true;
	}
	return false;
}

static bool gate_has(const struct gate *gate, uint8_t protocol, uint16_t port)
{
	return gate->protocol == protocol && gate_has_number(gate, port);
}

static struct gate *gates_add(struct gates *gates, size_t ports)
{
	struct gate *bigger =
		reallocarray(gates->items, gates->count + 1, sizeof(*gates->items));
	uint16_t *numbers = calloc(MAX(ports, (size_t)1), sizeof(*numbers));

	if (bigger)
		gates->items = bigger;
	if (!bigger || !numbers) {
		free(numbers);
		return NULL;
	}
	gates->items[gates->count] = (struct gate){ .ports = numbers };
	return &gates->items[gates->count++];
}

/* The same port behind two listen rows (two addresses of the host, say) has one list,
 * not two. */
static int refuse_twice(
	const struct gates *gates, uint8_t protocol, uint16_t port, struct error *err)
{
	for (size_t i = 0; i + 1 < gates->count; i++) {
		if (gate_has(&gates->items[i], protocol, port)) {
			return error_set(err, -EINVAL,
				"listen: port %u is both \"%s\" and \"%s\": the packet filter "
				"has one list for a port, so give it one row with address \"*\"",
				port, gates->items[i].label,
				gates->items[gates->count - 1].label);
		}
	}
	return 0;
}

static int add_listen(struct gates *gates, const struct declaration *declaration,
	const struct listen *listen, struct error *err)
{
	size_t instances = (size_t)MAX(declaration->run.instances, 1);
	struct gate *gate;
	int r = 0;

	if (is_loopback(listen->address))
		return 0;
	gate = gates_add(gates, instances);
	if (!gate)
		return -ENOMEM;
	snprintf(gate->label, sizeof(gate->label), "%s",
		listen->name ? listen->name : "port");
	gate->listen = listen;
	gate->protocol = protocol_numbers[listen->protocol];
	for (size_t i = 0; i < instances; i++) {
		uint16_t port = config_port(listen, (unsigned)i + 1);

		if (port == 0) {
			return error_set(err, -EINVAL,
				"listen \"%s\": port \"%s\" is not a number from 1 to 65535 "
				"for instance %zu",
				gate->label, listen->port ? listen->port : "", i + 1);
		}
		if (gate_has(gate, gate->protocol, port))
			continue;
		if (r == 0)
			r = refuse_twice(gates, gate->protocol, port, err);
		gate->ports[gate->ports_count++] = port;
	}
	return r;
}

static bool names_listen(const struct declaration *declaration, const char *port)
{
	for (size_t i = 0; i < declaration->listen_count; i++) {
		if (text_equal(declaration->listen[i].name, port))
			return true;
	}
	return false;
}

/* A number that no listen row has: the service opens it by itself. */
static int add_number(struct gates *gates, const struct declaration *declaration,
	const char *word, struct error *err)
{
	struct gate *gate;
	uint16_t port;

	if (!word || names_listen(declaration, word))
		return 0;
	port = config_port_of(declaration, word, 1);
	if (port == 0) {
		return error_set(err, -EINVAL,
			"firewall: \"%s\" is neither the name of a `listen` row nor a "
			"port",
			word);
	}
	for (size_t i = 0; i < gates->count; i++) {
		if (gate_has_number(&gates->items[i], port))
			return 0;
	}
	gate = gates_add(gates, 1);
	if (!gate)
		return -ENOMEM;
	snprintf(gate->label, sizeof(gate->label), "%u", port);
	gate->protocol = IPPROTO_TCP;
	gate->ports[gate->ports_count++] = port;
	return 0;
}

static int add_numbers(
	struct gates *gates, const struct declaration *declaration, struct error *err)
{
	const struct {
		const struct allow *rows;
		size_t count;
	} lists[] = {
		{ declaration->firewall.allow, declaration->firewall.allow_count },
		{ declaration->firewall.deny, declaration->firewall.deny_count },
	};
	int worst = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (size_t k = 0; k < lists[i].count; k++) {
			int r = add_number(gates, declaration, lists[i].rows[k].port,
				worst ? NULL : err);

			if (r == -ENOMEM)
				return r;
			worst = worst ? worst : r;
		}
	}
	return worst;
}

int gates_of(struct gates *ret, const struct declaration *declaration, struct error *err)
{
	int worst = 0, r;

	*ret = (struct gates){ 0 };
	for (size_t i = 0; i < declaration->listen_count; i++) {
		r = add_listen(
			ret, declaration, &declaration->listen[i], worst ? NULL : err);
		if (r == -ENOMEM)
			return r;
		worst = worst ? worst : r;
	}
	r = add_numbers(ret, declaration, worst ? NULL : err);
	return r == -ENOMEM || !worst ? r : worst;
}

void gates_done(struct gates *gates)
{
	for (size_t i = 0; i < gates->count; i++)
		free(gates->items[i].ports);
	free(gates->items);
	*gates = (struct gates){ 0 };
}

bool gate_is_meant(
	const struct gate *gate, const struct declaration *declaration, const char *port)
{
	if (!port)
		return true;
	if (names_listen(declaration, port))
		return gate->listen && text_equal(gate->listen->name, port);
	return gate_has_number(gate, config_port_of(declaration, port, 1));
}
