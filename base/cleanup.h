/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cleanup.h - ownership by scope: what a variable owns is freed when it goes out of
 * scope.
 *
 *   _cleanup_free_ char *text = NULL;     freed with free()
 *   _cleanup_close_ int fd = -1;          closed unless negative
 *   _cleanup_(thing_freep) struct thing *thing = NULL;
 *   return TAKE(thing);                   hands over: the variable becomes NULL
 *   return TAKE_FD(fd);                   the variable becomes -1
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_free_      _cleanup_(cleanup_free)
#define _cleanup_close_     _cleanup_(cleanup_close)
#define _cleanup_fclose_    _cleanup_(cleanup_fclose)

#define TAKE(pointer)                                                                    \
	__extension__({                                                                  \
		__typeof__(pointer) taken_ = (pointer);                                  \
		(pointer) = NULL;                                                        \
		taken_;                                                                  \
	})

#define TAKE_FD(fd)                                                                      \
	__extension__({                                                                  \
		int taken_ = (fd);                                                       \
		(fd) = -1;                                                               \
		taken_;                                                                  \
	})

/* Makes `thing_freep` out of `thing_free` for use with _cleanup_(). */
#define CLEANUP(type, free_function)                                                     \
	static inline void free_function##p(type *owner)                                 \
	{                                                                                \
		if (*owner)                                                              \
			free_function(*owner);                                           \
	}

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)        ((a) < (b) ? (a) : (b))
#define MAX(a, b)        ((a) > (b) ? (a) : (b))

static inline void cleanup_free(void *owner)
{
	free(*(void **)owner);
}

/* Closes and keeps errno, so that the reason of a failure survives the way out. */
static inline void cleanup_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}
