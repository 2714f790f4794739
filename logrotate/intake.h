/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * intake.h - one pipe of a service: unfinished lines are finished with a mark, the last
 * lines are remembered, and the rest goes to the service.
 */
#pragma once

#include "base/json.h"

#include "logrotate/moment.h"

struct intake;
struct service;
struct pipe_told;
struct tail_asked;

enum { TAIL_BYTES = 4096, DRAIN_BYTES = 16 * 1024 * 1024 };

/* Takes fd; puts itself into service->intakes. */
int intake_new(struct service *service, const struct pipe_told *told, int fd);
/* Reads what is there first. */
struct intake *intake_free(struct intake *intake, struct moment at);
/* Whether `told` and the pipe behind `fd` are this one. */
bool intake_is(const struct intake *intake, const struct pipe_told *told, int fd);
bool intake_is_named(const struct intake *intake, const char *name);
/* Another pipe has its name now: it lives on until nobody writes to it. */
void intake_retire(struct intake *intake, struct moment at);
/* Holds back or lets on, as the service can take lines. */
void intake_pace(struct intake *intake);
/* Reads what is there now. */
void intake_drain(struct intake *intake, struct moment at);
void intake_set_line_max(struct intake *intake);
struct intake *intake_next(const struct intake *intake);
/* Reads what is there, then gives the last lines and forgets them; NULL when there is no
 * such intake. */
struct json_t *intakes_tail(
	struct intake *first, const struct tail_asked *asked, struct moment at);
