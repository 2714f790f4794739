/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * problem.h - what is wrong with some input, and how much of it is read.
 */
#pragma once

#include "base/text.h"

#include "document/node.h"

/* Everything that is wrong with some input, a line each: "FILE:LINE:COLUMN: key.path:
 * sentence". */
struct problems {
	struct strings lines;
};
void problems_done(struct problems *problems);

/* Adds "FILE:LINE:COLUMN: path: sentence" unless DOCUMENT_MAX_PROBLEMS are there
 * already. */
void problem(struct problems *problems, struct mark mark, const char *path,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

enum { /* limits on what is read */
	DOCUMENT_MAX_BYTES = 1024 * 1024,
	DOCUMENT_MAX_DEPTH = 32,
	DOCUMENT_MAX_KEYS = 10000,  /* after aliases are expanded */
	DOCUMENT_MAX_PROBLEMS = 50, /* lines reported for one file */
};
