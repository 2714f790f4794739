/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_limits.h - what a leaf may use, and what it does use: rows of control files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct limits;
struct usage;

enum controller {
	CONTROLLER_MEMORY,
	CONTROLLER_PIDS,
	CONTROLLER_CPU,
	CONTROLLER_IO,
	CONTROLLER_COUNT,
};
extern const char *const controller_words[CONTROLLER_COUNT];

/* Writes what is declared into the leaf behind `dir_fd`. A control file that does not
 * exist here is named in `note` ("" when all are there); one that refuses the value is an
 * error. */
int cgroup_limits_set(int dir_fd, const struct limits *limits, char *note,
	size_t note_size, struct error *err);
/* The same for a leaf in which something runs: every control file gets its value, "max"
 * where none is declared, so that it may be written twice. A limit on memory below what
 * is in use is left as it was, and named in `note` as waiting. Of several that are
 * refused the first is the error; the others are written all the same. */
int cgroup_limits_change(int dir_fd, const struct limits *limits, char *note,
	size_t note_size, struct error *err);
/* "populated 0" and the like: the number behind `key` in a flat-keyed file, UNSET when it
 * is not there. */
long long cgroup_read_key(int dir_fd, const char *file, const char *key);
void cgroup_usage_read(int dir_fd, struct usage *ret);
