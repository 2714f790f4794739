/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * hear.h - one datagram from the notify socket: bytes, file descriptors, who sent it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "keeper/notice.h"

struct datagram {
	char bytes[NOTICE_MAX_BYTES + 1];
	size_t size;
	int fds[NOTICE_MAX_FDS]; /* owned; -1: taken */
	size_t fds_count;
	bool fds_lost; /* there was no room for all that came along (EMFILE) */
	pid_t from;    /* as the kernel says */
};

/* False when nothing (more) is there. */
bool datagram_receive(struct datagram *ret, int socket);
void datagram_done(struct datagram *datagram);
