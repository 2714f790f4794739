/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * program.h - the directory and the program that a service is to be started with. Blocks:
 * only a deed calls it.
 */
#pragma once

#include "base/as_user.h"

#include "config/config.h"

/* So that a restart learns while the old process still runs that the new one could not.
 * -ENOENT, -EACCES, -EPERM (others could swap it), -errno; with the fix. */
int program_find(const struct declaration *declaration, unsigned instance,
	const struct user *user, struct error *err);
