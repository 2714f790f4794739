/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shutdown.h - all services stopped together, as when the host goes down, and begun
 * again. What operators want of them stays as it is on the disk.
 */
#pragma once

#include "protocol/protocol.h"

struct supervisor;

/* `svcctl stop --all --shutdown`: in order, each when its clients had time to leave;
 * answers when none runs. Root only. */
void shutdown_stop(struct supervisor *supervisor, struct varlink_call *call,
	const struct json_t *parameters, struct instant now);
/* `svcctl start --all --wanted`: what that stopped, and nobody stopped besides. */
void shutdown_undo(struct supervisor *supervisor, struct varlink_call *call,
	const struct json_t *parameters, struct instant now);
