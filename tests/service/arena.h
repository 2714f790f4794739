/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * arena.h - a place where services really run: own mounts and network, a cgroup v2 tree
 * below a temporary root, a loop.
 *
 * Waiting is always for something with a limit. Needs root.
 */
#pragma once

#include "base/paths.h"

#include "service/service.h"
#include "spawn/cgroup.h"
#include "tests/temporary.h"

enum { ARENA_WAIT_MS = 60000 };

struct arena {
	char root[TEMPORARY_BYTES];
	struct paths paths;
	struct loop *loop;
	struct cgroups *cgroups;
	struct spawner *spawner;
	struct preparer *preparer;
	struct service_host host;
	struct timer *limit;
	bool is_late;
	struct text events; /* "INSTANCE WORD: TEXT\n" */
	unsigned pipes, changes;
};

/* Leaves the process in its own namespaces; the directory and the cgroups go with
 * arena_close(). */
struct arena *arena_open(void);
void arena_close(struct arena *arena);
/* `declaration` in JSON, with ' for ". */
struct service *arena_service(struct arena *arena, const char *declaration);
/* The same, and it is told to start; events are forgotten. */
struct service *arena_begin(struct arena *arena, const char *declaration);
void arena_end(struct arena *arena, struct service *service);
struct declaration *arena_declaration(const char *declaration);

/* Runs the loop until `is_true(data)`; false when it took too long. */
bool arena_until(struct arena *arena, bool (*is_true)(void *data), void *data);
/* The usual things to wait for. */
bool arena_until_state(struct arena *arena, struct service *service, enum state state);
bool arena_until_job(struct arena *arena, struct service *service); /* ended */
void arena_turn(struct arena *arena, int64_t ms); /* the loop runs for so long */
bool arena_saw(const struct arena *arena, const char *event);
/* What came out of a pipe since it was last asked. Caller frees. */
char *arena_output(const struct instance *instance, unsigned stream);
/* The same, of standard output, once a line is in it that has `part`. */
char *arena_until_says(
	struct arena *arena, const struct service *service, const char *part);

/* `part` is in `text`. */
#define SAYS(text, part) arena_says(text, part, __FILE__, __LINE__)
void arena_says(const char *text, const char *part, const char *file, int line);
