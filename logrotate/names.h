/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names.h - pure: what archives are called. `main.log-20261123-054500.1.zst` (the stamp
 * is UTC, the number counts rotations within that second), or with `numbered`
 * `main.log.1.zst`, 1 the newest.
 */
#pragma once

#include <stddef.h>

#include "config/config.h"

enum { NAME_BYTES = 256 };
#define NAMES_DATEFORMAT "-%Y%m%d-%H%M%S"

struct archive {
	char *name;
	bool dated;      /* else numbered */
	int64_t stamp_s; /* of a dated one: seconds since 1970 */
	int64_t number;
	enum compress packed;
	/* facts of the file, by who lists them */
	int64_t bytes, modified_s;
	uint64_t inode;
	/* what policy_prune() decided */
	enum fate { FATE_KEEP, FATE_PACK, FATE_REMOVE } fate;
};

/* Whether a live log may be called so: no slash, no leading dot, room for suffixes. */
bool name_is_good(const char *name);
/* Fills all but name and facts; false when `name` is not an archive of `live`. */
bool name_parse(
	struct archive *ret, const char *name, const char *live, const char *dateformat);
/* false: too long, or a date that cannot be. */
bool name_dated(char ret[static NAME_BYTES], const char *live, const char *dateformat,
	int64_t stamp_s, int64_t number);
/* `stamp_s` as a reader of the name would see it: a format may tell no more than the
 * day. */
int64_t name_stamp(const char *live, const char *dateformat, int64_t stamp_s);
/* `.NAME.new` while it is being made. */
bool name_hidden(char ret[static NAME_BYTES], const char *name);
bool name_is_hidden(const char *name, const char *live);
/* < 0 when `a` is newer; of two that differ in packing alone, the plain one comes
 * first. */
int name_order(const struct archive *a, const struct archive *b);
