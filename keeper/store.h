/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.h - the file descriptors that outlive a supervisor, by name.
 *
 * Owns them. A name stands once: storing under it again closes the older one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	STORE_MAX_FDS = 16384, /* as FileDescriptorStoreMax= in svcd.service */
	STORE_NAME_MAX_BYTES = 255,
	STORE_NAMES_MAX_BYTES = 120 * 1024, /* one environment string may have 128 KiB */
};

struct store {
	struct stored {
		char *name;
		int fd;
	} * items;
	size_t count;
};

/* Printable ASCII without ':' (it parts names in $LISTEN_FDNAMES), not empty, not too
 * long. */
bool store_name_is_good(const char *name);
/* Takes `fd`, also when it fails. -EINVAL: bad name, -ENOSPC: full, -ENOMEM. */
int store_put(struct store *store, const char *name, int fd);
int store_fd(const struct store *store, const char *name); /* borrowed; -1: none */
bool store_remove(struct store *store, const char *name);  /* whether there was one */
/* "name:name:…" in the order of `items`; the caller frees; NULL: no memory. */
char *store_names(const struct store *store);
void store_done(struct store *store);
