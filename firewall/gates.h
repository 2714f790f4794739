/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gates.h - pure: the ports of one declaration that a packet from outside can reach, and
 * which of its `allow` and `deny` rows speak about each.
 */
#pragma once

#include "firewall/model.h"

/* One listen row, or a number that only `allow` or `deny` names. */
struct gate {
	char label[NAME_BYTES]; /* name of the listen row, or the number */
	const struct listen *listen;
	uint8_t protocol;
	uint16_t *ports; /* one per instance, without repetition */
	size_t ports_count;
};

struct gates {
	struct gate *items;
	size_t count;
};

/* A listener on a loopback address makes no gate. -EINVAL with a sentence: what could be
 * understood is in `ret` all the same, so that it can be closed. -ENOMEM. */
int gates_of(struct gates *ret, const struct declaration *declaration, struct error *err);
void gates_done(struct gates *gates);

/* Whether a row of `allow` or `deny` with this `port` (NULL: all of them) is about the
 * gate. */
bool gate_is_meant(
	const struct gate *gate, const struct declaration *declaration, const char *port);
