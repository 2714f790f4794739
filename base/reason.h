/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reason.h - one line for people in a buffer of fixed size; what does not fit is cut. A
 * remark is one that is kept for long and mostly empty: it takes memory while it is not.
 */
#pragma once

#include <stddef.h>

enum { REASON_BYTES = 256 }; /* of the usual one */

void reason_set(char *ret, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reason_add(char *ret, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct remark {
	char *text; /* NULL: none; remark_text() */
};
/* Zeroed is empty. At most REASON_BYTES; without memory it is empty, too. */
void remark_set(struct remark *remark, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void remark_clear(struct remark *remark);
const char *remark_text(const struct remark *remark); /* "" is none */
