/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.h - after its start this engine writes logs, and starts nothing.
 */
#pragma once

#include "base/error.h"

/* From now on only the system calls that writing, rotating and reading logs need. See
 * base/sandbox.h. Cannot be undone. -errno with a reason. */
int confine(struct error *err);
