/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ready_by.h - who listens on the declared ports: asked of the kernel (sock_diag), before
 * a start and until it is ready.
 */
#pragma once

#include "service/service.h"
#include "spawn/spawn.h"

/* Do processes of `cgroup` listen on every port of this instance? 1 yes, 0 not yet, and
 * then `reason` names the first port that is missing; -errno when the kernel could not be
 * asked. */
int ports_are_ours(const struct declaration *declaration, unsigned instance,
	struct cgroup *cgroup, char *reason, size_t size);

struct port_taken {
	uint16_t port;  /* 0: all are free */
	uint32_t inode; /* of the socket that has it */
};
/* Is a declared port in use, at its address, before the start? Sockets of processes in
 * one of `own` (the service's other instances) do not count. */
struct cgroup_set {
	struct cgroup *const *items;
	size_t count;
};
int ports_are_free(const struct declaration *declaration, unsigned instance,
	struct cgroup_set own, struct port_taken *ret);

/* Blocks (it reads all of /proc): the function of a deed. `data` is a struct port_taken;
 * prints "pid 77 (nginx)". */
int port_owner_run(void *data, int output_fd);
