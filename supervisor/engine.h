/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine.h - one engine: its process, its channel, and that it answers.
 *
 * One that dies, closes its end or does not acknowledge for 10 s is killed and started
 * again; its user is then asked to tell it everything anew.
 */
#pragma once

#include "protocol/protocol.h"
#include "service/service.h"

enum {
	ENGINE_ANSWER_MS = 10000,
	ENGINE_STOP_MS = 5000,
	ENGINE_MAX_LISTENERS = 24,
	ENGINE_QUEUE_MAX =
		32, /* messages that may wait before newest state is kept instead */
};

struct engine_process;
struct cgroups;

/* What an engine is born with. */
struct engine_birth {
	const char *program; /* known before the rest */
	const struct identity *identity;
	struct view view; /* goes to who asked */
	const char *names[ENGINE_MAX_LISTENERS];
	int fds[ENGINE_MAX_LISTENERS]; /* borrowed */
	size_t count;
	char reason[REASON_BYTES]; /* why it cannot be born now */
};

struct engine_user {
	/* False with ret->reason when it cannot start now (its user does not exist). */
	bool (*birth)(void *owner, enum engine which, struct engine_birth *ret);
	/* The first message to it; owned by the callee's caller. */
	struct json_t *(*hello)(void *owner);
	/* It said hello: nothing was told yet. */
	void (*met)(void *owner, enum engine which, struct instant now);
	/* Anything else that it says; `body` is borrowed. */
	void (*message)(void *owner, enum engine which, enum message_kind kind,
		struct json_t *body);
	/* Its channel has room again. */
	void (*room)(void *owner, enum engine which, struct instant now);
	void (*event)(void *owner, enum engine which, int level, const char *text);
	/* It ended and is not started again, after engine_stop(). */
	void (*stopped)(void *owner, enum engine which, struct instant now);
};

struct engine_host {
	struct loop *loop;
	struct cgroups *cgroups;
	const struct engine_user *user;
	void *owner;
};

/* Starts nothing yet. -ENOMEM. */
int engine_new(
	struct engine_process **ret, const struct engine_host *host, enum engine which);
struct engine_process *engine_free(struct engine_process *self); /* kills it */
/* Starts it unless it runs; also the moment to try again after `birth` refused. */
void engine_start(struct engine_process *self, struct instant now);
/* Kills it; it is started again and told anew. */
void engine_restart(struct engine_process *self, const char *reason);
/* Asks it to finish, kills it after ENGINE_STOP_MS. */
void engine_stop(struct engine_process *self, struct instant now);

/* It runs, said hello, and its channel has room. */
bool engine_listens(const struct engine_process *self);
/* Takes `body`; see channel_send(). A channel that fails is an engine that ends. */
int engine_send(
	struct engine_process *self, enum message_kind kind, struct json_t *body, int fd);
/* The same, with a part; see channel_send_part(). */
int engine_send_part(struct engine_process *self, enum message_kind kind,
	struct json_t *body, const struct channel_part *part);
/* `count` messages are not answered yet; `progress` says that one just was. */
void engine_expects(
	struct engine_process *self, size_t count, bool progress, struct instant now);

bool engine_is_down(const struct engine_process *self);
/* {engine, pid, version, state, restarts, reason}; NULL: no memory. */
struct json_t *engine_print(const struct engine_process *self);
