/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * values.h - what the members that rows fill are made of, besides numbers and texts.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

enum { UNSET = -1 }; /* of a number: no value */

struct pairs {
	struct pair {
		char *key, *value;
	} * items;
	size_t count;
};

/* One command line; items[0] is the program. */
struct argvs {
	struct strings *items;
	size_t count;
};

/* What applying a change of a key needs. */
enum effect { CHANGE_IN_PLACE, CHANGE_RELOAD, CHANGE_RESTART };
