/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * number.h - decimal numbers at the beginning of a text, for formats of our own.
 */
#pragma once

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Moves *at behind the number. False: none that fits begins there. */
static inline bool number_take(const char **at, int64_t least, int64_t most, int64_t *ret)
{
	char *end = NULL;
	long long number;

	if (!isdigit((unsigned char)**at) && **at != '-')
		return false;
	errno = 0;
	number = strtoll(*at, &end, 10);
	if (errno != 0 || end == *at || number < least || number > most)
		return false;
	*at = end;
	*ret = number;
	return true;
}
