/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * error.h - a failure that a person will read: one line, and a code for the program.
 *
 * Three kinds of failure travel through the house. A negative errno is passed up
 * untouched. A positive enum of a room is a decision for its caller. A `struct error`
 * beside the negative errno holds the sentence for a person, made at the place that
 * knows most.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { ERROR_TEXT_BYTES = 1024 };

struct error {
	int code;                    /* negative errno; 0 is "no error" */
	char text[ERROR_TEXT_BYTES]; /* one line without newline; cut when longer */
};

/* Fills `err` (may be NULL) and returns `code`, so that `return error_set(...)` reads
 * well. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set, and appends ": " and the words for `code`. */
int error_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the text that is there. Returns err->code. */
int error_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline bool error_is_set(const struct error *err)
{
	return err->code != 0;
}
