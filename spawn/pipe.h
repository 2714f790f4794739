/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pipe.h - the pipes into which a service prints. They outlive its processes.
 */
#pragma once

#include <sys/types.h>

enum { PIPE_BYTES = 1024 * 1024 };

/* A pipe of 1 MiB (or what the host allows). We keep both ends: no reader ever sees its
 * end, no writer EPIPE. -errno. */
int pipe_new(int ret_ends[2]);
/* Another open file of the same pipe, for reading and writing, which the user may open
 * anew as /dev/stdout. Its flags are its own: what the log engine does to its end does
 * not reach the service. -errno. */
int pipe_open_for(int read_end, uid_t uid, gid_t gid);
