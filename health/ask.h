/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ask.h - io.svcd.Check on health.sock.
 */
#pragma once

#include "health/face.h"
#include "protocol/protocol.h"

/* Answers and ends the call. */
void ask_check(struct varlink_call *call, struct json_t *parameters,
	const struct face_context *context);
