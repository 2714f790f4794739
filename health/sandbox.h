/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox.h - after start-up this engine opens nothing and starts nothing.
 */
#pragma once

#include "base/error.h"

/* From now on only the system calls that serving and probing need. One that is not
 * among them fails with EPERM. Cannot be undone. -errno with a reason. */
int sandbox_enter(struct error *err);
