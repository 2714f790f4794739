/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * health.h - DOOR. What this engine knows: services as the supervisor tells them, and the
 * probes of their running instances. Every face renders from `struct picture`.
 */
#pragma once

#include "config/config.h"
#include "health/probe.h"
#include "protocol/protocol.h"

/* An instant and the wall clock at it, so that faces can date what happened earlier. */
struct moment {
	struct instant now;
	struct wall wall;
};

static inline struct wall moment_wall(const struct moment *moment, struct instant at)
{
	return (struct wall){ moment->wall.us - instant_since_us(moment->now, at) };
}

struct service {
	char *name;
	struct declaration *declaration;
	char *told; /* its status document as text; NULL: not yet. service_status() */
	bool plain; /* by that it is ready, and nothing in it says otherwise */
	struct instant changed; /* newest fact: a status or a try */
	uint64_t index;         /* of the picture at its latest change */
	struct probe **probes;  /* by check, then instance */
	size_t probes_count;
	bool named; /* told since the supervisor's HELLO */
};

struct picture {
	struct service *const *services; /* sorted by name */
	size_t services_count;
	bool synced;          /* the supervisor has told everything once */
	struct instant heard; /* the supervisor last sent or took something */
	uint64_t index;       /* counts changes */
	const char *host;
};

struct health;

struct health_user {
	/* The supervisor should hear of it. */
	void (*verdict)(void *owner, struct probe *probe, struct instant now);
	/* The supervisor should try it; health_probed() follows. -errno. */
	int (*ask)(void *owner, const struct probe *probe, int64_t number);
	void *owner;
};

struct health_with { /* borrowed */
	struct loop *loop;
	struct http_client *http;
	struct health_user user;
};
int health_new(struct health **ret, const struct health_with *with); /* -ENOMEM */
struct health *health_free(struct health *health);
CLEANUP(struct health *, health_free)

int health_set_host(struct health *health, const char *fqdn); /* -ENOMEM */
/* Takes `declaration`. -ENOMEM. */
int health_declare(struct health *health, const char *name,
	struct declaration *declaration, struct instant now);
void health_gone(struct health *health, const char *name, struct instant now);
/* Keeps `status` as text. A service that was not declared is -ENOENT. */
int health_state(struct health *health, const char *name, struct json_t *status,
	struct instant now);
/* What came of a try that the supervisor was asked for. */
void health_probed(
	struct health *health, const struct json_t *answer, struct instant now);
/* A supervisor began to tell everything, and ended: what it did not name goes. */
void health_hello(struct health *health);
void health_sync(struct health *health, struct instant now);
void health_heard(struct health *health, struct instant now);

const struct picture *health_picture(const struct health *health);
/* What the supervisor told of it (docs/status.md), read anew for whoever asks, who frees
 * it: as text it is a tenth of its tree. NULL: not told yet, or no memory. */
struct json_t *service_status(const struct service *service);
/* Where `name` stands, or would stand. */
size_t picture_place(const struct picture *picture, const char *name, bool *ret_found);
const struct service *picture_find(const struct picture *picture, const char *name);
/* The name most like `name`, or NULL. */
const char *picture_nearest(const struct picture *picture, const char *name);

/* The supervisor has neither sent nor taken anything for too long: what we know may be
 * old. */
enum { SILENT_AFTER_S = 15 };
bool picture_is_stale(const struct picture *picture, struct instant now);
