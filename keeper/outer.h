/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * outer.h - the outer store: systemd, or who speaks like it on $NOTIFY_SOCKET.
 *
 * It holds the same fds as we do, for the case that we die. It may be slow (it executes
 * itself anew, say), and we must not be: what it has no room for is owed, and given when
 * it has. Owed are fds (`marked` in the table), names to forget, and words.
 */
#pragma once

#include <stdbool.h>

#include "base/fd_table.h"

enum { OUTER_WORDS_BYTES = 2048 };

struct outer {
	int socket;           /* -1: there is none */
	struct fd_table gone; /* names that it is yet to forget */
	size_t owed;          /* marked items of the table */
	char words[OUTER_WORDS_BYTES];
};

/* NULL or a bad address: there is none. */
void outer_open(struct outer *outer, const char *address);
void outer_done(struct outer *outer);
/* Puts it into `table`, as fd_table_put(), and gives it on. */
int outer_keep(struct outer *outer, struct fd_table *table, const char *name, int fd);
/* Takes it out of `table`, and has it forgotten. */
void outer_drop(struct outer *outer, struct fd_table *table, const char *name);
/* Lines of words; WATCHDOG=1 and its like are not worth owing. */
void outer_say(struct outer *outer, const char *text);
/* Gives what is owed. True when nothing is (any more); else poll for POLLOUT. */
bool outer_settle(struct outer *outer, struct fd_table *table);
