/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine.h - the log engine: what the supervisor tells it becomes open logs.
 */
#pragma once

#include "base/loop.h"

#include "logrotate/service.h"

struct log_engine;
/* Takes both fds; listen_fd -1: nobody may ask. -errno. */
int engine_new(struct log_engine **ret, struct loop *loop, int channel_fd, int listen_fd);
/* Reads what pipes hold, writes it, ends threads. */
struct log_engine *engine_free(struct log_engine *engine);
CLEANUP(struct log_engine *, engine_free)
/* Says BYE and ends the loop; for a signal. */
void engine_stop(struct log_engine *engine);

/* For answer.c. */
struct service *engine_services(const struct log_engine *engine); /* a list by `next` */
struct service *engine_find(const struct log_engine *engine, const char *name);
struct commons *engine_commons(struct log_engine *engine);
