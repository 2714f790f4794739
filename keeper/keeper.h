/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper.h - DOOR. Keeps one supervisor alive, and what must outlive it.
 */
#pragma once

#include "base/error.h"

/* Runs until SIGTERM (services run on) or SIGINT (they are stopped first). `root` is ""
 * or an absolute directory without a slash at its end; `argv` is what to execute anew on
 * an upgrade. The exit status, or -errno when it could not begin. */
int keeper_run(const char *root, char **argv, struct error *err);
