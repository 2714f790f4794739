/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * order.h - what the supervisor and its spawner say to each other: a datagram asks (a
 * header, the spec as wire.c prints it, descriptors beside), one answers (pid or errno,
 * pidfd and report pipe beside). A spec that is too long for a datagram travels as a
 * memfd. Private to spawner.c and serve.c.
 */
#pragma once

#include <sys/uio.h>

#include "spawn/spawn.h"

enum {
	ORDER_INLINE_MAX_BYTES = 64 * 1024,
	/* the cgroup, a process to join, those of the spec, a memfd */
	ORDER_MAX_FDS = SPAWN_MAX_FDS + 3,
	ANSWER_FDS = 2,
	SPAWNER_FD = 3, /* where the spawner finds its end */
};

/* A process may give up what it could gain by exec, and never has it back. Who gives it
 * up before it clones spares each child forty calls; who keeps some capability for a
 * child must not. */
enum order_kind {
	ORDER_BOUND, /* of processes that change their user and keep no capability */
	ORDER_FREE,  /* of all others; few hosts have them */
	ORDER_KINDS,
};
extern const char *const order_words[ORDER_KINDS];

struct request {
	uint64_t size; /* of the spec */
	uint32_t in_cgroup, joins, in_memfd, fds_count;
	int32_t targets[SPAWN_MAX_FDS];
};

struct answer {
	int32_t pid, error; /* one of them is 0 */
};

struct order_fds {
	int items[ORDER_MAX_FDS];
	size_t count;
};
void order_fds_close(struct order_fds *fds);

/* -errno. */
int order_send(
	int fd, struct iovec *parts, size_t parts_count, const struct order_fds *fds);
/* Its size; 0 at the end; -errno. What came beside is the caller's to close. */
ssize_t order_receive(
	int fd, struct iovec *parts, size_t parts_count, struct order_fds *ret);

/* Clones until the other end of SPAWNER_FD is closed. Signals are to be blocked: they
 * wait for ever, a Ctrl-C is not for it. */
_Noreturn void spawner_serve(enum order_kind kind);
