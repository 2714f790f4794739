/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * line_json.h - pure: time and level out of a JSON object on one line, without building a
 * tree: a search reads millions of them.
 */
#pragma once

#include "logrotate/line.h"

/* Sets `level`, and `at` unless it is known; leaves alone what the object does not say.
 * What is not JSON tells nothing. */
void line_read_json(struct line_facts *facts);
