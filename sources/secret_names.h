/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * secret_names.h - which secrets a declaration may name. Private to this room.
 */
#pragma once

#include "sources/sources.h"

/* Adds SOURCE_SECRETS for every file of the directory: bytes are the keys, a line each.
 * -ENOMEM. */
int secret_keys_gather(struct sources *sources, const struct paths *paths);

/* What one declaration may say. */
struct secret_keys {
	const struct source *source; /* NULL: there is no such file, or nobody may look */
	bool hidden;                 /* who gathered may not look: any key may be right */
};
struct secret_keys secret_keys_find(const struct sources *sources, const char *service);
