/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * leaves.h - an effective declaration as a list of dotted paths with values.
 *
 * A leaf is what is shown and compared as one: a scalar, a list of scalars, an empty map
 * or list.
 */
#pragma once

#include "base/json.h"

bool json_is_leaf(struct json_t *value);

/* < 0 stops the walk and is returned. */
typedef int leaf_fn(const char *path, struct json_t *value, void *data);
/* Maps in their order, lists by index: "firewall.allow[0].from". -ENOMEM. */
int leaves_walk(struct json_t *tree, leaf_fn *each, void *data);
