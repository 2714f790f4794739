/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * yaml_hint.h - what libyaml finds, in words that helped the people who wrote it.
 */
#pragma once

#include <stdbool.h>

struct yaml_hint {
	const char *sentence; /* never NULL */
	bool at_begin;        /* where it begins helps, not where it was noticed */
};
struct yaml_hint yaml_hint(const char *problem); /* NULL: unknown */
