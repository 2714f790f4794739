/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reason.h - one line for people in a buffer of fixed size; what does not fit is cut.
 */
#pragma once

#include <stddef.h>

enum { REASON_BYTES = 256 }; /* of the usual one */

void reason_set(char *ret, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reason_add(char *ret, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
