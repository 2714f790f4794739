/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * temporary.h - a folder or a file of a test's own. Who made it removes it.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/test.h"

#define TEMPORARY_BEGIN "/tmp/svcd-test."
enum { TEMPORARY_LETTERS = 6 }; /* mkdtemp(3) chooses them */
enum { TEMPORARY_BYTES = sizeof(TEMPORARY_BEGIN) + TEMPORARY_LETTERS };

static inline void temporary_template(char ret[static TEMPORARY_BYTES])
{
	char *letters = stpcpy(ret, TEMPORARY_BEGIN);

	memset(letters, 'X', TEMPORARY_LETTERS);
	letters[TEMPORARY_LETTERS] = '\0';
}

static inline void temporary_folder(char ret[static TEMPORARY_BYTES])
{
	temporary_template(ret);
	assert_non_null(mkdtemp(ret));
}

/* Returns it open for reading and writing; caller closes. */
static inline int temporary_file(char ret[static TEMPORARY_BYTES])
{
	int fd;

	temporary_template(ret);
	fd = mkostemp(ret, O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline int temporary_remove_one(
	const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

/* With all that is in it, but nothing of what is mounted there. 0 or -1. */
static inline int temporary_remove(const char *path)
{
	return nftw(path, temporary_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
