/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.h - after the start the engine needs few system calls, and no new program ever.
 */
#pragma once

#include "base/error.h"

/* Cannot be undone. -errno with a reason. */
int confine(struct error *err);
