/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spawner.h - a small process that forks for us: its children are ours (CLONE_PARENT).
 *
 * fork(2) costs what the forking process has in pages and descriptors, and a supervisor
 * of a thousand services has many of both. The spawner is forked first, while there is
 * nothing to copy, becomes a program of its own (svcd-spawner) and stays that small. It
 * gives up its bounding set; for children that keep a capability there is a second one,
 * which starts with the first of them.
 */
#pragma once

#include "base/error.h"

struct spawner;
struct spawn_spec;
struct spawned;

/* Call it early. -errno with a sentence. */
int spawner_new(struct spawner **ret, struct error *err);
struct spawner *spawner_free(struct spawner *spawner);

/* spawn() by way of the spawner; waits for the clone, never for a step of the child. One
 * that died is started anew for the next call; this one fails, and whatever it may have
 * made in the cgroup is killed. -errno with a sentence. */
int spawner_spawn(struct spawner *spawner, struct spawned *ret,
	const struct spawn_spec *spec, struct error *err);
