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

static bool names_listen(const struct declaration *declaration, const char *port)
{
	for (size_t i = 0; i < declaration->listen_count; i++) {
		if (text_equal(declaration->listen[i].name, port))
			return true;
	}
	return false;
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

/* `allow` and `deny`: who is meant matters here, not which of both it is. */
struct said {
	const struct allow *rows;
	size_t count;
};
enum { SAID_LISTS = 2 };

static void said_of(
	struct said ret[static SAID_LISTS], const struct declaration *declaration)
{
	ret[0] = (struct said){ declaration->firewall.allow,
		declaration->firewall.allow_count };
	ret[1] = (struct said){ declaration->firewall.deny,
		declaration->firewall.deny_count };
}

/* Whether all rows of `allow` and `deny` say the same about two listen rows. */
static bool mean_the_same(
	const struct gate *a, const struct gate *b, const struct declaration *declaration)
{
	struct said lists[SAID_LISTS];

	said_of(lists, declaration);
	for (size_t i = 0; i < SAID_LISTS; i++) {
		for (size_t k = 0; k < lists[i].count; k++) {
			const char *port = lists[i].rows[k].port;

			if (gate_is_meant(a, declaration, port) !=
				gate_is_meant(b, declaration, port))
				return false;
		}
	}
	return true;
}

/* Of the gates before the last. */
static const struct gate *find_gate(
	const struct gates *gates, uint8_t protocol, uint16_t port)
{
	for (size_t i = 0; i + 1 < gates->count; i++) {
		if (gate_has(&gates->items[i], protocol, port))
			return &gates->items[i];
	}
	return NULL;
}

/* To the last gate. The packet filter has one list for a port: the same port on two
 * addresses belongs to the first gate when both rows are open to the same people, and is
 * refused when they are not. */
static int add_port(struct gates *gates, const struct declaration *declaration,
	uint16_t port, struct error *err)
{
	struct gate *gate = &gates->items[gates->count - 1];
	const struct gate *other = find_gate(gates, gate->protocol, port);
	bool same;

	gate->ports[gate->ports_count++] = port;
	if (!other)
		return 0;
	same = mean_the_same(other, gate, declaration);
	gate->ports_count--;
	if (same)
		return 0;
	return error_set(err, -EINVAL,
		"listen: port %u is both \"%s\" and \"%s\": the packet filter has one "
		"list for a port, so let each row of `allow` and `deny` mean both",
		port, other->label, gate->label);
}

static int add_listen(struct gates *gates, const struct declaration *declaration,
	const struct listen *listen, struct error *err)
{
	const size_t slots = config_slots(declaration);
	struct gate *gate;
	int one, r = 0;

	if (is_loopback(listen->address))
		return 0;
	gate = gates_add(gates, slots);
	if (!gate)
		return -ENOMEM;
	snprintf(gate->label, sizeof(gate->label), "%s",
		listen->name ? listen->name : "port");
	gate->listen = listen;
	gate->protocol = protocol_numbers[listen->protocol];
	for (size_t i = 0; i < slots; i++) {
		uint16_t port = config_port(listen, (unsigned)i + 1);

		if (port == 0) {
			return error_set(err, -EINVAL,
				"listen \"%s\": port \"%s\" is not a number from 1 to 65535 "
				"for instance %zu",
				gate->label, listen->port ? listen->port : "", i + 1);
		}
		if (gate_has(gate, gate->protocol, port))
			continue;
		one = add_port(gates, declaration, port, r < 0 ? NULL : err);
		r = r < 0 ? r : one;
	}
	return r;
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
	struct said lists[SAID_LISTS];
	int worst = 0;

	said_of(lists, declaration);
	for (size_t i = 0; i < SAID_LISTS; i++) {
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
