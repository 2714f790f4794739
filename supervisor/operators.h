/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * operators.h - who may operate services: asked of the host's name services, by a deed,
 * until they answer.
 *
 * At a boot the services come first: they need no operator to start. The engines' users
 * are found by the same look-up, so the engines begin with it.
 */
#pragma once

#include "base/time.h"

#include "config/config.h"

struct supervisor;
struct operators;

struct operators_user {
	/* A look-up ended, and what was found is in use; NULL: it did not fail. */
	void (*done)(void *owner, const char *reason, struct instant now);
	bool (*busy)(void *owner); /* it will look up by itself */
	void *owner;
};

int operators_new(struct operators **ret, struct supervisor *supervisor,
	const struct operators_user *user); /* -ENOMEM */
struct operators *operators_free(struct operators *operators);

/* Now, with the groups that `config` (NULL: none) names beside those of what runs. */
void operators_look(
	struct operators *operators, const struct config *config, struct instant now);
/* When the services of a boot are started, or after a second. */
void operators_look_later(struct operators *operators, struct instant now);
/* After each settling. */
void operators_settled(struct operators *operators, struct instant now);
/* A look-up is under way, or soon is. */
bool operators_are_asked(const struct operators *operators);
