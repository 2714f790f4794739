/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard.h - what svcd-firewall does: told by the supervisor, it keeps the kernel's
 * rules like the declarations.
 */
#pragma once

#include "base/error.h"
#include "base/loop.h"

struct guard;

/* Takes the channel. Stops the loop when the channel ends. */
int guard_new(struct guard **ret, struct loop *loop, int channel_fd, struct error *err);
struct guard *guard_free(struct guard *guard);
CLEANUP(struct guard *, guard_free)
