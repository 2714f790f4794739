/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * old_logs.h - what a service that is no more left in its log directory. Blocks: only a
 * deed calls it.
 */
#pragma once

#include <stdint.h>

#include "base/time.h"

/* Removes the files of DIRECTORY that nobody wrote to for `max_age_ms`, and DIRECTORY
 * when it is empty then. Anything but a file in it stays. How many entries are left;
 * -errno (-ENOENT is none left). */
int old_logs_remove(const char *directory, int64_t max_age_ms, struct wall now);
