/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_listen.c - ports: that each instance has one, that none is given twice, and what
 * names one.
 */
#include <string.h>

#include "config/config.h"
#include "rules/address.h"
#include "rules/checking.h"

enum { PATH_BYTES = 128, PORTS_COUNT = 65536, MAX_PORTS = 32 };

static bool same_address(const struct listen *a, const struct listen *b)
{
	return a->protocol == b->protocol &&
	       (text_equal(a->address, b->address) || text_equal(a->address, "*") ||
		       text_equal(b->address, "*"));
}

static void check_listen_address(struct checking *self, size_t index)
{
	const char *address = self->declaration->listen[index].address;
	struct error err = { 0 };
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "listen[%zu].address", index);
	if (text_equal(address, "*"))
		return;
	if (!is_address_like(address) || strchr(address, '/') || address[0] == '[') {
		checking_refuse(self, path,
			"must be * (all) or an address of this host such as 127.0.0.1 or "
			"::1, not '%s'",
			address);
	} else if (address_check(address, &err) < 0) {
		checking_refuse(self, path, "%s", err.text);
	}
}

/* What to do when only the slot that a restart uses has no port of its own. */
static const char spare_hint[] =
	", for a restart that starts the new process beside the others; write "
	"run.restart.handover: stop-first to do without";

/* Every instance has a port, and each its own unless all share one; so has the spare
 * slot of a restart. */
static bool check_instances(struct checking *self, size_t index)
{
	const struct listen *listen = &self->declaration->listen[index];
	const unsigned instances = (unsigned)self->declaration->run.instances;
	const unsigned slots = config_slots(self->declaration);
	const bool shared = config_port(listen, 1) == config_port(listen, 2);
	_cleanup_free_ unsigned *owner = calloc(PORTS_COUNT, sizeof(*owner));
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "listen[%zu].port", index);
	for (unsigned i = 1; owner && i <= slots; i++) {
		const uint16_t port = config_port(listen, i);

		if (port == 0) {
			checking_refuse(self, path,
				"'%s' is no port (1-65535) for instance %u%s",
				listen->port, i, i > instances ? spare_hint : "");
			return false;
		}
		if (owner[port] && !shared) {
			checking_refuse(self, path,
				"'%s' gives instances %u and %u the same port %u%s",
				listen->port, owner[port], i, port,
				i > instances ? spare_hint : "");
			return false;
		}
		owner[port] = i;
	}
	return true;
}

static bool ports_meet(const struct listen *a, const struct listen *b, unsigned slots)
{
	_cleanup_free_ bool *taken = calloc(PORTS_COUNT, sizeof(*taken));

	for (unsigned i = 1; taken && i <= slots; i++)
		taken[config_port(a, i)] = true;
	for (unsigned i = 1; taken && i <= slots; i++)
		if (taken[config_port(b, i)])
			return true;
	return false;
}

static void check_pair(struct checking *self, size_t one, size_t other)
{
	const struct listen *a = &self->declaration->listen[one];
	const struct listen *b = &self->declaration->listen[other];
	const unsigned instances = (unsigned)self->declaration->run.instances;
	const unsigned slots = config_slots(self->declaration);
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "listen[%zu].name", other);
	if (text_equal(a->name, b->name))
		checking_refuse(
			self, path, "there is a '%s' before; names are unique", a->name);
	snprintf(path, sizeof(path), "listen[%zu].port", other);
	if (same_address(a, b) && ports_meet(a, b, slots))
		checking_refuse(self, path, "'%s' listens on that port already%s",
			a->name, ports_meet(a, b, instances) ? "" : spare_hint);
}

void listen_check(struct checking *self)
{
	const struct declaration *declaration = self->declaration;
	bool right = declaration->listen_count <= MAX_PORTS;

	if (!right)
		checking_refuse(self, "listen", "%zu ports; at most %d are held",
			declaration->listen_count, MAX_PORTS);
	for (size_t i = 0; right && i < declaration->listen_count; i++)
		check_listen_address(self, i);
	for (size_t i = 0; right && i < declaration->listen_count; i++)
		right = check_instances(self, i) && right;
	for (size_t i = 0; right && i < declaration->listen_count; i++)
		for (size_t j = 0; j < i; j++)
			check_pair(self, j, i);
}

static const char *listen_name_at(size_t index, const void *data)
{
	const struct declaration *declaration = data;

	return index < declaration->listen_count ? declaration->listen[index].name : NULL;
}

void checking_port(struct checking *self, const char *path, const char *port)
{
	const struct declaration *declaration = self->declaration;
	const char *nearest;

	if (!port) {
		if (declaration->listen_count == 0)
			checking_refuse(self, path,
				"say which port: nothing is declared in `listen`");
		return;
	}
	if (config_port_of(declaration, port, 1) != 0)
		return;
	if (port[0] >= '0' && port[0] <= '9') {
		checking_refuse(self, path, "a port must be 1-65535, not %s", port);
		return;
	}
	nearest = text_nearest(port, listen_name_at, declaration);
	checking_refuse(self, path, "'%s' is no name of `listen` and no number%s%s%s",
		port, nearest ? "; did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}
