/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_host.c - what the host file says about sockets of our own: that each can be
 * bound, and that who may see detail is somebody.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "config/build.h"
#include "config/merge.h"

enum { PORT_MAX = 65535 };

static bool is_port(const char *text)
{
	char *end;
	const unsigned long port = strtoul(text, &end, 10);

	return isdigit((unsigned char)text[0]) && *end == '\0' && port > 0 &&
	       port <= PORT_MAX;
}

/* "127.0.0.1:9479", "[::1]:9479". */
static bool is_endpoint(const char *text)
{
	const char *colon = strrchr(text, ':');
	const bool bracketed = text[0] == '[' && colon > text && colon[-1] == ']';
	_cleanup_free_ char *address = NULL;
	unsigned char bytes[16];

	if (!colon || !is_port(colon + 1))
		return false;
	address = bracketed ? strndup(text + 1, (size_t)(colon - text) - 2)
			    : strndup(text, (size_t)(colon - text));
	return address && inet_pton(bracketed ? AF_INET6 : AF_INET, address, bytes) == 1;
}

static void check_endpoints(const char *key, const struct strings *endpoints,
	const struct node *tree, struct problems *problems)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		_cleanup_free_ char *path = text_format("%s[%zu]", key, i);

		if (path && !is_endpoint(endpoints->items[i])) {
			problem(problems, node_mark(tree, path), path,
				"must be ADDRESS:PORT such as 127.0.0.1:9479 or [::1]:9479, "
				"not %s",
				endpoints->items[i]);
		}
	}
}

void host_check(
	const struct host *host, const struct node *tree, struct problems *problems)
{
	check_endpoints("http.listen", &host->http.listen, tree, problems);
	check_endpoints("agent.listen", &host->agent_listen, tree, problems);
}
