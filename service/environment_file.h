/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * environment_file.h - the bytes of run.environment_file. Blocks: only a deed calls it.
 */
#pragma once

#include "base/as_user.h"
#include "base/error.h"

/* The caller erases and frees. `user` is the service's. -ELOOP, -EPERM, -errno: why and
 * what to do, without a byte of the file. */
int environment_file_read(
	char **ret, const char *path, const struct user *user, struct error *err);
