/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * estate.h - what is remembered for the next svcd-supervisor, and what the one before
 * left: so that a service does not notice which of them supervises it.
 *
 * After each turn of the loop in which something changed the state is written into a
 * memfd that the keeper holds (ledger.h); by `stop`, also to /run/svcd/state. At the
 * start the services are given back what was remembered of them, one after the other, as
 * they become known.
 */
#pragma once

#include "base/error.h"
#include "base/time.h"

struct estate;
struct member;
struct orphan;
struct service_host;
struct supervisor;

/* Looks what was left. -errno in words. */
int estate_new(struct estate **ret, struct supervisor *supervisor, struct error *err);
struct estate *estate_free(struct estate *estate);
/* Services keep what they hold open through it from now on. */
void estate_connect(struct estate *estate, struct service_host *host);

/* Whether another supervisor was here since the host booted: what runs, runs on. */
bool estate_found(const struct estate *estate);
/* What it left says all that a status shows, and all services were taken. */
bool estate_left_clear(const struct estate *estate);
/* Whether it left a service that was declared by what has this hash. */
bool estate_left_as(const struct estate *estate, const char *name, const char *hash);
/* The host file is used, and questions are heard, as they were; false: that is not
 * known. */
bool estate_begin(struct estate *estate);
/* A service that was just made goes on as it was left. */
void estate_adopt(struct estate *estate, struct member *member, struct instant now);
/* All that are declared or accepted are there: what is left is nobody's. */
void estate_adopted(struct estate *estate);

/* A process ended that is no child of ours. */
void estate_ended(struct estate *estate, const struct orphan *orphan, struct instant now);

/* After that: the engines are who they were till they are looked up, and start. */
void estate_go_on(struct estate *estate, struct instant now);
/* Something of it is different: it is remembered at the end of this turn. */
void estate_changed(struct estate *estate, struct member *member);
/* Something else is: a service is no more, who may ask is known. */
void estate_touch(struct estate *estate);
/* The host or site file in use is another. */
void estate_host(struct estate *estate);
/* At the end of a turn. */
void estate_save(struct estate *estate, struct instant now);
/* Remembers all, also on disk, and ends this process: the services run on. */
_Noreturn void estate_leave(struct estate *estate, int exit_status, struct instant now);
