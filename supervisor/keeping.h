/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeping.h - keeps what was accepted on the disk (accepted.h), by deeds: a disk may
 * stall, and this loop may not.
 *
 * What is known here is true at once; the disk follows. A write that fails is said once
 * and tried again.
 */
#pragma once

#include "base/json.h"
#include "base/time.h"

#include "supervisor/accepted.h"

struct supervisor;
struct keeping;

int keeping_new(struct keeping **ret, struct supervisor *supervisor); /* -ENOMEM */
struct keeping *keeping_free(struct keeping *keeping);

/* What a first look found on the disk ({NAME: head}, shared). Nothing is written for a
 * moment: at a start there is more urgent work. */
void keeping_begin(
	struct keeping *keeping, const struct json_t *heads, struct instant now);
/* One of these, by itself. */
void keeping_learn(struct keeping *keeping, const char *name, const struct json_t *head);
/* {NAME: head} (accepted.h); NULL before the first look. */
struct json_t *keeping_heads(const struct keeping *keeping);

/* Nothing is written when the very same was accepted before. */
void keeping_accept(struct keeping *keeping, const struct acceptance *acceptance);
/* Since when a change of what was accepted (`body`) waits for an operator; us 0:
 * none does. It is in the head, and outlives this process. */
void keeping_pend(
	struct keeping *keeping, const char *name, struct wall since, const char *body);
/* The host and site file that are in use. `seal` (seal.h; taken): with what is accepted
 * by now, all is; NULL: it is not. */
void keeping_accept_host(struct keeping *keeping, struct json_t *seal);
void keeping_forget(struct keeping *keeping, const char *name);

/* Somebody waits for it: no pause after a start or a failure. */
void keeping_hurry(struct keeping *keeping);
/* After each settling: begins to write what waits. */
void keeping_save(struct keeping *keeping, struct instant now);
/* Nothing waits for the disk, but for what could not be written and is tried later. */
bool keeping_is_done(const struct keeping *keeping);
/* Why that is not on the disk; "": all is. */
const char *keeping_failure(const struct keeping *keeping);
