/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * answer.h - log.sock: who asks for which lines, and gets them.
 */
#pragma once

#include "base/loop.h"

struct answers;
struct log_engine;
struct service;

/* Takes listen_fd; -1: nobody can ask. -errno. */
int answers_new(struct answers **ret, struct log_engine *engine, struct loop *loop,
	int listen_fd);
/* Ends every call; those whose search still runs are freed with the searching thread. */
void answers_stop(struct answers *answers);
struct answers *answers_free(struct answers *answers);
/* Members of this group may read every log; UNSET: there is none. */
void answers_set_operators(struct answers *answers, int64_t gid);
/* A log of the service grew. */
void answers_wake(struct answers *answers, struct service *service);
/* The service goes: whoever follows it follows it no more. */
void answers_forget(struct answers *answers, struct service *service);
