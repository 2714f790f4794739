/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * secrets.h - the door of this room: what only root and the service itself may know.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct paths;

/* `/etc/svcd/secrets/SERVICE.yaml`: KEY: VALUE lines of root alone (0600). Everybody else
 * sees `${secret.KEY}`: only the process that writes the file or becomes the service
 * reads the values, and ends soon. */
struct secrets;
/* -ENOENT, -EACCES, -EINVAL (who may read it, or what it says), -E2BIG, each with the
 * file, the place and the fix; never with a value. -ENOMEM. */
int secrets_read(struct secrets **ret, const struct paths *paths, const char *service,
	struct error *err);
struct secrets *secrets_free(struct secrets *self); /* erases them */
CLEANUP(struct secrets *, secrets_free)
/* The value of "secret.KEY" in kept form (expand.h), borrowed; NULL: there is none. */
const char *secrets_find(const struct secrets *self, const char *name);

/* ---- the keys alone, for everybody else -------------------------------------------- */

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
