/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * prepare.h - everything before a start that may wait for a disk or a directory server,
 * as the function of a deed: user look-up, secrets, log directory, files, environment, is
 * the command there.
 */
#pragma once

#include "service/service.h"

struct prepare {
	const struct paths *paths;
	const struct declaration *declaration;
	const struct host_policy *policy; /* NULL: nothing but what is its own */
	unsigned instance;
	const struct identity *identity; /* when known already */
	int64_t readers_gid;             /* as of struct service */
};
struct prepare_batch {
	const struct prepare *items;
	size_t count;
};
/* For struct spawn_spec: `data` is a struct prepare_batch. Prints one JSON object a line,
 * in order. */
int prepare_run(void *data, int output_fd);

struct prepared {
	char reason[REASON_BYTES]; /* what stands in the way; "" is nothing */
	struct identity identity;  /* known when it was looked up */
	/* KEY=VALUE: what of run.environment holds secrets, and run.environment_file */
	struct strings environment;
};
void prepared_done(struct prepared *prepared);
/* One line. -EINVAL when `bytes` are not what prepare_run() prints. */
int prepared_read(struct prepared *ret, const char *bytes, size_t size);
