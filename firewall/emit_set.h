/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * emit_set.h - sets of addresses and the map of ports, as messages. Private to emit*.c.
 */
#pragma once

#include "firewall/emit.h"

void emit_map(struct batch *batch, const struct item *item, struct message message);
void emit_set(struct batch *batch, const struct item *item, struct message message);
void emit_set_flush(struct batch *batch, const struct item *item, struct message message);
void emit_set_elements(
	struct batch *batch, const struct item *item, struct message message);
void emit_port(struct batch *batch, const struct item *item, struct message message);
