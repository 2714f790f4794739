/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fd_table.h - file descriptors by name: what outlives a supervisor, at both ends.
 *
 * Sorted by name: found in log(n), and names that begin alike stand side by side. A name
 * stands once: putting under it again closes the older fd.
 *
 * Not here: who may put, and the words about it (keeper/, supervisor/store.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	FD_TABLE_MAX = 16384, /* fds; as FileDescriptorStoreMax= in svcd.service */
	FD_NAME_MAX_BYTES = 255,
	/* Of all names with their separators: one environment string has room for 128
	 * KiB, and systemd, too, hands them over in one. */
	FD_NAMES_MAX_BYTES = 120 * 1024,
};

struct fd_table {
	struct named_fd {
		char *name;  /* owned */
		int fd;      /* owned; -1: the other end has it, we only know its name */
		bool marked; /* the user's: false for a new one */
	} * items;
	size_t count, room, names_bytes;
};

/* Printable ASCII without ':' (it parts names in $LISTEN_FDNAMES), not empty, not too
 * long. */
bool fd_name_is_good(const char *name);
/* Takes `fd`, also when it fails. -EINVAL: bad name, -ENOSPC: one of the limits above,
 * -ENOMEM. */
int fd_table_put(struct fd_table *table, const char *name, int fd);
/* NULL: none. Valid until the next put or remove. */
struct named_fd *fd_table_find(const struct fd_table *table, const char *name);
/* Where names that begin with `prefix` begin, or would. */
size_t fd_table_first(const struct fd_table *table, const char *prefix);
bool fd_table_remove(struct fd_table *table, const char *name); /* was there one? */
/* "name:name:…" in the order of `items`; the caller frees; NULL: no memory. */
char *fd_table_names(const struct fd_table *table);
void fd_table_done(struct fd_table *table);
