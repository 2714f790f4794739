/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * commons.h - what the logs of all services share. engine.c makes it and lends it out.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct pipes;
struct worker;
struct forwarder;
struct service;

struct commons {
	struct loop *loop;
	struct pipes *pipes;
	struct worker *tidier, *searcher;
	struct forwarder *forwarder;
	size_t spill_budget;
	uint64_t spread;     /* a hash of the host: when within the hour it rotates */
	atomic_bool stop;    /* work in threads should end soon */
	bool synced;         /* the supervisor told everything: archives may be touched */
	char *log_directory; /* for declarations that name none */
	void (*grew)(void *owner, struct service *service); /* for those who follow */
	void (*stirred)(void *owner);                       /* there are new numbers */
	void *owner;
};
