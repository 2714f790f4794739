/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper.h - DOOR. Keeps one supervisor alive, and what must outlive it.
 */
#pragma once

#include "base/error.h"

/* Runs until SIGTERM or SIGINT. `root` is "" or an absolute directory without a slash at
 * its end. The exit status, or -errno when it could not begin. */
int keeper_run(const char *root, struct error *err);
