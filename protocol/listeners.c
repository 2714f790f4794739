/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * listeners.c - which of the fds that an engine was born with bears which name.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/protocol.h"

size_t engine_listeners(const char *name, int *fds, size_t max)
{
	const char *names = getenv("SVCD_FDNAMES");
	size_t count = 0, name_size = strlen(name);
	int fd = ENGINE_FIRST_LISTENER_FD;

	if (!names || !*names)
		return 0;
	for (const char *at = names; at; fd++) {
		size_t size = strcspn(at, ":");

		if (size == name_size && memcmp(at, name, size) == 0 && count < max)
			fds[count++] = fd;
		at = at[size] ? at + size + 1 : NULL;
	}
	return count;
}
