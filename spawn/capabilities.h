/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capabilities.h - capabilities(7) of a child: all go, but the kept ones, which become
 * ambient.
 */
#pragma once

#include "base/text.h"

/* The first half, still as root: nothing but `kept` (NULL: nothing) can ever be gained
 * again, and a change of user will not take those away. *ret_bad is a name that the
 * kernel does not know. */
int capabilities_bound(const struct strings *kept, const char **ret_bad);
/* The second half, as the user. */
int capabilities_keep(const struct strings *kept);
