/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * say.h - what the supervisor is told. A message that memory or a dead channel swallows
 * is not missed: the channel's end follows, and everything is told again.
 */
#pragma once

#include "firewall/told.h"
#include "protocol/protocol.h"

void say(
	struct channel *channel, enum message_kind kind, struct json_t *body); /* takes */
void say_hello(struct channel *channel);
/* `error` NULL: `message` was taken. */
void say_ack(struct channel *channel, enum message_kind of, const struct json_t *message,
	const char *error);
/* Only what is new since it was said last. */
void say_applied(struct channel *channel, struct told_service *service, bool ok,
	const char *reason);
void say_counters(struct channel *channel, const struct told *told);
void say_foreign(struct channel *channel, const char *culprit, const char *what_we_do);
