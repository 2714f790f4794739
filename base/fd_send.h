/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fd_send.h - words, and with them a descriptor, in one message: the sender's half of
 * sd_notify(3) with FDSTORE=1, for who keeps its socket and never waits.
 */
#pragma once

#include <sys/types.h>

/* `fd` stays the caller's; -1: words alone. As sendmsg(2): what was sent, or -1 with
 * errno; no SIGPIPE. */
ssize_t fd_send(int socket, const char *text, int fd);
