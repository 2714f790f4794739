/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probes.h - the tries of checks that the health engine asks for: it names a check of a
 * service, never a command.
 *
 * The engine may be taken over. It can make us do no more than what is declared: one try
 * of a check at a time and not much oftener than its interval says, PROBES_PER_SERVICE
 * children of one service at once, PROBES_PER_HOST of all. What cannot start yet waits
 * in the order of asking.
 */
#pragma once

#include "service/service.h"

enum {
	PROBES_PER_SERVICE = 8,
	PROBES_PER_HOST = 64,
	PROBE_OUTPUT_BYTES = 4096, /* of what it prints, passed on */
};

struct probes;

struct probes_user {
	/* MESSAGE_PROBED for who asked; takes `body`. */
	void (*answer)(void *owner, struct json_t *body);
	void *owner;
};

int probes_new(struct probes **ret, struct loop *loop, const struct probes_user *user);
struct probes *probes_free(struct probes *probes); /* kills what runs */

/* A MESSAGE_PROBE about `service`. False: there is nothing to try (no such check, or no
 * such process); nobody is answered. One who asks again before the answer gets the
 * answer to his latest question, of a try that began after it. */
bool probes_ask(struct probes *probes, struct service *service, const struct json_t *body,
	struct instant now);
/* Ends tries of processes of `service` that are gone or told to stop. */
void probes_prune(struct probes *probes, const struct service *service);
/* The service goes: nothing of it is tried any more. */
void probes_forget(struct probes *probes, const struct service *service);
/* Who asked is gone. */
void probes_forget_all(struct probes *probes);
