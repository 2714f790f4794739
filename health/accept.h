/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * accept.h - which of two or three types a client prefers.
 */
#pragma once

#include <stddef.h>

/* The index of the offered type ("application/json") with the highest q in `header`;
 * the first of equals, and the first when the header is NULL, empty, or accepts none. */
size_t accept_best(const char *header, const char *const *offered, size_t count);
