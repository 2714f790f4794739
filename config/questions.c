/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * questions.c - what other rooms ask a declaration.
 */
#include <ctype.h>
#include <string.h>

#include "config/config.h"

enum { PORT_MAX = 65535 };

/* 1..65535 in plain decimal digits; 0: it is something else. */
static uint16_t port_number(const char *text)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	number = strtoul(text, &end, 10);
	return *end || number > PORT_MAX ? 0 : (uint16_t)number;
}

uint16_t config_port(const struct listen *listen, unsigned instance)
{
	_cleanup_free_ char *port = NULL;

	if (!listen->port || config_expand(&port, listen->port, instance, NULL) < 0)
		return 0;
	return port_number(port);
}

const struct listen *config_listen(
	const struct declaration *declaration, const char *port)
{
	if (!port)
		return declaration->listen_count ? &declaration->listen[0] : NULL;
	for (size_t i = 0; i < declaration->listen_count; i++)
		if (text_equal(declaration->listen[i].name, port))
			return &declaration->listen[i];
	for (size_t i = 0; i < declaration->listen_count; i++)
		if (text_equal(declaration->listen[i].port, port))
			return &declaration->listen[i];
	return NULL;
}

uint16_t config_port_of(
	const struct declaration *declaration, const char *port, unsigned instance)
{
	const struct listen *listen = config_listen(declaration, port);

	if (listen)
		return config_port(listen, instance);
	return port ? port_number(port) : 0;
}

const struct network_set *site_set(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->networks_count; i++)
		if (text_equal(site->networks[i].name, name))
			return &site->networks[i];
	return NULL;
}

const char *host_warning(const struct host *host)
{
	if (host->firewall.mode != FIREWALL_OWN)
		return NULL;
	return "firewall.mode: own is not there yet: the ports of services are guarded as "
	       "with `add`, the rest of the host is not, and no service becomes ready; "
	       "write `add`";
}
