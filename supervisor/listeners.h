/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * listeners.h - the HTTP and agent ports: bound here, answered by the health engine,
 * kept over its restarts and (by the keeper) over ours.
 */
#pragma once

#include "base/error.h"

#include "config/config.h"

struct store;

struct listeners {
	struct listener {
		const char *name; /* "http", "agent" */
		char *address;    /* as declared: "127.0.0.1:9479", "[::]:9479" */
		int fd;           /* borrowed from the store */
		char *kept_as;    /* its name in the store */
	} * items;
	size_t count;
};

/* Binds what `host` declares and is not bound yet, closes what it no longer declares.
 * What cannot be bound is left out; each such sentence goes to `problems`. */
void listeners_update(struct listeners *listeners, const struct host *host,
	struct store *store, struct strings *problems);
void listeners_done(struct listeners *listeners);
