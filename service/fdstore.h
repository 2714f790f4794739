/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fdstore.h - file descriptors that a process gave us to keep (FDSTORE=1 of sd_notify(3))
 * and that the next one gets back by $LISTEN_FDS and $LISTEN_FDNAMES.
 *
 * What a service can make us hold has a number: FDSTORE_MAX for each instance.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum { FDSTORE_MAX = 24, FDSTORE_NAME_BYTES = 64 };

enum {
	FDSTORE_E_FULL = 1, /* FDSTORE_MAX are kept */
	FDSTORE_E_THERE,    /* the same open file is kept already */
	FDSTORE_E_NAME,     /* not a name that $LISTEN_FDNAMES can hold */
};

struct fdstore;
/* Who keeps the same elsewhere; each descriptor has a number of its own there. */
struct fdstore_user {
	void (*kept)(void *owner, unsigned number, int fd);
	void (*dropped)(void *owner, unsigned number);
	void *owner;
};
/* `user` NULL: nobody. -ENOMEM */
int fdstore_new(struct fdstore **ret, const struct fdstore_user *user);
/* Closes what it keeps. */
struct fdstore *fdstore_free(struct fdstore *store);
CLEANUP(struct fdstore *, fdstore_free)

/* Takes `fd`, unless it fails: 0 or one of the above. `name` "" is "stored". With `poll`
 * it is dropped once the other end is gone. */
int fdstore_add(struct fdstore *store, int fd, const char *name, bool poll);
void fdstore_remove(struct fdstore *store, const char *name); /* all of that name */
/* Another store with the same open files: for a process in another slot. -errno. */
int fdstore_copy(struct fdstore **ret, const struct fdstore *store,
	const struct fdstore_user *user);
/* Takes `fd`, which its user has kept by that number: as fdstore_add(). */
struct fdstore_was {
	const char *name;
	unsigned number;
	bool poll;
};
int fdstore_take_back(struct fdstore *store, int fd, const struct fdstore_was *was);

/* Drops what hung up, and says how many are left; they stand at 0..count-1. */
size_t fdstore_sweep(struct fdstore *store);
int fdstore_fd(const struct fdstore *store, size_t index);
const char *fdstore_name(const struct fdstore *store, size_t index);
size_t fdstore_count(const struct fdstore *store);
unsigned fdstore_number(const struct fdstore *store, size_t index);
bool fdstore_polls(const struct fdstore *store, size_t index);
