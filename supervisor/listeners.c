/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * listeners.c - addresses to sockets. Numeric only: no name is looked up.
 */
#include "supervisor/listeners.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "supervisor/store.h"

enum { BACKLOG = 256 };

/* "127.0.0.1:9479", "[::1]:9479", "*:9479" to an address. */
static int read_address(struct addrinfo **ret, const char *text, struct error *err)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
						    AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	_cleanup_free_ char *copy = strdup(text);
	char *colon = copy ? strrchr(copy, ':') : NULL, *host = copy;
	int r;

	if (!copy)
		return error_errno(err, -ENOMEM, "%s", text);
	if (!colon)
		return error_set(err, -EINVAL, "%s: no port; write ADDRESS:PORT", text);
	*colon = '\0';
	if (host[0] == '[' && colon > host && colon[-1] == ']') {
		host++;
		colon[-1] = '\0';
	}
	r = getaddrinfo(host[0] == '\0' || strcmp(host, "*") == 0 ? "0.0.0.0" : host,
		colon + 1, &hints, ret);
	if (r != 0)
		return error_set(err, -EINVAL, "%s: %s", text, gai_strerror(r));
	return 0;
}

static int bind_to(const struct addrinfo *address, const char *text, struct error *err)
{
	const int on = 1;
	_cleanup_close_ int fd =
		socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_errno(err, -errno, "%s: socket", text);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return error_errno(err, -errno, "%s: SO_REUSEADDR", text);
	if (address->ai_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return error_errno(err, -errno, "%s: IPV6_V6ONLY", text);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0)
		return error_errno(err, -errno, "bind %s", text);
	if (listen(fd, BACKLOG) < 0)
		return error_errno(err, -errno, "listen %s", text);
	return TAKE_FD(fd);
}

static int open_listener(const char *text, struct error *err)
{
	struct addrinfo *address = NULL;
	int fd = read_address(&address, text, err);

	if (fd < 0)
		return fd;
	assert(address);
	fd = bind_to(address, text, err);
	freeaddrinfo(address);
	return fd;
}

static bool is_declared(const struct strings *http, const struct strings *agent,
	const struct listener *listener)
{
	return strings_have(
		strcmp(listener->name, "http") == 0 ? http : agent, listener->address);
}

static void drop_undeclared(
	struct listeners *listeners, const struct host *host, struct store *store)
{
	size_t kept = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = &listeners->items[i];

		if (is_declared(&host->http.listen, &host->agent_listen, listener)) {
			listeners->items[kept++] = *listener;
			continue;
		}
		store_drop(store, listener->kept_as);
		free(listener->address);
		free(listener->kept_as);
	}
	listeners->count = kept;
}

static const struct listener *find(
	const struct listeners *listeners, const char *name, const char *address)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (strcmp(listeners->items[i].name, name) == 0 &&
			strcmp(listeners->items[i].address, address) == 0)
			return &listeners->items[i];
	return NULL;
}

/* The store's names have no ':'. */
static char *name_in_store(const char *name, const char *address)
{
	char *text = text_format("%s=%s", name, address);

	for (char *at = text; at && *at; at++)
		if (*at == ':')
			*at = '_';
	return text;
}

static int add(struct listeners *listeners, struct store *store, const char *name,
	const char *address, struct error *err)
{
	_cleanup_free_ char *kept_as = name_in_store(name, address),
			    *copy = strdup(address);
	struct listener *bigger =
		reallocarray(listeners->items, listeners->count + 1, sizeof(*bigger));
	int r = 0;

	if (bigger)
		listeners->items = bigger;
	if (!kept_as || !copy || !bigger)
		return error_errno(err, -ENOMEM, "%s", address);
	if (store_fd(store, kept_as) < 0) {
		_cleanup_close_ int fd = open_listener(address, err);

		if (fd < 0)
			return fd;
		r = store_put(store, kept_as, fd);
	}
	if (r < 0)
		return error_errno(err, r, "keeping %s", address);
	listeners->items[listeners->count++] = (struct listener){ .name = name,
		.address = TAKE(copy),
		.fd = store_fd(store, kept_as),
		.kept_as = TAKE(kept_as) };
	return 0;
}

void listeners_update(struct listeners *listeners, const struct host *host,
	struct store *store, struct strings *problems)
{
	const struct {
		const char *name;
		const struct strings *addresses;
	} rows[] = { { "http", &host->http.listen }, { "agent", &host->agent_listen } };

	drop_undeclared(listeners, host, store);
	for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
		for (size_t i = 0; i < rows[row].addresses->count; i++) {
			const char *address = rows[row].addresses->items[i];
			struct error err = { 0 };

			if (!find(listeners, rows[row].name, address) &&
				add(listeners, store, rows[row].name, address, &err) < 0)
				(void)strings_add(problems, err.text);
		}
	}
}

void listeners_done(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		free(listeners->items[i].address);
		free(listeners->items[i].kept_as);
	}
	free(listeners->items);
	*listeners = (struct listeners){ 0 };
}
