/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.h - after start-up this engine opens nothing and starts nothing.
 */
#pragma once

#include "base/error.h"

/* From now on only the system calls that serving and probing need. See
 * base/sandbox.h. Cannot be undone. -errno with a reason. */
int confine(struct error *err);
