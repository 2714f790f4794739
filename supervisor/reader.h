/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reader.h - reads everything declared on disk, in a child that can do no harm.
 *
 * The child opens the files as root, then becomes nobody and gives up every system call
 * but the few that parsing needs; what it understood comes back as JSON. No YAML is read
 * in this process.
 */
#pragma once

#include "base/paths.h"

#include "config/config.h"
#include "spawn/spawn.h"

enum { READER_TIMEOUT_MS = 10000 };

struct reader;
/* `config` is the callee's to keep; NULL: `reason` says why nothing could be read. */
typedef void reader_done_fn(
	void *owner, struct config *config, const char *reason, struct instant now);
struct reader_plan {
	struct loop *loop;
	struct cgroups *cgroups;
	struct paths *paths;
	reader_done_fn *done;
	void *owner;
};
int reader_start(struct reader **ret, const struct reader_plan *plan); /* -ENOMEM */
struct reader *reader_free(struct reader *reader);

/* The child's part (also `svcd-supervisor --read`): gathers below `paths`, drops
 * everything, parses, writes JSON to `output_fd`. The exit status. */
int reader_run(const struct paths *paths, int output_fd);
