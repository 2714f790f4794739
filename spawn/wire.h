/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wire.h - a spawn_spec as bytes, on its way to the spawner. Pure; one row per field.
 *
 * Both ends are the same program: numbers are in the machine's own form. What the reader
 * is given is checked all the same.
 */
#pragma once

#include "spawn/spawn.h"

/* Appends all that a child needs, save descriptors, which travel beside. A function
 * cannot travel. */
void wire_print(struct text *ret, const struct spawn_spec *spec);

/* What was read. Its strings stay in the bytes, which must outlive it. */
struct wired {
	struct spawn_spec spec;
	struct identity identity;
	struct view view;
	void *owned[16]; /* arrays of pointers into the bytes */
	size_t owned_count;
};
/* -EINVAL when these are not what wire_print() makes, -ENOMEM. */
int wire_read(struct wired *ret, char *bytes, size_t size);
void wire_done(struct wired *wired);
