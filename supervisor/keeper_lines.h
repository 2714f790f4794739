/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper_lines.h - private to store.c: the lines that the keeper tells.
 *
 * "PID START CODE STATUS" (base/orphans.h), and words of svcd: "reexec" when it begins,
 * "reexec REASON" when it does not. What is not known is for a later version.
 */
#pragma once

#include "supervisor/store.h"

enum { KEEPER_LINE_BYTES = 512 };

struct keeper_lines {
	struct orphans orphans;
	char partial[KEEPER_LINE_BYTES];
	size_t partial_size;
	struct watch *watch; /* owned */
	int fd;              /* borrowed */
	const struct store_user *user;
	void *owner;
};

/* Takes in what is in `fd`, a file "orphans" (borrowed). -errno. */
int keeper_lines_load(struct keeper_lines *lines, int fd);
/* Hears `fd` (borrowed), a pipe. -errno. */
int keeper_lines_listen(struct keeper_lines *lines, struct loop *loop, int fd);
void keeper_lines_done(struct keeper_lines *lines);
