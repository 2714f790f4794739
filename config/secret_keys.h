/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * secret_keys.h - which keys a service's secrets have, without their values. Private to
 * this room.
 */
#pragma once

#include "config/config.h"

enum {
	SECRETS_MAX_BYTES = 256 * 1024, /* of one file */
	SECRETS_MAX_KEYS = 1000,        /* of one file */
	SECRET_MAX_BYTES = 64 * 1024,   /* of one value */
	SECRET_KEY_MAX_BYTES = 64
};

/* ROOT/etc/svcd/secrets/SERVICE.yaml; the caller frees. NULL: no memory. */
char *secrets_file(const struct paths *paths, const char *service);
bool secret_key_fits(const char *key, size_t size);

/* Opens the file, judges who may read it, and takes its bytes in one piece: whoever calls
 * erases `size` bytes before the memory is freed. -EACCES, -ENOENT, -EINVAL, -E2BIG with
 * a sentence, -ENOMEM. */
int secret_bytes_read(char **ret, size_t *ret_size, const char *file, struct error *err);

/* Pure: the keys, a line each, of KEY: VALUE lines. The caller frees; NULL: no memory. */
char *secret_keys_of(const char *bytes, size_t size);

/* Adds SOURCE_SECRETS for every file of the directory: bytes are the keys, a line each.
 * -ENOMEM. */
int secret_keys_gather(struct sources *sources, const struct paths *paths);

/* What one declaration may say. */
struct secret_keys {
	const struct source *source; /* NULL: there is no such file, or nobody may look */
	bool hidden;                 /* who gathered may not look: any key may be right */
};
struct secret_keys secret_keys_find(const struct sources *sources, const char *service);
