/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox.h - after the start the engine needs few system calls, and no new program ever.
 */
#pragma once

#include "base/error.h"

int sandbox_enter(struct error *err);
